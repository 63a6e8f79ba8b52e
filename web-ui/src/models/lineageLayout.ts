import type { Lineage, LineageEdge, LineageNode } from '../api/types';

/**
 * Where the cards of a lineage stand: the model at the right, what it was made of to its left, layer by layer.
 * Layered drawing after Sugiyama: longest path for the layers, barycentres for the order within a layer.
 */
export const CARD = { width: 226, height: 76, rowGap: 24 };

/** A run has little to say on its card but its name: a deep lineage must not be drawn too small to read. */
const RUN_WIDTH = 116;
/** What a card's icon and edges take beside its name, and about what a letter of that takes. */
const BESIDE_NAME = 50;
const LETTER = 8.2;
/** Between columns: for the curves, and for the longest role written there. */
const GAP = 44;
const ROLE_AT = 10;
const ROLE_LENGTH = 14;
/** What "made by" leads to can be seen: a run. */
const OBVIOUS = 'made by';

export interface Placed {
  node: LineageNode;
  layer: number;
  x: number;
  y: number;
  width: number;
}

export interface Drawn {
  edge: LineageEdge;
  path: string;
}

/** One role written once where it leaves a card, however many edges carry it: labels never lie on one another. */
export interface Label {
  id: string;
  role: string;
  x: number;
  y: number;
  width: number;
}

export interface Layout {
  placed: Placed[];
  drawn: Drawn[];
  labels: Label[];
  width: number;
  height: number;
}

export function layers(lineage: Lineage): Map<string, number> {
  const made = new Map<string, string[]>();
  for (const edge of lineage.edges) made.set(edge.from, [...(made.get(edge.from) ?? []), edge.to]);
  const depth = new Map<string, number>();
  const path = new Set<string>();
  const visit = (id: string, at: number) => {
    // A lineage has no cycles; should an answer have one, it is drawn without looping for ever.
    if (path.has(id) || (depth.get(id) ?? -1) >= at) return;
    depth.set(id, at);
    path.add(id);
    for (const next of made.get(id) ?? []) visit(next, at + 1);
    path.delete(id);
  };
  visit(lineage.root, 0);
  // Nodes that nothing reaches from the root stand at the far left.
  const last = Math.max(0, ...depth.values());
  for (const node of lineage.nodes) if (!depth.has(node.id)) depth.set(node.id, last + 1);
  return depth;
}

export function layout(lineage: Lineage): Layout {
  const nodes = new Map(lineage.nodes.map((node) => [node.id, node]));
  const edges = lineage.edges.filter((edge) => nodes.has(edge.from) && nodes.has(edge.to));
  const depth = layers({ ...lineage, edges });
  const count = Math.max(0, ...lineage.nodes.map((node) => depth.get(node.id) ?? 0)) + 1;
  const columns: string[][] = Array.from({ length: count }, () => []);
  for (const node of lineage.nodes) columns[depth.get(node.id) ?? 0]?.push(node.id);

  const neighbours = new Map<string, string[]>();
  for (const { from, to } of edges) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  for (let sweep = 0; sweep < 6; sweep++) {
    const forward = sweep % 2 === 0;
    for (let step = 1; step < count; step++) {
      const column = columns[forward ? step : count - 1 - step] ?? [];
      const fixed = columns[forward ? step - 1 : count - step] ?? [];
      const position = new Map(fixed.map((id, index) => [id, index / Math.max(1, fixed.length - 1 || 1)]));
      const barycentre = new Map(
        column.map((id, index) => {
          const near = (neighbours.get(id) ?? [])
            .map((other) => position.get(other))
            .filter((p) => p !== undefined);
          const own = index / Math.max(1, column.length - 1 || 1);
          return [id, near.length ? near.reduce((a, b) => a + b, 0) / near.length : own];
        }),
      );
      column.sort((a, b) => (barycentre.get(a) ?? 0) - (barycentre.get(b) ?? 0));
    }
  }

  const tallest = Math.max(1, ...columns.map((column) => column.length));
  const height = tallest * CARD.height + (tallest - 1) * CARD.rowGap;
  const widths = columns.map((column) => columnWidth(column.flatMap((id) => nodes.get(id) ?? [])));
  const gaps = columns.map((column) =>
    Math.max(
      GAP,
      ...edges
        .filter((edge) => edge.role && edge.role !== OBVIOUS && column.includes(edge.to))
        .map((edge) => ROLE_AT + roleWidth(edge.role) + 22),
    ),
  );
  // From the left: the last layer begins at 0.
  const lefts: number[] = [];
  let width = 0;
  for (let layer = count - 1; layer >= 0; layer--) {
    lefts[layer] = width;
    width += (widths[layer] ?? 0) + (layer > 0 ? (gaps[layer] ?? 0) : 0);
  }
  const places = new Map<string, Placed>();
  columns.forEach((column, layer) => {
    const own = column.length * CARD.height + (column.length - 1) * CARD.rowGap;
    column.forEach((id, row) => {
      const node = nodes.get(id);
      if (!node) return;
      places.set(id, {
        node,
        layer,
        x: lefts[layer] ?? 0,
        width: widths[layer] ?? CARD.width,
        y: (height - own) / 2 + row * (CARD.height + CARD.rowGap),
      });
    });
  });

  return {
    placed: [...places.values()],
    drawn: edges.flatMap((edge) => draw(edge, places)),
    labels: label(edges, places),
    width,
    height,
  };
}

function columnWidth(nodes: LineageNode[]): number {
  if (nodes.some((node) => node.kind !== 'run')) return CARD.width;
  const longest = Math.max(0, ...nodes.map((node) => node.label.length));
  return Math.min(CARD.width, Math.max(RUN_WIDTH, Math.ceil(BESIDE_NAME + LETTER * longest)));
}

/** A name as far as it fits a card. */
export function fitted(name: string, width: number): string {
  return shorten(name, Math.floor((width - BESIDE_NAME) / LETTER));
}

function label(edges: LineageEdge[], places: Map<string, Placed>): Label[] {
  const roles = new Map<string, string[]>();
  for (const { to, role } of edges) {
    const known = roles.get(to) ?? [];
    if (role && role !== OBVIOUS && !known.includes(role)) roles.set(to, [...known, role]);
  }
  return [...roles].flatMap(([id, list]) => {
    const part = places.get(id);
    if (!part) return [];
    return list.map((role, index) => ({
      id,
      role: shorten(role, ROLE_LENGTH),
      width: roleWidth(role),
      x: part.x + part.width + ROLE_AT,
      y: part.y + CARD.height / 2 + (index - (list.length - 1) / 2) * 22,
    }));
  });
}

/** From the right side of what went in to the left side of what came out. */
function draw(edge: LineageEdge, places: Map<string, Placed>): Drawn[] {
  const made = places.get(edge.from);
  const part = places.get(edge.to);
  if (!made || !part) return [];
  const x1 = part.x + part.width;
  const y1 = part.y + CARD.height / 2;
  const x2 = made.x;
  const y2 = made.y + CARD.height / 2;
  // The curve bends only in the gap before its end, so that a long edge runs straight between the cards.
  const bend = Math.max(40, Math.min(100, x2 - x1)) / 2;
  return [
    {
      edge,
      path: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`,
    },
  ];
}

function roleWidth(role: string): number {
  return Math.min(role.length, ROLE_LENGTH) * 6.4 + 12;
}

/** Text that fits a card, cut at its end. */
export function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
