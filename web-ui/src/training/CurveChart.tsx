import { useComputedColorScheme } from '@mantine/core';
import { useEffect, useMemo, useRef } from 'react';
import uPlot from 'uplot';
import { formatNumber, formatShort } from '../common/format';
import { joinSeries, type Series } from './curve';

const COLORS = {
  light: ['#17666f', '#b8680b', '#7a4fb0', '#b03a5b', '#2f6fd0', '#5f7d13', '#8a5a44', '#5b6770'],
  dark: ['#6cc3cb', '#f0b95b', '#bb9be3', '#f08ba5', '#86b1f5', '#b3d05c', '#d3a58d', '#aab8c0'],
};

const threeDigits = (value: number) => formatNumber(value, 3);

/** Between ticks of steps or tokens, which are whole: 1, 2, 5, 10 and so on. */
const WHOLE = Array.from({ length: 12 }, (_, power) => [1, 2, 5].map((digit) => digit * 10 ** power)).flat();

/** As the plot would have it, but for values that are all 0: those are read better below 1 than below 100. */
function valueRange(_: uPlot, least: number | null, most: number | null): uPlot.Range.MinMax {
  if (least === null || most === null) return [null, null];
  return least === 0 && most === 0 ? [0, 1] : uPlot.rangeNum(least, most, 0.1, true);
}

/** Curves over steps. Drawn on a canvas: tens of thousands of points stay quick. */
export function CurveChart({
  series,
  yLabel,
  xLabel = 'step',
  height = 300,
  format = threeDigits,
  log = false,
  testId = 'loss-chart',
}: {
  series: Series[];
  yLabel: string;
  xLabel?: string;
  height?: number;
  /** A logarithmic axis, which has no place for values that are not above zero. */
  log?: boolean;
  /** Of values; the same function at each rendering. */
  format?: (value: number) => string;
  testId?: string;
}) {
  const scheme = useComputedColorScheme('light', { getInitialValueInEffect: false });
  const holder = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const shown = useMemo(() => series.filter((item) => item.points.length > 0), [series]);
  const data = useMemo(() => joinSeries(shown), [shown]);
  // The plot is made again only when its curves change, not when they grow.
  const names = shown.map((item) => `${item.marked ? '+' : ' '}${item.color ?? ''}|${item.label}`).join('\n');
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
    const chart = new uPlot(
      {
        width: Math.max(200, element.clientWidth),
        height,
        scales: { x: { time: false }, y: log ? { distr: 3 } : { range: valueRange } },
        cursor: { points: { size: 6 }, drag: { x: true, y: false } },
        legend: { live: true },
        axes: [
          {
            ...axis,
            label: xLabel,
            labelSize: 18,
            size: 34,
            space: 64,
            incrs: WHOLE,
            values: (_, ticks) => ticks.map((tick) => (tick >= 10_000 ? formatShort(tick) : String(tick))),
          },
          {
            ...axis,
            label: yLabel,
            labelSize: 18,
            size: 58,
            values: (_, ticks) => ticks.map((tick) => (tick == null ? '' : format(tick))),
          },
        ],
        series: [
          { label: xLabel, value: (_, value) => (value == null ? '–' : String(value)) },
          ...names.split('\n').map((name, index) => ({
            label: name.slice(name.indexOf('|') + 1),
            stroke:
              colors[(name.charAt(1) === '|' ? index : Number.parseInt(name.slice(1), 10)) % colors.length],
            width: 1.6,
            spanGaps: true,
            dash: name.startsWith('+') ? [5, 4] : undefined,
            points: { show: name.startsWith('+') ? true : undefined, size: 5 },
            value: (_: uPlot, value: number | null) => (value == null ? '–' : format(value)),
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
  }, [scheme, names, xLabel, yLabel, height, format, log, empty]);

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
      aria-label={described(shown, yLabel, xLabel)}
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

/** What the picture says, for those who do not see it. */
function described(series: Series[], yLabel: string, xLabel: string): string {
  const ends = series.map((item) => {
    const [first, last] = [item.points[0], item.points.at(-1)];
    return first && last
      ? `${item.label} from ${formatNumber(first.y)} to ${formatNumber(last.y)}`
      : item.label;
  });
  return `${yLabel} over ${xLabel === 'step' ? 'steps' : xLabel}: ${ends.join('; ') || 'no measurements yet'}`;
}
