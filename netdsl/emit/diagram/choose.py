"""Which blocks are open: to a depth, or as many as make a picture of one page."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from netdsl.emit.diagram.build import build
from netdsl.emit.diagram.diagram import Diagram
from netdsl.emit.diagram.drawing import CAPTION, box_size
from netdsl.emit.diagram.folding import fold as folded
from netdsl.emit.diagram.skips import ranks
from netdsl.emit.diagram.steps import tree_of_steps
from netdsl.emit.diagram.tree import LOSS, Item, Nest, nests, nodes, tree
from netdsl.emit.diagram.u_place import GAP
from netdsl.emit.diagram.u_shape import u_shape
from netdsl.graph import Graph

PAGE = 1500.0  # pixels from top to bottom that a page holds, and the boxes on it
CROWD = 36
MEAGRE = 12  # a picture with fewer boxes says too little: one level more is shown
MOST = 2000  # boxes that are drawn at all
END = 40  # things at each end of a row that is longer
HIDDEN = -1  # the number of the block that stands for what is between


def diagram(
    graph: Graph,
    *,
    depth: int | None = None,
    fold: bool = False,
    closed: frozenset[int] | None = None,
) -> Diagram:
    """The diagram of a network, or of a fused one: then a box is a kernel, and its lines are what it computes.

    Blocks within blocks are open to `depth`, all of them where it is None. `fold` draws what repeats once, and without
    a depth opens as many levels as a page holds. `closed` names the blocks to close by number (`Nest.number`), and
    then neither of the others chooses.
    """
    items = _items(graph)
    if closed is not None:
        return build(graph, folded(items, graph) if fold else items, lambda nest: nest.number not in closed)
    if depth is not None:
        shallow: Callable[[Nest], bool] = lambda nest: nest.depth < depth  # noqa: E731
        found = build(graph, folded(items, graph) if fold else items, shallow)
    elif fold:
        found = page(graph)
    else:
        found = build(graph, items, lambda nest: True)
        if u_shape(found) is None:  # the boxes of a loss may be all that is no part of a U
            without = build(graph, items, lambda nest: nest.key != LOSS)
            found = found if u_shape(without) is None else without
    return found if len(found.boxes) <= MOST else overview(graph)


def overview(graph: Graph) -> Diagram:
    """A network of too many nodes: folded, and of what stands in one long row the two ends."""
    found = page(graph)
    if len(found.boxes) > MOST:
        found = build(graph, abridged(_items(graph)), lambda nest: False)
    note = f"{len(graph.nodes):,} nodes: no more than {MOST:,} boxes are drawn, so this is folded"
    return replace(found, notes=(*found.notes, note))


def abridged(items: list[Item]) -> list[Item]:
    """The ends of a long row, and one closed block for all between them."""
    if len(items) <= 2 * END + 1:
        return items
    between = items[END:-END]
    count = sum(1 for _ in nodes(between))
    return [*items[:END], Nest(HIDDEN, "…", f"{count:,} nodes", HIDDEN, None, between), *items[-END:]]


def page(graph: Graph) -> Diagram:
    """What repeats drawn once, and as many levels open as a page holds."""
    items = folded(_items(graph), graph)
    deepest = max((nest.level for nest in nests(items)), default=0)
    found = build(graph, items, lambda nest: False)
    for level in range(1, deepest + 1):
        more = build(graph, items, lambda nest, level=level: nest.level <= level and nest.key != LOSS)  # type: ignore[misc]
        if len(found.boxes) >= MEAGRE and (len(more.boxes) > CROWD or height(more) > PAGE):
            break
        found = more
    return found


def height(found: Diagram) -> float:
    """About how high the picture is: what stands below one another on the longest way; the arms of a U do not."""
    rank = ranks(edge for edge in found.edges if not edge.like)
    rows: dict[int, float] = {}
    for box in found.boxes:
        row = rank.get(box.id, 0)
        rows[row] = max(rows.get(row, 0.0), box_size(box)[1] + CAPTION + GAP)
    return sum(rows.values()) / (2 if u_shape(found) is not None else 1)


def _items(graph: Graph) -> list[Item]:
    return tree(graph) if graph.plan is None else tree_of_steps(graph)
