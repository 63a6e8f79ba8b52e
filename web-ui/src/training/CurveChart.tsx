import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import { formatNumber, formatShort } from '../common/format';
import { joinSeries, type Series } from './curve';

const COLORS = {
  light: ['#17666f', '#b8680b', '#7a4fb0', '#b03a5b'],
  dark: ['#6cc3cb', '#f0b95b', '#bb9be3', '#f08ba5'],
};

/** Curves over steps. Drawn on a canvas: tens of thousands of points stay quick. */
export function CurveChart({
  series,
  yLabel,
  height = 300,
  short = false,
  testId = 'loss-chart',
}: {
  series: Series[];
  yLabel: string;
  height?: number;
  /** 12.3 k instead of 12300. */
  short?: boolean;
  testId?: string;
}) {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useMemo(() => series.filter((item) => item.points.length > 0), [series]);
  const data = useMemo(() => joinSeries(shown), [shown]);
  // The plot is made again only when its curves change, not when they grow.
  const names = shown.map((item) => item.label).join('\n');
  const latest = useRef(data);
  latest.current = data;
  const empty = shown.length === 0;

  useEffect(() => {
    const element = holder.current;
    if (!element || empty) return;
    const style = getComputedStyle(document.documentElement);
    const line = style.getPropertyValue('--line').trim();
    const muted = style.getPropertyValue('--muted').trim();
    const colors = COLORS[scheme];
    const axis: uPlot.Axis = {
      stroke: muted,
      grid: { stroke: line, width: 1 },
      ticks: { stroke: line, width: 1, size: 4 },
      font: '11px system-ui, sans-serif',
      labelFont: '11px system-ui, sans-serif',
    };
    const number = (value: number) => (short ? formatShort(value) : formatNumber(value, 3));
    const chart = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        scales: { x: { time: false } },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        legend: { live: true },
        axes: [
          { ...axis, label: 'step', labelSize: 18, size: 34 },
          { ...axis, label: yLabel, labelSize: 18, size: 58, values: (_, ticks) => ticks.map(number) },
        ],
        series: [
          { label: 'step', value: (_, value) => (value == null ? '–' : String(value)) },
          ...names.split('\n').map((label, index) => ({
            label,
            stroke: colors[index % colors.length],
            width: 1.6,
            spanGaps: true,
            points: { show: label.startsWith('evaluation') ? true : undefined, size: 5 },
            value: (_: uPlot, value: number | null) => (value == null ? '–' : number(value)),
          })),
        ],
      },
      latest.current,
      element,
    );
    plot.current = chart;
    const observer = new ResizeObserver(() => {
      if (element.clientWidth > 0) chart.setSize({ width: element.clientWidth, height });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      chart.destroy();
      plot.current = null;
    };
  }, [scheme, names, yLabel, height, short, empty]);

  useEffect(() => {
    plot.current?.setData(data);
  }, [data]);

  return (
    <div
      ref={holder}
      className="chart"
      data-testid={testId}
      data-points={data[0]?.length ?? 0}
      role="img"
      aria-label={`${yLabel} over steps`}
      style={{ minHeight: height }}
    >
      {empty && (
        <div className="state" style={{ height, justifyContent: 'center' }}>
          No measurements yet
        </div>
      )}
    </div>
  );
}
