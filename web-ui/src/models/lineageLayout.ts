import type { Lineage, LineageEdge, LineageNode } from '../api/types';

/**
 * Where the cards of a lineage stand: the model at the right, what it was made of to its left, layer by layer. The run
 * that made a model stands on it, so that a way of many runs is drawn no wider than its models.
 * Layered drawing after Sugiyama: longest path for the layers, barycentres for the order within a layer, and a way
 * through each layer that an edge passes, so that none runs behind a card.
 */
export const CARD = { width: 226, height: 76, rowGap: 24 };
export const RUN = { height: 34, gap: 14 };
/** What an edge takes of a column that it only passes. */
const WAY = 8;

/** What a card's icon and edges take beside its name, and about what a letter of that takes. */
const BESIDE_NAME = 50;
const LETTER = 8.6;
/** Between columns: for the curves, and for the longest role written there. */
const GAP = 44;
const ROLE_AT = 10;
const ROLE_LENGTH = 14;
/** What these lead to can be seen: a run and a dataset. */
const OBVIOUS = ['made by', 'data'];

export interface Placed {
  node: LineageNode;
  layer: number;
  x: number;
  y: number;
  height: number;
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

/** What stands together: a model under the run that made it, or a node by itself; without nodes it is a way. */
interface Stack {
  id: string;
  nodes: LineageNode[];
  height: number;
}

interface Link {
  from: string;
  to: string;
}

/** Where an edge passes a column. */
interface Pass {
  x: number;
  y: number;
}

/** How far each is from the root by its longest way; what nothing reaches from the root is farthest. */
export function layers(root: string, ids: string[], links: Link[]): Map<string, number> {
  const made = new Map<string, string[]>();
  for (const { from, to } of links) made.set(from, [...(made.get(from) ?? []), to]);
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
  visit(root, 0);
  const last = Math.max(0, ...depth.values());
  for (const id of ids) if (!depth.has(id)) depth.set(id, last + 1);
  return depth;
}

export function layout(lineage: Lineage): Layout {
  const nodes = new Map(lineage.nodes.map((node) => [node.id, node]));
  const edges = lineage.edges.filter((edge) => nodes.has(edge.from) && nodes.has(edge.to));
  const stacks = stacked(lineage.nodes, edges);
  const stackOf = new Map(stacks.flatMap((stack) => stack.nodes.map((node) => [node.id, stack.id])));
  const links = edges
    .map((edge) => ({ from: stackOf.get(edge.from) ?? '', to: stackOf.get(edge.to) ?? '' }))
    .filter((link) => link.from !== link.to);
  const columns = columnsOf(lineage.root, stacks, links);

  const heights = columns.map((column) => total(column.map((stack) => stack.height)));
  const height = Math.max(CARD.height, ...heights);
  const gaps = columns.map((column) => {
    const ids = column.flatMap((stack) => stack.nodes.map((node) => node.id));
    const roles = edges.filter((edge) => told(edge.role) && ids.includes(edge.to)).map((edge) => edge.role);
    return Math.max(GAP, ...roles.map((role) => ROLE_AT + roleWidth(role) + 22));
  });
  const places = new Map<string, Placed>();
  const passes = new Map<string, Pass>();
  // From the left: the last layer begins at 0.
  let x = 0;
  for (let layer = columns.length - 1; layer >= 0; layer--) {
    let y = (height - (heights[layer] ?? 0)) / 2;
    for (const stack of columns[layer] ?? []) {
      let top = y;
      if (stack.nodes.length === 0) passes.set(stack.id, { x, y: y + WAY / 2 });
      for (const node of stack.nodes) {
        const own = heightOf(node);
        places.set(node.id, { node, layer, x, y: top, height: own });
        top += own + RUN.gap;
      }
      y += stack.height + CARD.rowGap;
    }
    x += CARD.width + (layer > 0 ? (gaps[layer] ?? 0) : 0);
  }

  const through = (edge: LineageEdge): Pass[] => {
    const [made, part] = [places.get(edge.from)?.layer ?? 0, places.get(edge.to)?.layer ?? 0];
    const link = { from: stackOf.get(edge.from) ?? '', to: stackOf.get(edge.to) ?? '' };
    return Array.from({ length: Math.max(0, part - made - 1) }, (_, step) =>
      passes.get(wayOf(link, part - 1 - step)),
    ).filter((pass) => pass !== undefined);
  };
  const exits = exitsOf(edges, places, through);
  return {
    placed: [...places.values()],
    drawn: edges.flatMap((edge) => draw(edge, places, through(edge), exits)),
    labels: label(edges, places, exits),
    width: x,
    height,
  };
}

function heightOf(node: LineageNode): number {
  return node.kind === 'run' ? RUN.height : CARD.height;
}

function total(heights: number[]): number {
  return heights.reduce((sum, one) => sum + one, 0) + Math.max(0, heights.length - 1) * CARD.rowGap;
}

function stacked(nodes: LineageNode[], edges: LineageEdge[]): Stack[] {
  const kinds = new Map(nodes.map((node) => [node.id, node.kind]));
  const runs = new Map<string, string>();
  for (const { from, to } of edges) {
    if (kinds.get(from) === 'model' && kinds.get(to) === 'run' && !runs.has(from)) runs.set(from, to);
  }
  const taken = new Set(runs.values());
  return nodes
    .filter((node) => !taken.has(node.id))
    .map((node) => {
      const run = nodes.find((other) => other.id === runs.get(node.id));
      return run
        ? { id: node.id, nodes: [run, node], height: RUN.height + RUN.gap + heightOf(node) }
        : { id: node.id, nodes: [node], height: heightOf(node) };
    });
}

function columnsOf(root: string, stacks: Stack[], links: Link[]): Stack[][] {
  const depth = layers(
    root,
    stacks.map((stack) => stack.id),
    links,
  );
  const count = Math.max(0, ...depth.values()) + 1;
  const columns: Stack[][] = Array.from({ length: count }, () => []);
  for (const stack of stacks) columns[depth.get(stack.id) ?? 0]?.push(stack);
  const neighbours = new Map<string, string[]>();
  const short = new Map<string, Link>();
  for (const link of links) {
    let from = link.from;
    for (let layer = (depth.get(from) ?? 0) + 1; layer < (depth.get(link.to) ?? 0); layer++) {
      const way = wayOf(link, layer);
      // Edges between the same two take one way.
      if (!short.has(`${from} ${way}`)) columns[layer]?.push({ id: way, nodes: [], height: WAY });
      short.set(`${from} ${way}`, { from, to: way });
      from = way;
    }
    short.set(`${from} ${link.to}`, { from, to: link.to });
  }
  for (const { from, to } of short.values()) {
    neighbours.set(from, [...(neighbours.get(from) ?? []), to]);
    neighbours.set(to, [...(neighbours.get(to) ?? []), from]);
  }
  for (let sweep = 0; sweep < 6; sweep++) {
    const forward = sweep % 2 === 0;
    for (let step = 1; step < count; step++) {
      const column = columns[forward ? step : count - 1 - step] ?? [];
      const fixed = columns[forward ? step - 1 : count - step] ?? [];
      const position = new Map(fixed.map((stack, index) => [stack.id, share(index, fixed.length)]));
      const barycentre = new Map(
        column.map(({ id }, index) => {
          const near = (neighbours.get(id) ?? [])
            .map((other) => position.get(other))
            .filter((p) => p !== undefined);
          return [
            id,
            near.length ? near.reduce((a, b) => a + b, 0) / near.length : share(index, column.length),
          ];
        }),
      );
      column.sort((a, b) => (barycentre.get(a.id) ?? 0) - (barycentre.get(b.id) ?? 0));
    }
  }
  return columns;
}

/** From 0 at the top of a column to 1 at its bottom. */
function share(index: number, count: number): number {
  return index / Math.max(1, count - 1);
}

/** A name as far as it fits a card. */
export function fitted(name: string): string {
  return shorten(name, Math.floor((CARD.width - BESIDE_NAME) / LETTER));
}

/** Whether a role says more than what it leads to. */
function told(role: string): boolean {
  return role !== '' && !OBVIOUS.includes(role);
}

function wayOf(link: Link, layer: number): string {
  return `way ${link.from} ${link.to} ${layer}`;
}

/** How high the edges of each role leave each card: those of one role together, in the order of where they go. */
function exitsOf(
  edges: LineageEdge[],
  places: Map<string, Placed>,
  through: (edge: LineageEdge) => Pass[],
): Map<string, number> {
  const exits = new Map<string, number>();
  for (const part of places.values()) {
    const roles = new Map<string, number[]>();
    for (const edge of edges) {
      const made = places.get(edge.from);
      if (edge.to !== part.node.id || !made || made.x === part.x) continue;
      const goal = through(edge)[0]?.y ?? made.y + made.height / 2;
      roles.set(edge.role, [...(roles.get(edge.role) ?? []), goal]);
    }
    const mean = (goals: number[]) => goals.reduce((sum, one) => sum + one, 0) / goals.length;
    const sorted = [...roles].sort(([, a], [, b]) => mean(a) - mean(b));
    const middle = part.y + part.height / 2;
    sorted.forEach(([role], index) => {
      exits.set(`${part.node.id} ${role}`, middle + (index - (sorted.length - 1) / 2) * 22);
    });
  }
  return exits;
}

function label(edges: LineageEdge[], places: Map<string, Placed>, exits: Map<string, number>): Label[] {
  const labels = new Map<string, Label>();
  for (const { to, role } of edges) {
    const part = places.get(to);
    const y = exits.get(`${to} ${role}`);
    if (!part || y === undefined || !told(role)) continue;
    labels.set(`${to} ${role}`, {
      id: to,
      role: shorten(role, ROLE_LENGTH),
      width: roleWidth(role),
      x: part.x + CARD.width + ROLE_AT,
      y,
    });
  }
  return [...labels.values()];
}

/** From the right side of what went in to the left side of what came out; from a run down to the model under it. */
function draw(
  edge: LineageEdge,
  places: Map<string, Placed>,
  passes: Pass[],
  exits: Map<string, number>,
): Drawn[] {
  const made = places.get(edge.from);
  const part = places.get(edge.to);
  if (!made || !part) return [];
  if (made.x === part.x) {
    const x = part.x + CARD.width / 2;
    return [{ edge, path: `M${x} ${part.y + part.height}V${made.y}` }];
  }
  let [x, y] = [part.x + CARD.width, exits.get(`${edge.to} ${edge.role}`) ?? part.y + part.height / 2];
  let path = `M${x} ${y}`;
  for (const next of [...passes, { x: made.x, y: made.y + made.height / 2 }]) {
    const bend = Math.max(40, next.x - x) / 2;
    path += `C${x + bend} ${y} ${next.x - bend} ${next.y} ${next.x} ${next.y}`;
    [x, y] = [next.x + CARD.width, next.y];
    if (next.x !== made.x) path += `H${x}`;
  }
  return [{ edge, path }];
}

function roleWidth(role: string): number {
  return Math.min(role.length, ROLE_LENGTH) * 6.4 + 12;
}

/** Text that fits a card, cut at its end. */
export function shorten(text: string, characters: number): string {
  return text.length <= characters ? text : `${text.slice(0, characters - 1)}…`;
}
