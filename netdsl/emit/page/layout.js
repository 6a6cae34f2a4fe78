// Places what is visible. Every open block is laid out by itself, in layers from top to bottom, and stands in its
// parent as one box whose size is that of its inside; an edge that crosses a block's border passes through a port on
// it. Layers are the longest ways from the entry (Sugiyama, Tagawa and Toda 1981); neighbours keep the order of the text
// unless crossings ask for another; the places along a layer are the least squares fit to those of their neighbours
// under the order and the gaps, which pooling adjacent violators solves exactly.
"use strict";

const GAP = { x: 22, y: 34, port: 12, frame: 12, head: 26 };
const SWEEPS = 60;

// ------------------------------------------------------------------------------------------------- what is visible

/** The items that are shown: a closed block stands for all that is inside it. */
function visibleView(items, edges, closed) {
  const shownAs = (id) => {
    let found = id;
    for (let at = items[id].parent; at !== null; at = items[at].parent) if (closed.has(at)) found = at;
    return found;
  };
  const levels = new Map(); // container (null: the network) -> { members, edges }
  const level = (container) => {
    if (!levels.has(container)) levels.set(container, { members: [], edges: new Map() });
    return levels.get(container);
  };
  items.forEach((item, id) => {
    if (shownAs(id) === id) level(item.parent).members.push(id);
  });
  level(null);
  for (const edge of edges) {
    const source = shownAs(edge.source), target = shownAs(edge.target);
    if (source !== target) route(items, level, edge, source, target);
  }
  return levels;
}

/** Adds an edge to the level where it runs, and to every open block whose border it crosses. */
function route(items, level, edge, source, target) {
  const above = (id) => {
    const found = [id];
    for (let at = items[id].parent; at !== null; at = items[at].parent) found.unshift(at);
    return found;
  };
  const from = above(source), to = above(target);
  let shared = 0;
  while (from[shared] === to[shared]) shared++;
  const value = `${edge.source}:${edge.index}`;
  const add = (container, a, b, slot) => {
    const key = `${a}>${b}>${value}`;
    const known = level(container).edges;
    if (!known.has(key)) known.set(key, { from: a, to: b, value, slot, shape: edge.shape, error: edge.error });
  };
  add(shared ? from[shared - 1] : null, from[shared], to[shared], edge.slot);
  for (let i = shared; i + 1 < from.length; i++) add(from[i], from[i + 1], `out ${value}`, 0);
  for (let i = shared; i + 1 < to.length; i++) add(to[i], `in ${value}`, to[i + 1], edge.slot);
}

// ------------------------------------------------------------------------------------------------------- one level

/** The level of a container as { width, height, boxes, wires, ports }, coordinates from its upper left corner. */
function placeLevel(container, levels, items, size) {
  const { members, edges } = levels.get(container) ?? { members: [], edges: new Map() };
  const inside = new Map();
  const parts = new Map();
  for (const id of members) {
    const open = levels.has(id);
    if (open) inside.set(id, placeLevel(id, levels, items, size));
    parts.set(id, { id, key: id, ...(open ? framed(inside.get(id), size(id)) : size(id)), ins: [], outs: [] });
  }
  const all = [...edges.values()];
  for (const edge of all) {
    if (!parts.has(edge.from)) parts.set(edge.from, { ...port(edge.from, -1), entry: true });
    if (!parts.has(edge.to)) parts.set(edge.to, { ...port(edge.to, items.length), exit: true });
  }
  for (const edge of all) {
    parts.get(edge.from).outs.push(edge);
    parts.get(edge.to).ins.push(edge);
  }
  const layers = inLayers(parts, all);
  const chains = withBends(layers, all, parts);
  order(layers, chains, inside);
  spread(layers);
  return finished(layers, chains, inside, parts);
}

function port(name, key) {
  return { id: name, key, width: 6, height: 0, ins: [], outs: [] };
}

function framed(inner, title) {
  return { width: Math.max(inner.width, title.width) + 2 * GAP.frame, height: inner.height + GAP.head + GAP.frame };
}

/** Each part's layer is the longest way to it; what reads nothing moves down to its reader, exits to the bottom. */
function inLayers(parts, edges) {
  const before = new Map([...parts.keys()].map((id) => [id, []]));
  for (const edge of edges) before.get(edge.to).push(edge.from);
  const depth = new Map();
  const stack = [];
  const visit = (start) => {
    stack.push(start);
    while (stack.length) {
      const id = stack[stack.length - 1];
      const waiting = before.get(id).filter((other) => !depth.has(other));
      if (waiting.length) stack.push(...waiting);
      else {
        depth.set(id, Math.max(-1, ...before.get(id).map((other) => depth.get(other))) + 1);
        stack.pop();
      }
    }
  };
  for (const id of parts.keys()) if (!depth.has(id)) visit(id);
  const top = [...parts.values()].some((part) => part.entry) ? 1 : 0;
  for (const part of parts.values()) {
    const read = part.outs.map((edge) => depth.get(edge.to));
    if (!part.ins.length && !part.entry) depth.set(part.id, read.length ? Math.max(top, Math.min(...read) - 1) : top);
  }
  const last = Math.max(0, ...[...parts.values()].filter((part) => !part.exit).map((part) => depth.get(part.id)));
  const layers = Array.from({ length: last + 1 }, () => []);
  for (const part of parts.values()) {
    part.layer = part.exit ? last + 1 : depth.get(part.id);
    (layers[part.layer] ??= []).push(part);
  }
  return layers;
}

