// The page: draws what is placed, and answers the mouse and the keyboard. Nothing is fetched, and every text of the
// network reaches the page as text.
"use strict";

const data = JSON.parse(document.getElementById("network").textContent);
const items = data.items, edges = data.edges;
const closed = new Set(items.flatMap((item, id) => (item.block && item.closed ? [id] : [])));
const view = { x: 0, y: 0, scale: 1 };
const LEGIBLE = 0.5; // below this scale nothing can be read
let selected = null, placed = new Map(), scene = null;

const $ = (id) => document.getElementById(id);
const svg = $("picture"), world = $("world");

function element(name, attributes, parent, text) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text !== undefined) made.textContent = text;
  parent?.append(made);
  return made;
}

// -------------------------------------------------------------------------------------------------------- drawing

const measure = (() => {
  const context = document.createElement("canvas").getContext("2d");
  const widths = new Map();
  return (text, font) => {
    const key = font + text;
    if (!widths.has(key)) {
      context.font = font;
      widths.set(key, context.measureText(text).width);
    }
    return widths.get(key);
  };
})();
const FONT = { label: "600 13px system-ui, sans-serif", name: "11px system-ui, sans-serif" };

/** What stands large and what small; the path is told as seen from the block that the item stands in. */
function titleOf(item) {
  const outer = item.parent === null ? "" : `${items[item.parent].name}.`;
  const name = item.name.startsWith(outer) ? item.name.slice(outer.length) : item.name;
  return item.block ? [name, item.label] : [item.label, name];
}

/** How large an item's box is, or the title of its frame where it is open. */
function size(id) {
  const [first, second] = titleOf(items[id]);
  if (items[id].block && !closed.has(id)) {
    return { width: measure(first, FONT.label) + measure(second, FONT.name) + 44, height: GAP.head };
  }
  return { width: Math.max(64, measure(first, FONT.label), measure(second, FONT.name)) + 26, height: 42 };
}

function draw(anchor = null) {
  const before = anchor === null ? null : placed.get(anchor);
  scene = placeLevel(null, visibleView(items, edges, closed), items, size);
  placed = new Map();
  world.replaceChildren();
  const frames = element("g", {}, world), wires = element("g", {}, world), boxes = element("g", {}, world);
  const labels = element("g", {}, world);
  drawLevel(scene, 0, 0, { frames, wires, boxes, labels, told: new Set() });
  const now = anchor === null ? null : placed.get(anchor);
  if (before && now) {
    view.x += (before.x + before.width / 2 - now.x - now.width / 2) * view.scale;
    view.y += (before.y - now.y) * view.scale;
  }
  move();
  mark();
}

function drawLevel(level, left, top, layers) {
  const sides = sidesOf(level.wires);
  for (const wire of level.wires) drawWire(wire, left, top, layers, sides);
  for (const box of level.boxes) {
    const place = { x: left + box.x, y: top + box.y, width: box.width, height: box.height };
    placed.set(box.id, place);
    if (box.inner) {
      drawFrame(box.id, place, layers);
      drawLevel(box.inner, place.x + (box.width - box.inner.width) / 2, place.y + GAP.head, layers);
    } else drawBox(box.id, place, layers.boxes);
  }
}

function group(id, place, kind, parent) {
  const item = items[id];
  const [first, second] = titleOf(item);
  const state = item.block ? (isOpen(id) ? ", open block" : ", closed block") : "";
  const made = element("g", {
    class: `box ${kind} ${item.error ? "broken" : ""}`, transform: `translate(${place.x} ${place.y})`, "data-id": id,
    tabindex: -1, role: "button", "aria-label": `${first} ${second} ${item.shape}${state}`,
  }, parent);
  element("title", {}, made, [first, second, item.shape, item.error].filter(Boolean).join("\n"));
  return made;
}

function drawBox(id, { x, y, width, height }, parent) {
  const [first, second] = titleOf(items[id]);
  const made = group(id, { x, y }, items[id].block ? "block k-block" : `k-${items[id].kind}`, parent);
  element("rect", { class: "tint", width, height, rx: items[id].block ? 8 : 4 }, made);
  element("rect", { class: "bar", x: 1, y: 6, width: 3, height: height - 12, rx: 1.5 }, made);
  element("text", { x: width / 2, y: 18, class: "label" }, made, items[id].block ? `+ ${first}` : first);
  element("text", { x: width / 2, y: 33, class: "name" }, made, second);
}

/** An open block: its frame lies under the wires, its header over them, so that none crosses the title. */
function drawFrame(id, { x, y, width, height }, layers) {
  const [first, second] = titleOf(items[id]);
  element("rect", { class: "frame", width, height, rx: 8 }, group(id, { x, y }, "open", layers.frames));
  const header = group(id, { x, y }, "open", layers.labels);
  const [bar, r] = [GAP.head - 8, 8];
  element("path", { class: "header", d: `M0 ${bar}V${r}a${r} ${r} 0 0 1 ${r} ${-r}H${width - r}a${r} ${r} 0 0 1 ${r} ${r}V${bar}z` }, header);
  const text = element("text", { x: 9, y: 13, class: "title" }, header, `\u2212 ${first}`);
  element("tspan", { class: "name", dx: 6 }, text, second);
}

