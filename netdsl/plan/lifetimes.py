"""From which step to which each piece of memory is needed.

A *storage* is what one allocation would hold: one value; all values of a buffer that concats are written in place of;
all that one kernel of siblings yields. A view has none of its own: whoever reads it reads the storages behind it, so
these live as long as their last reader, through however many views.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

from netdsl.graph import Graph, Node, leaves
from netdsl.ops.op import Shape
from netdsl.scope import Value
from netdsl.step import Step
from netdsl.traffic import elements, only_measured

# Who holds it: the caller ("input", "output"), the module ("weight"), or the network while it runs ("inner").
Role: TypeAlias = Literal["input", "output", "weight", "inner"]
BEFORE = -1  # the first step


@dataclass(slots=True)
class Storage:
    """Channels of `values`, one value's after the other's, each `elements` of numbers for one sample in all.

    It is needed from the node of number `first`, which writes it, to `last`, which reads it: an input from before the
    first node, an output to behind the last.
    """

    shape: Shape
    role: Role
    first: int
    last: int
    values: tuple[Value, ...]

    @property
    def elements(self) -> int:
        return int(elements(self.shape))


@dataclass(frozen=True, slots=True)
class Lifetimes:
    """The storages of a graph in the order in which they are first written.

    `behind` has for each value, views too, the numbers of the storages that reading it reads: several for a concat
    that is never made. `channel` says for a value that is written at which channel of its storage it begins.
    """

    storages: tuple[Storage, ...]
    behind: dict[Value, tuple[int, ...]]
    channel: dict[Value, int]


def lifetimes(graph: Graph) -> Lifetimes:
    """What lives from when to when."""
    return _Walk(graph).result()


class _Walk:
    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self.views = graph.plan.views if graph.plan is not None else {}
        self.places = graph.plan.places if graph.plan is not None else {}
        self.storages: list[Storage] = []
        self.behind: dict[Value, tuple[int, ...]] = {}
        self.channel: dict[Value, int] = {}
        self.buffers: dict[int, list[Value]] = {}  # buffer of the plan -> the values written into it
        self.homes: dict[int, int] = {}  # buffer of the plan -> its storage
        for value, place in sorted(self.places.items(), key=lambda item: item[1]):
            if graph.nodes[value.node].name not in self.views:
                self.buffers.setdefault(place.buffer, []).append(value)

    def result(self) -> Lifetimes:
        for node in self.graph.nodes:
            for slot, value in enumerate(node.operands):
                if not only_measured(node, slot):
                    for number in self.behind[value]:
                        self.storages[number].last = node.number
            if node.name in self.views:
                self._view(node)
            else:
                self._written(node)
        for output in self.graph.outputs:
            for value in leaves(output.value) if not output.aux else ():
                for number in self.behind[value]:
                    storage = self.storages[number]
                    storage.last = len(self.graph.nodes)
                    storage.role = "output" if storage.role == "inner" else storage.role
        return Lifetimes(tuple(self.storages), self.behind, self.channel)

    def _view(self, node: Node) -> None:
        seen = [self.behind[value] for slot, value in enumerate(node.operands) if not only_measured(node, slot)]
        found = tuple(dict.fromkeys(number for numbers in seen for number in numbers))
        self.behind.update((Value(node.number, index), found) for index in range(len(node.shapes)))

    def _written(self, node: Node) -> None:
        values = tuple(Value(node.number, index) for index in range(len(node.shapes)))
        if values[0] in self.places:
            for value in values:
                self._placed(node, value)
        elif isinstance(node.op, Step):  # siblings have all extents but their channels in common
            self._add(node, values)
        else:
            for value in values:
                self._add(node, (value,))

    def _placed(self, node: Node, value: Value) -> None:
        """A value that is channels of a buffer, of which it may be the first."""
        buffer, offset = self.places[value]
        if buffer not in self.homes:
            self.homes[buffer] = len(self.storages)
            held = tuple(self.buffers[buffer])
            self.storages.append(Storage(self._joined(held), "inner", node.number, node.number, held))
        self.storages[self.homes[buffer]].last = node.number
        self.behind[value] = (self.homes[buffer],)
        self.channel[value] = offset

    def _add(self, node: Node, values: tuple[Value, ...]) -> None:
        first, role = node.number, "inner"
        if node.op is None:
            first, role = BEFORE, "input"
        elif not node.op.called:
            role = "weight"
        begin = 0
        for value in values:
            self.behind[value] = (len(self.storages),)
            self.channel[value] = begin
            begin += self._width(value) if len(values) > 1 else 0
        self.storages.append(Storage(self._joined(values), role, first, node.number, values))  # type: ignore[arg-type]

    def _joined(self, values: tuple[Value, ...]) -> Shape:
        shape = self.graph.shape(values[0])
        return shape if len(values) == 1 else (sum(map(self._width, values)), *shape[1:])

    def _width(self, value: Value) -> int:
        return int(self.graph.shape(value)[0])  # type: ignore[arg-type]