/** An edge that passes layers gets a bend in each: a chain of parts from its source to its target. */
function withBends(layers, edges, parts) {
  const chains = [];
  const lines = new Map(); // edges of one value run together as far as they go the same way
  for (const edge of edges) {
    const from = parts.get(edge.from), to = parts.get(edge.to);
    const chain = [from];
    for (let layer = from.layer + 1; layer < to.layer; layer++) {
      const name = `${edge.from} ${edge.to} ${edge.value} ${layer}`;
      if (!lines.has(name)) {
        const bend = { id: name, key: beside(edge, parts), width: 8, height: 0, bend: true, layer };
        lines.set(name, bend);
        layers[layer].push(bend);
      }
      chain.push(lines.get(name));
    }
    chain.push(to);
    chains.push({ edge, chain });
  }
  return chains;
}

/** Where an edge that skips stands among the branches: right of those of the slots before its own. */
function beside(edge, parts) {
  const left = parts.get(edge.to).ins.filter((other) => other.slot < edge.slot).map((other) => parts.get(other.from).key);
  return left.length ? Math.max(...left) + 0.5 : parts.get(edge.from).key + 0.25;
}

// ------------------------------------------------------------------------------------------------ order and places

function order(layers, chains, inside) {
  const links = neighbours(chains, inside);
  for (const layer of layers) layer.sort((a, b) => a.key - b.key);
  const settle = () => layers.forEach((layer) => layer.forEach((part, i) => { part.at = i; }));
  settle();
  let best = { crossings: crossings(layers, links), orders: layers.map((layer) => [...layer]) };
  for (let sweep = 0; sweep < 8 && best.crossings; sweep++) {
    const down = sweep % 2 === 0;
    const side = down ? links.above : links.below;
    for (let i = 1; i < layers.length; i++) {
      const layer = layers[down ? i : layers.length - 1 - i];
      const wish = new Map(layer.map((part) => [part, mean((side.get(part) ?? []).map((link) => link.part.at)) ?? part.at]));
      layer.sort((a, b) => wish.get(a) - wish.get(b) || a.key - b.key);
      layer.forEach((part, at) => { part.at = at; });
    }
    const count = crossings(layers, links);
    if (count < best.crossings) best = { crossings: count, orders: layers.map((layer) => [...layer]) };
  }
  best.orders.forEach((found, i) => { layers[i] = found; });
  settle();
  for (const part of layers.flat()) {
    part.above = links.above.get(part) ?? [];
    part.below = links.below.get(part) ?? [];
  }
}

/** What each part is joined to: { part, shift }, its middle wanting to be at that of `part` and `shift` to the right. */
function neighbours(chains, inside) {
  const above = new Map(), below = new Map();
  const link = (map, from, part, shift) => {
    if (!map.has(from)) map.set(from, []);
    map.get(from).push({ part, shift });
  };
  for (const { edge, chain } of chains) {
    for (let i = 0; i + 1 < chain.length; i++) {
      const shift = offset(chain[i], "out", edge, inside) - offset(chain[i + 1], "in", edge, inside);
      link(below, chain[i], chain[i + 1], -shift);
      link(above, chain[i + 1], chain[i], shift);
    }
  }
  alignPorts(chains, above, below);
  return { above, below };
}

/** The one way in and the one way out stand above each other, so that blocks in a row do not drift aside. */
function alignPorts(chains, above, below) {
  const ends = new Set(chains.flatMap(({ chain }) => [chain[0], chain[chain.length - 1]]));
  const entries = [...ends].filter((part) => part.entry), exits = [...ends].filter((part) => part.exit);
  if (entries.length !== 1 || exits.length !== 1) return;
  for (let weight = 0; weight < 4; weight++) {
    below.get(entries[0]).push({ part: exits[0], shift: 0 });
    above.get(exits[0]).push({ part: entries[0], shift: 0 });
  }
}

/** How far right of an open block's middle a value crosses its border; 0 for all else. */
function offset(part, way, edge, inside) {
  const inner = inside.get(part.id);
  const x = inner?.ports.get(`${way} ${edge.value}`);
  return x === undefined ? 0 : x - inner.width / 2;
}

