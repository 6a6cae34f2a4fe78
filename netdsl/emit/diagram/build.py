"""From a graph to its diagram: which blocks are open, what stands in one box, and what reads what."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from netdsl.emit.diagram.diagram import Box, Branches, Cluster, Diagram, Edge, Outline, Part
from netdsl.emit.diagram.kinds import FOLLOWING, kind
from netdsl.emit.diagram.labels import contents_label, operator_label, shapes_label, shortened
from netdsl.emit.diagram.skips import mark_skips
from netdsl.emit.diagram.tree import Fork, Item, Leaf, Nest, Run, every_node, losses, nodes
from netdsl.graph import Graph, Node, leaves
from netdsl.ops.op import Shape
from netdsl.scope import Value
from netdsl.source import Span
from netdsl.step import Step, walk
from netdsl.traffic import only_measured


@dataclass(slots=True)
class _Box:
    """A box in the making."""

    id: str
    parts: list[Part]
    cluster: str
    path: str = ""  # of the closed block
    block: int | None = None
    times: int = 1
    inside: tuple[int, ...] = ()  # all nodes of the first turn
    note: str = ""


class _Builder:
    def __init__(self, graph: Graph, items: list[Item], is_open: Callable[[Nest], bool]) -> None:
        self.graph, self.plan, self.is_open = graph, graph.plan, is_open
        self.every = every_node(graph)
        self.boxes: dict[str, _Box] = {}
        self.clusters: dict[str, Cluster] = {}
        self.home: dict[int, str] = {}  # node -> its box
        self.twin: dict[int, int] = {}  # node of a later turn -> its counterpart in the first
        self.turns: list[dict[int, int]] = []  # of each run: node -> its turn
        self.outline: dict[str, Outline] = {}
        self.errors = {len(graph.nodes) + i: broken.diagnostic.code for i, broken in enumerate(graph.broken)}
        self.losses = set(losses(items))
        self.users = Counter(node.owner for node in self.every if node.owner)

    # Boxes and clusters ------------------------------------------------------------------------------------

    def place(self, items: Iterable[Item], cluster: str, path: str) -> list[str | Branches]:
        """Make the boxes of `items`; returns what stands there, in order."""
        found: list[str | Branches] = []
        for item in items:
            match item:
                case Leaf():
                    found.append(self._leaf(item, cluster, path))
                case Nest():
                    found.append(self._nest(item, cluster, path))
                case Fork():
                    found += self._fork(item, cluster, path)
                case Run():
                    found.append(self._run(item, cluster, path))
        return self._stacked(found)

    def _leaf(self, leaf: Leaf, cluster: str, path: str) -> str:
        node = self.every[leaf.node]
        box = _Box(f"n{node.number}", self._parts(node, path), cluster, inside=(node.number,))
        if self.plan is not None and node.name in self.plan.views:
            box.note = f"no kernel: {self.plan.views[node.name]}"
        self._settle(box)
        return box.id

    def _nest(self, nest: Nest, cluster: str, path: str) -> str:
        inside = tuple(nodes(nest.items))
        boxes, clusters, home = dict(self.boxes), dict(self.clusters), dict(self.home)
        name = f"b{nest.number}"
        self.clusters[name] = Cluster(name, nest.path, _relative(nest.path, path), nest.head, cluster, nest.number)
        outline = dict(self.outline)
        held = self.place(nest.items, name, nest.path)
        box = self._only(held)
        if box is not None and (box.block is None or self.is_open(nest)):  # a block that is one box needs no frame
            del self.clusters[name]
            box.cluster = cluster
            box.parts = [_renamed(part, box, nest, path) for part in box.parts]
            return box.id
        if self.is_open(nest):
            self.outline[name] = tuple(held)
            self.clusters[name] = replace(self.clusters[name], **_where(nest.site, self.graph))
            return name
        self.boxes, self.clusters, self.home, self.outline = boxes, clusters, home, outline
        label = shortened(nest.head)
        if nest.head == "{ .. }":
            label = contents_label(op.name for number in inside if (op := self.every[number].op) is not None)
        part = Part(
            label,
            "block",
            nest.path,
            _relative(nest.path, path),
            inside,
            **_where(nest.site, self.graph),
        )
        box = _Box(name, [part], cluster, nest.path, nest.number, inside=inside)
        self._settle(box)
        return name

    def _only(self, held: list[str | Branches]) -> _Box | None:
        """The box that is all there is."""
        match held:
            case [str() as name]:
                return self.boxes.get(name)
        return None

    def _fork(self, fork: Fork, cluster: str, path: str) -> list[str | Branches]:
        branches = tuple(tuple(self.place(branch, cluster, path)) for branch in fork.branches)
        if fork.merge is None:
            return [item for branch in branches for item in branch]
        return [Branches(branches, self._leaf(fork.merge, cluster, path))]

    def _run(self, run: Run, cluster: str, path: str) -> str:
        first, *others = ([*nodes(turn)] for turn in run.turns)
        turn_of = dict.fromkeys(first, 0)
        for i, other in enumerate(others, 1):
            turn_of.update(dict.fromkeys(other, i))
            self.twin.update(zip(other, first, strict=True))
        self.turns.append(turn_of)
        name = f"r{len(self.turns)}"
        held = self.place(run.turns[0], name, path)
        box = self._only(held)
        if box is not None:
            box.cluster, box.times = cluster, box.times * len(run.turns)
            box.note = self._reads(run) or box.note
            return box.id
        match held:
            case [str() as inner]:
                self.clusters[inner] = replace(self.clusters[inner], cluster=cluster, times=len(run.turns))
                return inner
        self.outline[name] = tuple(held)
        self.clusters[name] = Cluster(name, path, "", "", cluster, -1, len(run.turns))
        return name

    def _stacked(self, found: list[str | Branches]) -> list[str | Branches]:
        """Join boxes that follow one another point by point; those of a fused network are kernels as they are."""
        if self.plan is not None:
            return found
        kept: list[str | Branches] = []
        there: set[str] = set()
        for item in found:
            box = None if isinstance(item, Branches) else self.boxes.get(item)
            source = self._followed(box) if box is not None else None
            if box is None or source is None or source.id not in there:
                kept.append(item)
                there.add(item.merge if isinstance(item, Branches) else item)
                continue
            source.parts += box.parts
            source.inside += box.inside
            for number in box.inside:
                self.home[number] = source.id
            del self.boxes[box.id]
        return kept

    def _followed(self, box: _Box) -> _Box | None:
        """The box that this one may be joined to."""
        node = self.every[box.inside[0]]
        if box.block is not None or box.times > 1 or node.op is None or node.op.family not in FOLLOWING:
            return None
        if len(node.operands) != 1 or node.number in self.errors:
            return None
        (value,) = node.operands
        source = self.boxes.get(self.home.get(value.node, ""))
        before = self.every[value.node]
        if source is None or source.block is not None or source.times > 1 or source.cluster != box.cluster:
            return None
        if before.op is None or source.inside[-1] != value.node or len(before.shapes) != 1:
            return None
        alone = len(self.graph.uses.get(value, ())) == 1
        return source if alone and before.shapes == node.shapes else None

    def _parts(self, node: Node, path: str) -> list[Part]:
        """A line for each operator that a step computes, the only one of all other nodes."""
        if not isinstance(node.op, Step):
            return [self._part(node, path)]
        return [
            Part(
                operator_label(part.op, given, shape),
                kind(part.op),
                part.owner or part.name,
                shortened(_relative(part.owner, path), 28) if part.owner else "",
                (node.number,),
                **_where(node.spans.whole, self.graph),
            )
            for part, given, shape in walk(self.graph, node)
        ]

    def _part(self, node: Node, path: str) -> Part:
        name = node.owner or node.name
        named = node.op is None or node.owner
        shown = _relative(name, path) if named else ""
        if node.op is None:
            label, shown = (shown, "") if node.role == "input" else (shown, node.role)
        else:
            known = tuple(self.graph.shape(value) for value in node.operands)
            label = operator_label(node.op, known, node.shapes[0] if node.shapes else None)
        if self.users[node.owner] > 1:
            shown += " (shared)"
        return Part(
            label,
            kind(node.op),
            name,
            shortened(shown, 28),
            (node.number,),
            error=self.errors.get(node.number, ""),
            **_where(node.spans.whole, self.graph),
        )

    def _settle(self, box: _Box) -> None:
        self.boxes[box.id] = box
        for number in box.inside:
            self.home[number] = box.id

    # Edges -------------------------------------------------------------------------------------------------

    def first(self, number: int) -> int:
        """The node that is drawn for `number`."""
        while number in self.twin:
            number = self.twin[number]
        return number

    def _reads(self, run: Run) -> str:
        """`reads 64..224×56×56` where the turns of a run differ in the shape that they read first."""
        shapes = []
        for turn in run.turns:
            inside = set(nodes(turn))
            outside = (
                value for number in nodes(turn) for value in self.every[number].operands if value.node not in inside
            )
            shapes += [self.graph.shape(value) for value in list(outside)[:1]]
        text = shapes_label(shapes)
        return f"reads {text}" if len({tuple(map(str, shape)) for shape in shapes}) > 1 else ""

    def edges(self) -> list[Edge]:
        found: dict[tuple[object, ...], tuple[Edge, list[Shape]]] = {}
        for node in self.every:
            for slot, value in enumerate(node.operands):
                self._edge(found, value, node, slot)
        return [edge._replace(shape=shapes_label(shapes)) for edge, shapes in found.values()]

    def _edge(
        self, found: dict[tuple[object, ...], tuple[Edge, list[Shape]]], value: Value, node: Node, slot: int
    ) -> None:
        source, target = self.home[self.first(value.node)], self.home[self.first(node.number)]
        if source == target or self._hands_on(value.node, node.number):
            return
        drawn = (self.first(value.node), value.index)
        closed = self.boxes[target].block is not None
        key = (source, target, drawn, None if closed else (self.first(node.number), slot))
        shape = self.graph.shape(value)
        like = only_measured(node, slot)
        edge = Edge(source, target, "", drawn, slot, mean_extent(shape), like, error=self.errors.get(node.number, ""))
        found.setdefault(key, (edge, []))[1].append(shape)

    def _hands_on(self, source: int, target: int) -> bool:
        """From one turn of a run to the next: of that the picture shows one only."""
        while True:
            both = [turn for turn in self.turns if source in turn and target in turn]
            if any(turn[source] != turn[target] for turn in both):
                return True
            first = self.twin.get(source, source), self.twin.get(target, target)
            if first == (source, target):
                return False
            source, target = first

    def outputs(self) -> Iterator[tuple[Box, list[Edge]]]:
        for i, output in enumerate(self.graph.outputs):
            part = Part(
                output.name,
                "data",
                output.name,
                "aux output" if output.aux else "output",
                **_where(output.span, self.graph),
            )
            edges = []
            for slot, value in enumerate(leaves(output.value)):
                source = self.home[self.first(value.node)]
                shape = self.graph.shape(value)
                drawn = (self.first(value.node), value.index)
                edges.append(Edge(source, f"o{i}", shapes_label([shape]), drawn, slot, mean_extent(shape)))
            yield Box(f"o{i}", (part,), "", aux=output.aux), edges


def build(graph: Graph, items: list[Item], is_open: Callable[[Nest], bool]) -> Diagram:
    """The diagram of `items`, the (perhaps folded) tree of `graph`, with those blocks open that `is_open`."""
    builder = _Builder(graph, items, is_open)
    held = builder.place(items, "", "")
    edges = builder.edges()
    outputs = list(builder.outputs())
    builder.outline = {"": (*held, *(box.id for box, _ in outputs)), **builder.outline}
    edges += [edge for _, found in outputs for edge in found]
    leaving: dict[str, dict[tuple[int, int], str]] = {}
    for edge in edges:
        leaving.setdefault(edge.source, {}).setdefault(edge.value, edge.shape)
    copies: dict[int, list[int]] = {}
    for node in builder.every:
        copies.setdefault(builder.first(node.number), []).append(node.number)
    boxes = [
        Box(
            box.id,
            tuple(_with_copies(part, copies) for part in box.parts),
            box.cluster,
            "; ".join(dict.fromkeys(leaving.get(box.id, {}).values())),
            box.note,
            box.times,
            box.block,
            loss=box.inside[0] in builder.losses,
        )
        for box in builder.boxes.values()
    ]
    return Diagram(
        graph.name,
        graph.definition.head,
        (*boxes, *(box for box, _ in outputs)),
        tuple(cluster for cluster in builder.clusters.values()),
        tuple(mark_skips(edges, {box.id for box in boxes if box.loss})),
        builder.outline,
    )


def mean_extent(shape: Shape) -> float | None:
    """The mean of the spatial extents."""
    axes = [int(extent) for extent in shape[1:] if isinstance(extent, int)]
    return sum(axes) / len(axes) if axes and len(axes) == len(shape) - 1 else None


def _with_copies(part: Part, copies: dict[int, list[int]]) -> Part:
    return replace(part, nodes=tuple(sorted(copy for number in part.nodes for copy in copies.get(number, ()))))


def _renamed(part: Part, box: _Box, nest: Nest, path: str) -> Part:
    """A part of the only box of `nest`, as it is called from outside."""
    if not part.shown:
        return part
    return replace(part, shown=shortened(_relative(part.name if box.block is None else nest.path, path), 28))


def _relative(name: str, path: str) -> str:
    return name.removeprefix(f"{path}.") if path else name


def _where(site: Span | None, graph: Graph) -> dict[str, Any]:
    if site is None:
        return {"place": "", "line": 0}
    own = site.source is graph.source
    return {"place": f"{site.source.short_name}:{site.line}", "line": site.line if own else 0}