/** On which sides of its source a value's wires leave: the shape is told on the other. */
function sidesOf(wires) {
  const sides = new Map();
  for (const { edge, points } of wires) {
    const found = sides.get(edge.value) ?? { left: false, right: false };
    const way = points[1].x - points[0].x;
    sides.set(edge.value, { left: found.left || way < -1, right: found.right || way > 1 });
  }
  return sides;
}

function drawWire({ edge, points }, left, top, layers, sides) {
  const at = points.map((p) => ({ x: p.x + left, top: p.top + top, bottom: p.bottom + top }));
  let path = `M${at[0].x} ${at[0].top}L${at[0].x} ${at[0].bottom}`;
  for (let i = 1; i < at.length; i++) {
    const from = at[i - 1], to = at[i];
    const half = (to.top - from.bottom) / 2;
    path += from.x === to.x
      ? `L${to.x} ${to.top}`
      : `C${from.x} ${from.bottom + half} ${to.x} ${to.top - half} ${to.x} ${to.top}`;
    if (to.bottom !== to.top) path += `L${to.x} ${to.bottom}`;
  }
  const kind = `wire ${points.length > 2 ? "skip" : ""} ${edge.error ? "broken" : ""}`;
  const line = element("path", { d: path, class: kind, "data-value": edge.value }, layers.wires);
  if (typeof edge.to === "number" && !isOpen(edge.to)) line.setAttribute("marker-end", "url(#arrow)");
  if (typeof edge.from === "number" && !layers.told.has(edge.value)) { // once, where the value comes out
    layers.told.add(edge.value);
    const { left: toLeft, right: toRight } = sides.get(edge.value);
    const onLeft = toRight && !toLeft;
    const place = { x: at[0].x + (onLeft ? -6 : 6), y: at[0].top + 13, class: "shape" };
    element("text", { ...place, "text-anchor": onLeft ? "end" : "start" }, layers.labels, edge.shape);
  }
}

function isOpen(id) {
  return items[id].block && !closed.has(id);
}

function move() {
  world.setAttribute("transform", `translate(${view.x} ${view.y}) scale(${view.scale})`);
}

/** All of it where it can be read so, else as wide as fits, from the first box down. */
function fitView() {
  const { clientWidth: width, clientHeight: height } = svg;
  const whole = Math.min(1.4, (width - 40) / scene.width, (height - 40) / scene.height);
  view.scale = whole >= LEGIBLE ? whole : Math.min(1, Math.max(LEGIBLE, (width - 40) / scene.width));
  const first = placed.values().next().value;
  const wide = scene.width * view.scale > width - 40;
  const middle = wide && first ? first.x + first.width / 2 : scene.width / 2;
  view.x = width / 2 - middle * view.scale;
  view.y = Math.max(20, (height - scene.height * view.scale) / 2);
  move();
}

// ------------------------------------------------------------------------------------------------- fold and unfold

function toggle(id) {
  if (!items[id].block) return;
  if (!closed.delete(id)) closed.add(id);
  draw(id);
}

/** Opens every block above `depth`, and closes all others. */
function openTo(depth) {
  items.forEach((item, id) => {
    if (item.block) closed[item.depth < depth ? "delete" : "add"](id);
  });
  draw();
  fitView();
}

function reveal(id) {
  let hidden = false;
  for (let at = items[id].parent; at !== null; at = items[at].parent) hidden = closed.delete(at) || hidden;
  if (hidden) draw();
  const place = placed.get(id);
  view.x = svg.clientWidth / 2 - (place.x + place.width / 2) * view.scale;
  view.y = svg.clientHeight / 2 - (place.y + Math.min(place.height, 200) / 2) * view.scale;
  move();
}

// ------------------------------------------------------------------------------------------------ what is selected

function select(id, { show = false, focus = false } = {}) {
  selected = id;
  if (show && id !== null) reveal(id);
  mark();
  tell();
  if (focus && id !== null) world.querySelector(`[data-id="${id}"]`)?.focus({ preventScroll: true });
}

function mark() {
  const near = new Set();
  if (selected !== null) {
    for (const edge of edges) if (edge.source === selected || edge.target === selected) near.add(`${edge.source}:${edge.index}`);
  }
  for (const box of world.querySelectorAll(".box")) box.classList.toggle("selected", Number(box.dataset.id) === selected);
  for (const wire of world.querySelectorAll(".wire")) wire.classList.toggle("near", near.has(wire.dataset.value));
  const line = selected === null ? 0 : items[selected].line;
  for (const row of $("source").children) row.classList.toggle("lit", Number(row.dataset.line) === line && line > 0);
  $("source").querySelector(".lit")?.scrollIntoView({ block: "nearest" });
}