function crossings(layers, links) {
  let count = 0;
  for (const layer of layers) {
    const ends = layer.flatMap((part) => (links.below.get(part) ?? []).filter((link) => !link.part.exit || !part.entry).map((link) => [part.at, link.part.at]));
    if (ends.length > 400) continue; // so wide a layer is not put in order by counting pairs
    for (let i = 0; i < ends.length; i++)
      for (let j = 0; j < i; j++) if ((ends[i][0] - ends[j][0]) * (ends[i][1] - ends[j][1]) < 0) count++;
  }
  return count;
}

const mean = (numbers) => (numbers.length ? numbers.reduce((a, b) => a + b, 0) / numbers.length : null);

/** Sets `x`, a part's middle: near those it is joined to, in the layer's order, `GAP.x` apart. */
function spread(layers) {
  for (const layer of layers) {
    let at = 0;
    for (const part of layer) {
      part.x = at + part.width / 2;
      at += part.width + GAP.x;
    }
    for (const part of layer) part.x -= (at - GAP.x) / 2;
  }
  for (let sweep = 0; sweep <= SWEEPS; sweep++) {
    const down = sweep % 2 === 0;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[down ? i : layers.length - 1 - i];
      fit(layer, layer.map((part) => mean((down ? part.above : part.below).map((link) => link.part.x + link.shift)) ?? part.x));
    }
  }
}

/** The least squares fit of a layer to `wishes`, in order and apart: pool adjacent violators. */
function fit(layer, wishes) {
  let offset = 0;
  const offsets = layer.map((part, i) => {
    if (i) offset += (layer[i - 1].width + part.width) / 2 + GAP.x;
    return offset;
  });
  const pools = [];
  layer.forEach((part, i) => {
    const weight = part.bend ? 3 : 1; // what only passes by should run straight
    let pool = { sum: (wishes[i] - offsets[i]) * weight, weight, count: 1 };
    while (pools.length && pools[pools.length - 1].sum / pools[pools.length - 1].weight >= pool.sum / pool.weight) {
      const left = pools.pop();
      pool = { sum: left.sum + pool.sum, weight: left.weight + pool.weight, count: left.count + pool.count };
    }
    pools.push(pool);
  });
  let i = 0;
  for (const pool of pools) for (let n = 0; n < pool.count; n++, i++) layer[i].x = pool.sum / pool.weight + offsets[i];
}

// ---------------------------------------------------------------------------------------------------------- result

function finished(layers, chains, inside, parts) {
  const everything = layers.flat();
  if (!everything.length) return { width: 0, height: 0, boxes: [], wires: [], ports: new Map() };
  const left = Math.min(...everything.map((part) => part.x - part.width / 2));
  const right = Math.max(...everything.map((part) => part.x + part.width / 2));
  let y = 0;
  layers.forEach((layer, i) => {
    if (i) y += layers[i - 1].some((part) => part.entry) || layer.some((part) => part.exit) ? GAP.port : GAP.y;
    const tall = Math.max(0, ...layer.map((part) => part.height));
    for (const part of layer) {
      part.x -= left;
      part.y = y + (tall - part.height) / 2;
      part.room = { top: y, bottom: y + tall };
    }
    y += tall;
  });
  const boxes = [...parts.values()].filter((part) => !part.entry && !part.exit).map((part) => ({
    id: part.id, x: part.x - part.width / 2, y: part.y, width: part.width, height: part.height,
    inner: inside.get(part.id) ?? null,
  }));
  const ports = new Map([...parts.values()].filter((part) => part.entry || part.exit).map((part) => [part.id, part.x]));
  const wires = chains.map(({ edge, chain }) => ({ edge, points: points(edge, chain, inside) }));
  return { width: right - left, height: y, boxes, wires, ports };
}

/** Where a wire runs: straight from `top` to `bottom` at each `x`, in curves between. */
function points(edge, chain, inside) {
  return chain.map((part, i) => {
    const first = i === 0;
    if (part.entry) return { x: part.x, top: part.y - GAP.head, bottom: part.y }; // through the frame
    if (part.exit) return { x: part.x, top: part.y, bottom: part.y + GAP.frame };
    if (part.bend) return { x: part.x, top: part.room.top, bottom: part.room.bottom };
    const x = part.x + (inside.has(part.id) ? offset(part, first ? "out" : "in", edge, inside) : first ? 0 : slotted(part, edge));
    return first
      ? { x, top: part.y + part.height, bottom: part.room.bottom }
      : { x, top: part.room.top, bottom: part.y };
  });
}

/** How far from a box's middle an edge enters it: beside one another, in the order of the operands. */
function slotted(part, edge) {
  const slots = [...part.ins].sort((a, b) => a.slot - b.slot);
  return (slots.indexOf(edge) - (slots.length - 1) / 2) * Math.min(16, part.width / (slots.length + 1));
}
