"""Two networks side by side: which node of one is which of the other.

First the trees of blocks are laid beside each other, level by level, each as two lists (see `align`): the order of the
text, names, calls and content decide. Where both have something between two counterparts that is not alike, because
blocks were wrapped around it or taken away, its nodes are laid beside each other without the blocks. Of what is left
anywhere, the same operators in the same order are counterparts; and at last what has but one with the same operator on
the same values, or of the same name: it has changed its place.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeAlias

from netdsl.analysis.difference.align import align
from netdsl.blocks import Block, blocks
from netdsl.graph import Graph, Node
from netdsl.ops.op import Op, Shape, attributes
from netdsl.scope import Value

Matching: TypeAlias = dict[int, int]
"""From the numbers of the old network's nodes to those of the new one's; each is there once."""


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A node, or a block with its parts. `name` is the path inside the block that it stands in, `head` the operator's
    name or the called block's, `title` the name unless it only numbers what stands there: `3`, `relu2`. `key` is equal
    for parts that are alike in every respect; `content` counts operators."""

    name: str
    head: str
    title: str
    key: Hashable
    node: Node | None
    shapes: tuple[Shape, ...]  # of the operands
    parts: tuple[Part, ...]
    content: Counter[str]


def match(old: Graph, new: Graph) -> Matching:
    """The counterparts of the old network's nodes, of those that have one."""
    found: Matching = {}

    def settle(pairs: Iterable[tuple[Part, Part]]) -> None:
        for a, b in pairs:
            if a.node is not None and b.node is not None:
                found[a.node.number] = b.node.number
            else:
                pairs = _aligned(a.parts, b.parts)
                settle(pairs)
                for gap, other in _gaps(a.parts, b.parts, pairs):
                    settle(_aligned(gap, other))

    mine, others = _tree(old), _tree(new)
    settle([(mine, others)])
    left, right = _left(old, new, mine, others, found)
    settle(align(left, right, _key, _kinship))
    left, right = _left(old, new, mine, others, found)
    for about in (_by_values(found), _by_name):
        settle(_only(left, right, about))
        left, right = _left(old, new, mine, others, found)
    return found


# ------------------------------------------------------------------------------------------------------ what is what


def _tree(graph: Graph) -> Part:
    return _block(graph, blocks(graph), "")


def _block(graph: Graph, block: Block, prefix: str) -> Part:
    inside = f"{block.path}." if block.path else ""
    parts = tuple(
        _block(graph, member, inside) if isinstance(member, Block) else _node(graph, graph.nodes[member], inside)
        for member in block.members
        if isinstance(member, Block | int)
    )
    name, head = block.path.removeprefix(prefix), block.head.partition("(")[0].partition(" ")[0]
    key = (name, block.head, tuple(part.key for part in parts))
    return Part(name, head, _title(name, head), key, None, (), parts, sum((part.content for part in parts), Counter()))


def _node(graph: Graph, node: Node, prefix: str) -> Part:
    name, head = node.name.removeprefix(prefix), node.op.name if node.op else node.role
    shapes = graph.operand_shapes(node)
    key = (name, node.op or head, node.shapes, shapes)
    return Part(name, head, _title(name, head), key, node, shapes, (), Counter([head]))


def _title(name: str, head: str) -> str:
    return "" if name.isdigit() or name.rstrip("0123456789").rstrip("_") == head else name


def _flat(part: Part) -> list[Part]:
    return [part] if part.node is not None else [node for inner in part.parts for node in _flat(inner)]


def _gaps(
    old: Sequence[Part], new: Sequence[Part], pairs: Sequence[tuple[Part, Part]]
) -> Iterator[tuple[list[Part], list[Part]]]:
    """The nodes between two pairs that follow one another, where both sides have some and one has them in blocks."""
    i = j = 0
    for a, b in [*pairs, (None, None)]:
        end = len(old) if a is None else old.index(a)
        other = len(new) if b is None else new.index(b)
        between = old[i:end], new[j:other]
        if all(between) and any(part.node is None for side in between for part in side):
            left, right = ([node for part in side for node in _flat(part)] for side in between)
            yield left, right
        i, j = end + 1, other + 1


