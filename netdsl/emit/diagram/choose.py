"""Which blocks are open: to a depth, or as many as make a picture of one page."""

from __future__ import annotations

from collections.abc import Callable

from netdsl.emit.diagram.build import build
from netdsl.emit.diagram.diagram import Diagram
from netdsl.emit.diagram.drawing import CAPTION, box_size
from netdsl.emit.diagram.folding import fold as folded
from netdsl.emit.diagram.skips import ranks
from netdsl.emit.diagram.tree import Nest, nests, tree
from netdsl.emit.diagram.u_place import GAP
from netdsl.emit.diagram.u_shape import u_shape
from netdsl.graph import Graph

PAGE = 1500.0  # pixels from top to bottom that a page holds, and the boxes on it
CROWD = 48
MEAGRE = 7  # a picture with fewer boxes says too little: one level more is shown
MOST = 2000  # boxes that are drawn at all


def diagram(
    graph: Graph,
    *,
    depth: int | None = None,
    fold: bool = False,
    closed: frozenset[int] | None = None,
) -> Diagram:
    """The diagram of a network.

    Blocks within blocks are open to `depth`, all of them where it is None. `fold` draws what repeats once, and without
    a depth opens as many levels as a page holds. `closed` names the blocks to close by number (`Nest.number`), and
    then neither of the others chooses.
    """
    items = tree(graph)
    if closed is not None:
        return build(graph, folded(items, graph) if fold else items, lambda nest: nest.number not in closed)
    if depth is not None:
        shallow: Callable[[Nest], bool] = lambda nest: nest.depth < depth  # noqa: E731
        found = build(graph, folded(items, graph) if fold else items, shallow)
    elif fold:
        found = page(graph)
    else:
        found = build(graph, items, lambda nest: True)
    if len(found.boxes) > MOST:
        note = f"{len(graph.nodes):,} nodes: folded, as no more than {MOST:,} boxes are drawn"
        return _cut(page(graph), note)
    return found


def page(graph: Graph) -> Diagram:
    """What repeats drawn once, and as many levels open as a page holds."""
    items = folded(tree(graph), graph)
    deepest = max((nest.level for nest in nests(items)), default=0)
    found = build(graph, items, lambda nest: False)
    for level in range(1, deepest + 1):
        more = build(graph, items, lambda nest, level=level: nest.level <= level)  # type: ignore[misc]
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


def _cut(found: Diagram, note: str) -> Diagram:
    return found