function tell() {
  const table = $("facts");
  table.replaceChildren();
  const item = selected === null ? data.network : items[selected];
  $("what").textContent = item.label;
  $("where").textContent = item.name;
  for (const [key, value] of item.facts) {
    const row = table.insertRow();
    row.insertCell().textContent = key;
    row.insertCell().textContent = value;
  }
}

function listSource() {
  data.source.forEach((text, i) => {
    const row = document.createElement("div");
    row.dataset.line = i + 1;
    row.textContent = text || " ";
    row.addEventListener("click", () => {
      const here = items.flatMap((item, id) => (item.line === i + 1 ? [id] : []));
      if (here.length) select(here[(here.indexOf(selected) + 1) % here.length], { show: true });
    });
    if (items.some((item) => item.line === i + 1)) row.className = "used";
    $("source").append(row);
  });
}

// --------------------------------------------------------------------------------------------- mouse and keyboard

function zoom(factor, x = svg.clientWidth / 2, y = svg.clientHeight / 2) {
  const scale = Math.min(4, Math.max(0.05, view.scale * factor));
  view.x = x - ((x - view.x) * scale) / view.scale;
  view.y = y - ((y - view.y) * scale) / view.scale;
  view.scale = scale;
  move();
}

function neighbour(direction) {
  if (selected === null || !placed.has(selected)) return [...placed.keys()][0] ?? null;
  const from = placed.get(selected);
  const middle = (place) => ({ x: place.x + place.width / 2, y: place.y });
  const here = middle(from);
  let best = null, least = Infinity;
  for (const [id, place] of placed) {
    if (id === selected || items[id].parent === selected || isOpen(id)) continue;
    const dx = middle(place).x - here.x, dy = middle(place).y - here.y;
    const along = { ArrowDown: dy, ArrowUp: -dy, ArrowRight: dx, ArrowLeft: -dx }[direction];
    const across = Math.abs(direction === "ArrowDown" || direction === "ArrowUp" ? dx : dy);
    if (along > 1 && along + 3 * across < least) [best, least] = [id, along + 3 * across];
  }
  return best ?? selected;
}

const KEYS = {
  "+": () => zoom(1.25), "=": () => zoom(1.25), "-": () => zoom(0.8), 0: fitView,
  "[": () => openTo(0), "]": () => openTo(Infinity),
  "/": () => $("search").focus(),
  Escape: () => select(null),
  Enter: () => selected !== null && toggle(selected),
  " ": () => selected !== null && toggle(selected),
};

document.addEventListener("keydown", (event) => {
  if (event.target === $("search") || event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.target.tagName === "BUTTON" && (event.key === "Enter" || event.key === " ")) return;
  if (event.key.startsWith("Arrow")) select(neighbour(event.key), { show: true, focus: true });
  else if (KEYS[event.key]) KEYS[event.key]();
  else return;
  event.preventDefault();
});

svg.addEventListener("wheel", (event) => {
  event.preventDefault();
  const box = svg.getBoundingClientRect();
  zoom(Math.exp(-event.deltaY * 0.0015), event.clientX - box.left, event.clientY - box.top);
}, { passive: false });

let drag = null;
svg.addEventListener("pointerdown", (event) => {
  drag = { x: event.clientX, y: event.clientY, moved: false, box: event.target.closest(".box") };
});
window.addEventListener("pointermove", (event) => {
  if (!drag) return;
  drag.moved ||= Math.hypot(event.clientX - drag.x, event.clientY - drag.y) > 4;
  if (!drag.moved) return;
  view.x += event.clientX - drag.x;
  view.y += event.clientY - drag.y;
  [drag.x, drag.y] = [event.clientX, event.clientY];
  move();
});
window.addEventListener("pointerup", () => {
  if (drag && !drag.moved) select(drag.box ? Number(drag.box.dataset.id) : null);
  drag = null;
});
svg.addEventListener("dblclick", (event) => {
  const box = event.target.closest(".box");
  if (box) toggle(Number(box.dataset.id));
});

$("search").addEventListener("input", () => {
  const wanted = $("search").value.trim().toLowerCase();
  const found = wanted ? items.flatMap((item, id) => (`${item.name} ${item.label}`.toLowerCase().includes(wanted) ? [id] : [])) : [];
  $("found").textContent = wanted ? `${found.length} found` : "";
  $("search").found = found;
  if (found.length) select(found[0], { show: true });
});
$("search").addEventListener("keydown", (event) => {
  const found = $("search").found ?? [];
  if (event.key === "Enter" && found.length) {
    const step = event.shiftKey ? found.length - 1 : 1;
    select(found[(found.indexOf(selected) + step) % found.length], { show: true });
  }
  if (event.key === "Escape") svg.focus();
});

$("close").addEventListener("click", () => openTo(0));
$("open").addEventListener("click", () => openTo(Infinity));
$("fit").addEventListener("click", fitView);
$("in").addEventListener("click", () => zoom(1.25));
$("out").addEventListener("click", () => zoom(0.8));

listSource();
draw();
fitView();
tell();
