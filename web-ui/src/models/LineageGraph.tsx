import { ActionIcon, Tooltip } from '@mantine/core';
import {
  IconBrain,
  IconDatabase,
  IconMaximize,
  IconMinus,
  IconPlayerPlay,
  IconPlus,
} from '@tabler/icons-react';
import { type PointerEvent, useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from 'react';
import type { Lineage, LineageNode } from '../api/types';
import { formatShort, shortHash } from '../common/format';
import { CARD, fitted, layout, shorten } from './lineageLayout';

const ICONS = { model: IconBrain, run: IconPlayerPlay, dataset: IconDatabase };
const NAMES = { model: 'Model', run: 'Run', dataset: 'Dataset' };
const PAD = 24;
/** What the key at the bottom takes. */
const KEY = 30;

/** A drawing is not shown smaller than this unless somebody asks for it: it can be dragged. */
const READABLE = 0.5;

interface View {
  x: number;
  y: number;
  scale: number;
}

export function LineageGraph({
  lineage,
  selected,
  select,
}: {
  lineage: Lineage;
  selected: string | null;
  select: (id: string) => void;
}) {
  const drawing = useMemo(() => layout(lineage), [lineage]);
  const svg = useRef<SVGSVGElement>(null);
  const [view, setView] = useState<View>({ x: 0, y: 0, scale: 1 });
  const drag = useRef<{ x: number; y: number; moved: boolean } | null>(null);

  /** All of it, or as much from the model on as can be read. */
  const fit = useCallback(
    (least: number) => {
      const box = svg.current?.getBoundingClientRect();
      if (!box || box.width === 0) return;
      const scale = Math.min(
        1.15,
        Math.max(least, (box.width - 2 * PAD) / drawing.width),
        Math.max(least, (box.height - 2 * PAD) / drawing.height),
      );
      const room = box.width - drawing.width * scale;
      setView({
        scale,
        x: room < 0 ? room - PAD : room / 2,
        y: (box.height - KEY - drawing.height * scale) / 2,
      });
    },
    [drawing],
  );

  useLayoutEffect(() => fit(READABLE), [fit]);
  useEffect(() => {
    if (!svg.current) return;
    const observer = new ResizeObserver(() => fit(READABLE));
    observer.observe(svg.current);
    return () => observer.disconnect();
  }, [fit]);

  const zoom = useCallback((factor: number, at?: { x: number; y: number }) => {
    setView((now) => {
      const box = svg.current?.getBoundingClientRect();
      const point = at ?? { x: (box?.width ?? 0) / 2, y: (box?.height ?? 0) / 2 };
      const scale = Math.min(3, Math.max(0.2, now.scale * factor));
      const ratio = scale / now.scale;
      return { scale, x: point.x - (point.x - now.x) * ratio, y: point.y - (point.y - now.y) * ratio };
    });
  }, []);

  useEffect(() => {
    const element = svg.current;
    if (!element) return;
    const onWheel = (event: WheelEvent) => {
      // The wheel alone scrolls the page; with Ctrl (and by pinching) it zooms.
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const box = element.getBoundingClientRect();
      zoom(Math.exp(-event.deltaY * 0.002), { x: event.clientX - box.left, y: event.clientY - box.top });
    };
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  }, [zoom]);

  function onPointerMove(event: PointerEvent) {
    const from = drag.current;
    if (!from) return;
    const dx = event.clientX - from.x;
    const dy = event.clientY - from.y;
    if (!from.moved && Math.hypot(dx, dy) < 4) return;
    if (!from.moved) svg.current?.setPointerCapture(event.pointerId);
    drag.current = { x: event.clientX, y: event.clientY, moved: true };
    setView((now) => ({ ...now, x: now.x + dx, y: now.y + dy }));
  }

  // As high as the drawing is at this width, within bounds: a model without ancestors needs no empty hall.
  const scaled = drawing.height * Math.min(1.15, Math.max(READABLE, 1140 / drawing.width));
  return (
    <div className="lineage" style={{ height: Math.min(440, Math.max(190, scaled + 2 * PAD + 46)) }}>
      {/* biome-ignore lint/a11y/useSemanticElements: a picture whose cards are buttons; fieldset is no SVG */}
      <svg
        ref={svg}
        data-testid="lineage"
        role="group"
        aria-label="Lineage: datasets and runs at the left, the model at the right"
        onPointerDown={(event) => {
          drag.current = { x: event.clientX, y: event.clientY, moved: false };
        }}
        onPointerMove={onPointerMove}
        onPointerUp={() => {
          drag.current = null;
        }}
        onPointerCancel={() => {
          drag.current = null;
        }}
      >
        <defs>
          {['plain', 'lit'].map((kind) => (
            <marker
              key={kind}
              id={`lineage-${kind}`}
              viewBox="0 0 8 8"
              refX="7"
              refY="4"
              markerWidth="9"
              markerHeight="9"
              markerUnits="userSpaceOnUse"
              orient="auto"
            >
              <path d="M0 0.5L7 4L0 7.5z" fill={kind === 'lit' ? 'var(--accent)' : 'var(--line-strong)'} />
            </marker>
          ))}
        </defs>
        <g transform={`translate(${view.x} ${view.y}) scale(${view.scale})`}>
          {drawing.drawn.map(({ edge, path }) => {
            const lit = edge.from === selected || edge.to === selected;
            return (
              <path
                key={`${edge.from} ${edge.to} ${edge.role}`}
                className={lit ? 'edge lit' : 'edge'}
                d={path}
                markerEnd={`url(#lineage-${lit ? 'lit' : 'plain'})`}
              />
            );
          })}
          {drawing.labels.map(({ id, role, x, y, width }) => (
            <g key={`${id} ${role}`} className="edge-label" transform={`translate(${x} ${y})`}>
              <rect y={-9} width={width} height={18} rx={9} />
              <text x={width / 2} textAnchor="middle" dy="0.34em">
                {role}
              </text>
            </g>
          ))}
          {drawing.placed.map(({ node, x, y, height }) => (
            <Card
              key={node.id}
              node={node}
              x={x}
              y={y}
              height={height}
              root={node.id === lineage.root}
              selected={node.id === selected}
              select={() => select(node.id)}
            />
          ))}
        </g>
      </svg>
      <div className="tools">
        <Tool label="Zoom in" onClick={() => zoom(1.25)} Icon={IconPlus} />
        <Tool label="Zoom out" onClick={() => zoom(0.8)} Icon={IconMinus} />
        <Tool label="Fit all" onClick={() => fit(0)} Icon={IconMaximize} />
      </div>
      <div className="key" aria-hidden>
        {(['dataset', 'run', 'model'] as const).map((kind) => {
          const Icon = ICONS[kind];
          return (
            <span key={kind}>
              <Icon size={13} className={`kind-${kind}`} /> {NAMES[kind].toLowerCase()}
            </span>
          );
        })}
      </div>
    </div>
  );
}

function Tool({ label, onClick, Icon }: { label: string; onClick: () => void; Icon: typeof IconPlus }) {
  return (
    <Tooltip label={label}>
      <ActionIcon onClick={onClick} aria-label={label} size={26}>
        <Icon size={15} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}

function subtitle(node: LineageNode): string {
  const detail = node.detail ?? {};
  const chosen = ['version', 'state', 'kind', 'examples', 'tokens', 'steps', 'parameters']
    .filter((key) => ['string', 'number'].includes(typeof detail[key]))
    .slice(0, 2)
    .map((key) => {
      const value = detail[key];
      const text = typeof value === 'number' ? formatShort(value) : String(value);
      if (key === 'version') return `version ${text}`;
      return ['examples', 'tokens', 'steps', 'parameters'].includes(key) ? `${text} ${key}` : text;
    });
  return chosen.length ? chosen.join(' · ') : NAMES[node.kind];
}

function Card({
  node,
  x,
  y,
  height,
  root,
  selected,
  select,
}: {
  node: LineageNode;
  x: number;
  y: number;
  height: number;
  root: boolean;
  selected: boolean;
  select: () => void;
}) {
  const Icon = ICONS[node.kind] ?? IconBrain;
  return (
    // biome-ignore lint/a11y/useSemanticElements: SVG has no button element
    <g
      className="node"
      transform={`translate(${x} ${y})`}
      role="button"
      tabIndex={0}
      aria-label={`${NAMES[node.kind] ?? node.kind} ${node.label}`}
      aria-pressed={selected}
      onClick={select}
      onKeyDown={(event) => {
        if (event.key !== 'Enter' && event.key !== ' ') return;
        event.preventDefault();
        select();
      }}
      data-testid="lineage-node"
      data-kind={node.kind}
      data-selected={selected}
    >
      <title>{node.label}</title>
      <rect className="card" width={CARD.width} height={height} rx={7} />
      <g className={`kind-${node.kind}`}>
        <path
          d={`M0 7a7 7 0 0 1 7-7h29v${height}h-29a7 7 0 0 1-7-7z`}
          fill="currentColor"
          opacity={root ? 0.32 : 0.14}
        />
        <Icon x={9} y={height / 2 - 9} width={18} height={18} aria-hidden />
      </g>
      <text className="title" x={46} y={node.kind === 'run' ? height / 2 + 5 : 24}>
        {fitted(node.label)}
      </text>
      {node.kind !== 'run' && (
        <text className="sub" x={46} y={42}>
          {shorten(subtitle(node), Math.floor((CARD.width - 50) / 6.4))}
        </text>
      )}
      {node.sha256 && (
        <text className="hash" x={46} y={60}>
          {shortHash(node.sha256, 16)}
        </text>
      )}
    </g>
  );
}