def _left(old: Graph, new: Graph, mine: Part, others: Part, found: Matching) -> tuple[list[Part], list[Part]]:
    """The nodes of both that have no counterpart yet, in the order of the text."""
    taken = set(found.values())
    left = [part for part in _flat(mine) if part.node is not None and part.node.number not in found]
    right = [part for part in _flat(others) if part.node is not None and part.node.number not in taken]
    return sorted(left, key=_number), sorted(right, key=_number)


def _number(part: Part) -> int:
    assert part.node is not None
    return part.node.number


def _key(part: Part) -> Hashable:
    return part.key


# --------------------------------------------------------------------------------------------------- how alike it is


NAMED = 1000.0  # more than any number of others comes to


def _aligned(old: Sequence[Part], new: Sequence[Part]) -> list[tuple[Part, Part]]:
    """Counterparts among the parts of two blocks. A name that both have, of the same kind of thing, decides: such are
    pairs, as many as the order allows, and neither is the counterpart of another."""
    both = {(part.title, part.head) for part in old if part.title} & {(part.title, part.head) for part in new}

    def likeness(a: Part, b: Part) -> float:
        names = {(part.title, part.head) for part in (a, b)} & both
        if names:
            return NAMED + _likeness(a, b) if a.title == b.title and a.head == b.head else 0.0
        return _likeness(a, b)

    return align(old, new, _key, likeness)


def _likeness(a: Part, b: Part) -> float:
    """From 0, which no counterparts have, to 1."""
    named = 0.2 * (a.title == b.title) if a.title or b.title else 0.1
    if a.node is None or b.node is None:
        if a.node is not b.node:
            return 0.0
        shared = 2 * (a.content & b.content).total() / max((a.content + b.content).total(), 1)
        called = 0.4 * (a.head == b.head)
        return called + named + 0.4 * shared if called or shared > 0.5 else 0.0
    if a.node.op is None or b.node.op is None:
        return 0.8 + named if a.node.op is b.node.op and a.head == b.head else 0.0
    if type(a.node.op) is not type(b.node.op):
        return 0.2 + named if a.node.op.family == b.node.op.family else 0.0
    return 0.5 + named + 0.2 * agreement(a.node.op, b.node.op) + 0.1 * (a.shapes == b.shapes)


def _kinship(a: Part, b: Part) -> float:
    """The same of two nodes in whatever blocks: only the same operator with the same attributes will do."""
    assert a.node is not None
    assert b.node is not None
    if a.node.op is None or a.node.op != b.node.op:
        return 0.0
    return 0.6 + 0.2 * (a.title == b.title) + 0.2 * (a.shapes == b.shapes)


def agreement(old: Op, new: Op) -> float:
    """The part of the attributes of an operator that have the same values."""
    declared = attributes(type(old))
    same = sum(getattr(old, field.name) == getattr(new, field.name) for field in declared)
    return same / len(declared) if declared else 1.0


def _by_values(found: Matching) -> Callable[[Part, bool], Hashable]:
    """What a node computes, from which values, in the numbers of the new network."""

    def about(part: Part, old: bool) -> Hashable:
        node = part.node
        assert node is not None
        values = [Value(found.get(v.node, -1), v.index) if old else v for v in node.operands]
        return None if not values or Value(-1) in values else (node.op, *values)

    return about


def _by_name(part: Part, old: bool) -> Hashable:
    return part.name, part.head


def _only(
    left: Sequence[Part], right: Sequence[Part], about: Callable[[Part, bool], Hashable]
) -> list[tuple[Part, Part]]:
    """Those that agree in what `about` says, and nobody else does."""
    mine, others = _unique(left, about, True), _unique(right, about, False)
    return [(part, others[key]) for key, part in mine.items() if key in others]


def _unique(parts: Sequence[Part], about: Callable[[Part, bool], Hashable], old: bool) -> dict[Hashable, Part]:
    keys = [about(part, old) for part in parts]
    times = Counter(keys)
    return {key: part for key, part in zip(keys, parts, strict=True) if key is not None and times[key] == 1}
