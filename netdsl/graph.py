"""The graph of a network: what everything else is a reading of.

Operands are ordered on the node and are the truth; networkx holds a derived MultiDiGraph keyed by operand slot, so
that `add(x, x)` has two edges. Nodes are numbered in the order of the text, hence everything is deterministic.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, NamedTuple

from netdsl.ops.op import Op, Shape
from netdsl.scope import Definition, Region, Value
from netdsl.source import Source, Span, Spans

if TYPE_CHECKING:
    import networkx

    from netdsl.diagnostics import Diagnostic
    from netdsl.step import Plan


class Use(NamedTuple):
    """Operand `slot` of node `node` reads some value; `node` is -1 where the network itself does, as output `slot`,
    -2 where the loss is the value."""

    node: int
    slot: int


OUTPUT, LOSS = -1, -2


@dataclass(frozen=True, slots=True, eq=False)
class Node:
    """One application of an operator, or an input or target of the network (then `op` is None).

    `name` is unique in the graph (`layer1.0.conv1`, `layer1.0.add`). `owner` is the path of the module that holds
    the weights, empty where there are none; nodes that share weights share it. `shapes` are those of the outputs.
    """

    number: int
    name: str
    role: str  # "input", "target" or "operator"
    op: Op | None
    operands: tuple[Value, ...]
    shapes: tuple[Shape, ...]
    spans: Spans
    owner: str = ""

    @property
    def shape(self) -> Shape:
        return self.shapes[0]


@dataclass(frozen=True, slots=True)
class Output:
    """`value` may be a nested tuple of values where the output is a list."""

    name: str
    value: Any
    aux: bool
    span: Span


@dataclass(frozen=True, slots=True)
class Broken:
    """An operator that could not be applied, and what is said of it.

    `node` has the number -1 and no shapes; its operands are values of the graph, as far as they are known.
    """

    node: Node
    diagnostic: Diagnostic


@dataclass(frozen=True, slots=True)
class NetParameter:
    """A parameter of the network that the emitted class offers, with the value it has here."""

    name: str
    value: Any
    site: Span


@dataclass(frozen=True, eq=False, repr=False)
class Graph:
    """A whole network, or as much of one as could be made: then `broken` is not empty or outputs are missing, and
    what needs them is not there (`NetdslError.partial`).

    `definition` is the net as written last (`resnet50 = resnet(...)`), `root` the trace of the body behind it.
    `loss` is the value of `loss = ..`, whose nodes stand among `nodes` like all others.
    """

    name: str
    source: Source
    nodes: tuple[Node, ...]
    inputs: tuple[int, ...]
    targets: tuple[int, ...]
    outputs: tuple[Output, ...]
    loss: Value | None
    parameters: tuple[NetParameter, ...]
    definition: Definition
    root: Region
    file_doc: str = ""
    loss_region: Region | None = None  # the trace of `loss = ..`; it refers to the root's steps, inputs and targets
    broken: tuple[Broken, ...] = ()
    plan: Plan | None = None  # of a graph that passes made; None for a network as it is written

    def __repr__(self) -> str:
        return f"<graph of {self.name}: {len(self.nodes)} nodes>"

    @cached_property
    def uses(self) -> dict[Value, tuple[Use, ...]]:
        """Who reads each value: operand slots first, then network outputs and the loss."""
        found: dict[Value, list[Use]] = {}
        for node in self.nodes:
            for slot, value in enumerate(node.operands):
                found.setdefault(value, []).append(Use(node.number, slot))
        for slot, output in enumerate(self.outputs):
            for value in leaves(output.value):
                found.setdefault(value, []).append(Use(OUTPUT, slot))
        if self.loss is not None:
            found.setdefault(self.loss, []).append(Use(LOSS, 0))
        return {value: tuple(uses) for value, uses in found.items()}

    @cached_property
    def by_sample(self) -> frozenset[int]:
        """The nodes that yield something for each sample: all but those that need weights alone."""
        found = {*self.inputs, *self.targets}
        for node in self.nodes:
            if any(value.node in found for value in node.operands):
                found.add(node.number)
        return frozenset(found)

    def shape(self, value: Value) -> Shape:
        return self.nodes[value.node].shapes[value.index]

    def operand_shapes(self, node: Node) -> tuple[Shape, ...]:
        return tuple(self.shape(v) for v in node.operands)

    @cached_property
    def topology(self) -> networkx.MultiDiGraph[int]:
        """A MultiDiGraph over node numbers; an edge for each use, its key the slot, `index` the output it reads."""
        import networkx

        graph: networkx.MultiDiGraph[int] = networkx.MultiDiGraph()
        graph.add_nodes_from(node.number for node in self.nodes)
        for node in self.nodes:
            for slot, value in enumerate(node.operands):
                graph.add_edge(value.node, node.number, key=slot, index=value.index)
        return graph

    def ancestors(self, values: tuple[Value, ...]) -> frozenset[int]:
        """The nodes that `values` need, themselves included."""
        seen: set[int] = set()
        stack = [v.node for v in values]
        while stack:
            number = stack.pop()
            if number not in seen:
                seen.add(number)
                stack.extend(v.node for v in self.nodes[number].operands)
        return frozenset(seen)


def leaves(value: Any) -> tuple[Value, ...]:
    """The values inside a nested tuple of values, in order."""
    if isinstance(value, Value):
        return (value,)
    return tuple(leaf for part in value for leaf in leaves(part))
