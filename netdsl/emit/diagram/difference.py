"""Two networks in one picture: the new one, with what is gone beside what it read, and colours for what was done.

Blocks in which nothing was done are closed.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeAlias

from netdsl.emit.diagram.build import mean_extent
from netdsl.emit.diagram.choose import diagram
from netdsl.emit.diagram.diagram import Box, Diagram, Edge, Part
from netdsl.emit.diagram.labels import operator_label, shapes_label, shortened
from netdsl.emit.diagram.skips import mark_skips
from netdsl.emit.diagram.tree import nests, nodes, tree
from netdsl.graph import Graph, Node
from netdsl.ops.op import attributes

Pair: TypeAlias = tuple[int | None, int | None, str]
"""The numbers of a node in both networks, None where it is not, and what was done to it."""

SIGNS = {"added": "+", "removed": "–", "changed": "~"}


def difference_diagram(old: Graph, new: Graph, pairs: Sequence[Pair]) -> Diagram:
    """The diagram; `pairs` are all nodes of both networks, in an order in which those of either are in its own."""
    return _Union(old, new, pairs).diagram()


class _Union:
    def __init__(self, old: Graph, new: Graph, pairs: Sequence[Pair]) -> None:
        self.old, self.new = old, new
        self.done = {b: kind for _, b, kind in pairs if b is not None}
        self.before = {b: a for a, b, _ in pairs if a is not None and b is not None}
        self.after = {a: b for b, a in self.before.items()}
        self.gone = [old.nodes[a] for a, b, _ in pairs if a is not None and b is None]
        self.place = {(a, b): at for at, (a, b, _) in enumerate(pairs)}

    def diagram(self) -> Diagram:
        found = diagram(self.new, closed=self.closed())
        home = {number: box.id for box in found.boxes for part in box.parts for number in part.nodes}
        clusters = {cluster.name: cluster.id for cluster in found.clusters if cluster.name}
        boxes = [replace(box, parts=tuple(map(self.part, box.parts))) for box in found.boxes]
        outline = dict(found.outline)
        for node in self.gone:
            inside = [path for path in clusters if node.name.startswith(f"{path}.")]
            cluster = clusters[max(inside, key=len)] if inside else ""
            boxes.append(self.box(node, cluster))
            outline[cluster] = (*outline.get(cluster, ()), boxes[-1].id)
        return replace(
            found,
            title=f"{self.old.name} → {self.new.name}",
            boxes=tuple(boxes),
            edges=tuple(mark_skips([*found.edges, *self.edges(home)], {box.id for box in boxes if box.loss})),
            outline=outline,
        )

    def closed(self) -> frozenset[int]:
        """The blocks in which nothing was done."""
        touched = {number for number, kind in self.done.items() if kind in SIGNS}
        return frozenset(
            nest.number
            for nest in nests(tree(self.new))
            if touched.isdisjoint(nodes(nest.items))
            and not any(node.name.startswith(f"{nest.path}.") for node in self.gone)
        )

    def part(self, part: Part) -> Part:
        """A part of the new network in the colour of what was done to it."""
        if len(part.nodes) != 1 or part.kind == "block":
            return part
        (number,) = part.nodes
        kind = self.done[number]
        if kind not in SIGNS:
            return part if part.kind == "data" else replace(part, kind="same")
        label = part.label
        if kind == "changed":
            label = self.changed(self.old.nodes[self.before[number]], self.new.nodes[number], label)
        return replace(part, kind=kind, label=f"{SIGNS[kind]} {label}")

    def changed(self, old: Node, new: Node, label: str) -> str:
        """`conv 3×3, 64 (was 5×5, 64)`; where the labels do not tell, the names of the attributes that differ."""
        if old.op is None or new.op is None:
            return label
        before = self.label(old)
        if type(old.op) is type(new.op) and before == label:
            names = [f.name for f in attributes(type(new.op)) if getattr(old.op, f.name) != getattr(new.op, f.name)]
            return shortened(f"{label} ({', '.join(names) or 'other inputs'})")
        if type(old.op) is type(new.op):
            before = before.removeprefix(f"{old.op.name} ")
        return shortened(f"{label} (was {before})")

    def label(self, node: Node) -> str:
        assert node.op is not None
        return operator_label(node.op, self.old.operand_shapes(node), node.shape)

    def box(self, node: Node, cluster: str) -> Box:
        label = node.name if node.op is None else self.label(node)
        part = Part(f"{SIGNS['removed']} {label}", "removed", node.owner or node.name, shortened(node.owner, 28))
        return Box(f"x{node.number}", (part,), cluster, shapes_label([node.shape]))

    def edges(self, home: dict[int, str]) -> Iterator[Edge]:
        """What the gone nodes read, and what read them; none against the order of the pairs, so that there is no
        circle."""
        gone = {node.number for node in self.gone}
        for node in self.old.nodes:
            for slot, value in enumerate(node.operands):
                if not gone & {node.number, value.node} or self.at(value.node) > self.at(node.number):
                    continue
                shape = self.old.shape(value)
                source, target = self.id(value.node, home), self.id(node.number, home)
                yielded = (len(self.new.nodes) + value.node, value.index)
                yield Edge(source, target, shapes_label([shape]), yielded, slot, mean_extent(shape))

    def at(self, old: int) -> int:
        return self.place[old, self.after.get(old)]

    def id(self, old: int, home: dict[int, str]) -> str:
        return home[self.after[old]] if old in self.after else f"x{old}"
