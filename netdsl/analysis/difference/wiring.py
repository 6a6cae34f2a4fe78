"""Whether counterparts read counterparts: what only one network has in between is looked through."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Literal

from netdsl.analysis.difference.matching import Matching
from netdsl.graph import Graph, Node, Output, leaves
from netdsl.scope import Value


class Wiring:
    def __init__(self, old: Graph, new: Graph, matching: Matching) -> None:
        self.old, self.new, self.matching = old, new, matching
        self.taken = frozenset(matching.values())
        self._seen: dict[tuple[bool, Value], frozenset[Value]] = {}

    def sources(self, value: Value, old: bool) -> frozenset[Value]:
        """The values of nodes with counterparts, in the new numbers, that `value` is or comes from."""
        key = (old, value)
        if key not in self._seen:
            graph = self.old if old else self.new
            if old and value.node in self.matching:
                found = frozenset((Value(self.matching[value.node], value.index),))
            elif not old and value.node in self.taken:
                found = frozenset((value,))
            else:
                operands = graph.nodes[value.node].operands
                found = frozenset(source for operand in operands for source in self.sources(operand, old))
            self._seen[key] = found
        return self._seen[key]

    def reads(self, a: Node, b: Node) -> tuple[tuple[str, str], ...]:
        """What the new node reads in place of what the old one reads, by slot; empty where there is no operand."""
        found = []
        for slot in range(max(len(a.operands), len(b.operands))):
            mine, other = a.operands[slot : slot + 1], b.operands[slot : slot + 1]
            if not mine or not other or self.sources(mine[0], True) != self.sources(other[0], False):
                found.append((_names(self.old, mine), _names(self.new, other)))
        return tuple(found)

    def outputs(self) -> Iterator[tuple[Literal["added", "removed", "changed"], str, tuple[str, str]]]:
        """The outputs that differ, and the loss: what was done, the name, what is read in either network."""
        others = {output.name: output for output in self.new.outputs}
        for output in self.old.outputs:
            other = others.pop(output.name, None)
            mine = leaves(output.value)
            if other is None:
                yield "removed", output.name, (_names(self.old, mine), "")
            elif self._differ(output, other):
                yield "changed", output.name, (_names(self.old, mine), _names(self.new, leaves(other.value)))
        for output in others.values():
            yield "added", output.name, ("", _names(self.new, leaves(output.value)))
        loss, other_loss = (() if graph.loss is None else (graph.loss,) for graph in (self.old, self.new))
        if bool(loss) != bool(other_loss):
            yield "removed" if loss else "added", "loss", (_names(self.old, loss), _names(self.new, other_loss))

    def _differ(self, output: Output, other: Output) -> bool:
        mine, others = leaves(output.value), leaves(other.value)
        return (
            output.aux != other.aux
            or len(mine) != len(others)
            or any(self.sources(a, True) != self.sources(b, False) for a, b in zip(mine, others, strict=True))
        )


def _names(graph: Graph, values: tuple[Value, ...]) -> str:
    return ", ".join(graph.nodes[value.node].name for value in values)
