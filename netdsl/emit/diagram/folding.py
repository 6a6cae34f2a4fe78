"""Consecutive runs of the same thing become one, `basic(64) ×2`, and nothing else does.

The same means: the same operators, wired alike, each turn reading the one before where the first reads what came in,
and nothing but the last turn's values read from outside. Blocks may differ in the extents that reach them, as those
of a dense block do, and are then shown with the range; loose nodes may not.
"""

from __future__ import annotations

from typing import Any

from netdsl.emit.diagram.kinds import FOLLOWING
from netdsl.emit.diagram.tree import Fork, Item, Leaf, Nest, Run, every_node, nodes
from netdsl.graph import Graph
from netdsl.ops.op import Op
from netdsl.scope import Value
from netdsl.step import Step

LONGEST_PERIOD = 12


def fold(items: list[Item], graph: Graph) -> list[Item]:
    """The same tree with runs; the tree that is given stays as it is."""
    return _Folding(graph).items(items)


class _Folding:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.every = every_node(graph)
        self.codes: dict[Any, int] = {}
        self.known: dict[int, int] = {}

    def items(self, items: list[Item]) -> list[Item]:
        codes = [self.code(item) for item in items]
        found: list[Item] = []
        at = 0
        while at < len(items):
            turns, period = self._best(items, codes, at)
            if turns < 2:
                found.append(self._inside(items[at]))
                at += 1
                continue
            parts = [items[at + i * period : at + (i + 1) * period] for i in range(turns)]
            found.append(Run([[self._inside(item) for item in part] for part in parts]))
            at += turns * period
        return found

    def _inside(self, item: Item) -> Item:
        match item:
            case Nest():
                inner = self.items(item.items)
                return Nest(
                    item.number, item.path, _told(item, inner), item.key, item.site, inner, item.level, item.depth
                )
            case Fork():
                return Fork([self.items(branch) for branch in item.branches], item.merge)
        return item

    def _best(self, items: list[Item], codes: list[int], at: int) -> tuple[int, int]:
        """How often what begins at `at` stands there in a row, and how many items it is; most items win."""
        best = (1, 1)
        if self._follows(items[at]):
            return best
        for period in range(1, min(LONGEST_PERIOD, (len(items) - at) // 2) + 1):
            turns = 1
            while codes[at + turns * period : at + (turns + 1) * period] == codes[at : at + period]:
                turns += 1
            while turns > 1 and not self._is_chain(
                [items[at + i * period : at + (i + 1) * period] for i in range(turns)]
            ):
                turns -= 1
            if turns > 1 and turns * period > best[0] * best[1]:
                best = (turns, period)
        return best

    def _follows(self, item: Item) -> bool:
        """Whether an item belongs to the layer before it: a run begins with the layer."""
        if not isinstance(item, Leaf):
            return False
        op = self.every[item.node].op
        return op is not None and op.family in FOLLOWING and bool(self.every[item.node].operands)

    def code(self, item: Item) -> int:
        """A number that is the same for items of the same operators in the same order."""
        if id(item) not in self.known:
            match item:
                case Leaf():
                    node = self.every[item.node]
                    key: Any = (_computed(node.op), node.role, node.op is None and node.number)
                case Nest():
                    key = ("block", item.key, tuple(self.code(inner) for inner in item.items))
                case Fork():
                    branches = tuple(tuple(self.code(inner) for inner in branch) for branch in item.branches)
                    key = ("branches", branches, item.merge and self.code(item.merge))
                case Run():
                    key = ("run", tuple(tuple(self.code(inner) for inner in turn) for turn in item.turns))
            self.known[id(item)] = self.codes.setdefault(key, len(self.codes))
        return self.known[id(item)]

    def _is_chain(self, turns: list[list[Item]]) -> bool:
        """Whether each turn is wired like the others and hands on to the next one alone."""
        members = [list(nodes(turn)) for turn in turns]
        where = {number: (i, at) for i, turn in enumerate(members) for at, number in enumerate(turn)}
        loose = all(isinstance(item, Leaf) for item in turns[0])
        first = members[0]
        for i, turn in enumerate(members[1:], 1):
            for number, model, second in zip(turn, first, members[1], strict=True):
                operands = self.every[number].operands
                theirs, seconds = self.every[model].operands, self.every[second].operands
                if not len(operands) == len(theirs) == len(seconds):
                    return False
                for mine, other, next_one in zip(operands, theirs, seconds, strict=True):
                    if not _wired_alike(mine, other, next_one, i, where):
                        return False
                if loose and self.every[number].shapes != self.every[model].shapes:
                    return False
                if loose and self._read(number) != self._read(model):
                    return False
        return self._hands_on(members, where) and self._one_sharing([self._owners(turn) for turn in members])

    def _read(self, number: int) -> list[Any]:
        return [self.graph.shape(value) for value in self.every[number].operands]

    def _hands_on(self, members: list[list[int]], where: dict[int, tuple[int, int]]) -> bool:
        for i, turn in enumerate(members[:-1]):
            for number in turn:
                for index in range(len(self.every[number].shapes)):
                    for use in self.graph.uses.get(Value(number, index), ()):
                        if where.get(use.node, (-1, 0))[0] not in (i, i + 1):
                            return False
                    if any(Value(number, index) in b.node.operands for b in self.graph.broken):
                        return False
        return True

    def _owners(self, turn: list[int]) -> list[str]:
        return [self.every[number].owner for number in turn]

    def _one_sharing(self, owners: list[list[str]]) -> bool:
        """All turns have weights of their own, or all have the same."""
        return all(turn == owners[0] for turn in owners) or all(
            not {name for name in turn if name} & {name for name in other if name}
            for i, turn in enumerate(owners)
            for other in owners[:i]
        )


def _wired_alike(mine: Value, first: Value, second: Value, i: int, where: dict[int, tuple[int, int]]) -> bool:
    """Whether an operand in turn `i` is what its counterparts in the first and second turn are."""
    if mine.index != first.index:
        return False
    turn, at = where.get(mine.node, (-1, 0))
    if turn == i:  # from within: so in the first
        return where.get(first.node) == (0, at)
    if turn == i - 1:  # from the turn before: so in the second; into the first it comes from anywhere outside
        return first.node not in where and where.get(second.node) == (0, at)
    return turn == -1 and mine == first


def _computed(op: Op | None) -> Any:
    """What is equal where the same is computed, whatever the names."""
    return (tuple((part.op, part.operands) for part in op.parts), op.results) if isinstance(op, Step) else op


def _told(nest: Nest, inner: list[Item]) -> str:
    """A loop that is one run is called after what it runs: `dense_layer(32) ×6`."""
    match inner:
        case [Run(turns=[[Nest(head=head)], *_] as turns)] if nest.head.startswith(("for ", "repeat ")):
            return f"{head} ×{len(turns)}"
    return nest.head
