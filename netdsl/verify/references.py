"""Numbers lead to nodes, and only backwards."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.graph import Graph, leaves
from netdsl.scope import Value


def numbers_are_dense(graph: Graph) -> Iterator[str]:
    """Node number i stands at place i."""
    for place, node in enumerate(graph.nodes):
        if node.number != place:
            yield f"node {node.number} `{node.name}` stands at place {place}"


def operands_exist(graph: Graph) -> Iterator[str]:
    """An operand is output number `index` of a node of this graph."""
    for node in graph.nodes:
        for slot, value in enumerate(node.operands):
            if not exists(graph, value):
                yield f"operand {slot} of `{node.name}` is {tuple(value)}"


def operands_come_earlier(graph: Graph) -> Iterator[str]:
    """A node reads only nodes before it: the order is topological, and there is no cycle."""
    for place, node in enumerate(graph.nodes):
        for slot, value in enumerate(node.operands):
            if value.node >= place:
                yield f"operand {slot} of `{node.name}` comes from node {value.node}, which is not before it"


def outputs_exist(graph: Graph) -> Iterator[str]:
    """Outputs and the loss are values, inputs and targets nodes, of this graph."""
    for output in graph.outputs:
        values = leaves(output.value)
        if not values:
            yield f"output `{output.name}` is no value"
        for value in values:
            if not exists(graph, value):
                yield f"output `{output.name}` is {tuple(value)}"
    if graph.loss is not None and not exists(graph, graph.loss):
        yield f"the loss is {tuple(graph.loss)}"
    for number in (*graph.inputs, *graph.targets):
        if not 0 <= number < len(graph.nodes):
            yield f"node {number} is listed as an input or target"


def exists(graph: Graph, value: Value) -> bool:
    return 0 <= value.node < len(graph.nodes) and 0 <= value.index < len(graph.nodes[value.node].shapes)
