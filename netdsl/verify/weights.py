"""Weights: who owns them, who shares them, and that no two have one name in the state_dict."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.graph import Graph, Node
from netdsl.ops.op import Shape


def owners_hold_state(graph: Graph) -> Iterator[str]:
    """A node has an owner if and only if its operator has weights or buffers, or behaves otherwise in training."""
    for node in graph.nodes:
        if node.op is not None and bool(node.owner) != holds_state(graph, node):
            yield f"`{node.name}` ({node.op.name}) is owned by `{node.owner}`"


def holds_state(graph: Graph, node: Node) -> bool:
    assert node.op is not None
    return node.op.stateful or bool(tensors(graph, node))


def owners_agree(graph: Graph) -> Iterator[str]:
    """Nodes that share an owner apply the same operator with the same attributes to weights of the same shapes."""
    first: dict[str, Node] = {}
    for node in graph.nodes:
        if node.owner:
            other = first.setdefault(node.owner, node)
            if other is not node and (other.op != node.op or tensors(graph, other) != tensors(graph, node)):
                yield f"`{other.name}` and `{node.name}` share `{node.owner}` and differ"


def paths_do_not_collide(graph: Graph) -> Iterator[str]:
    """No module lies inside one that holds weights, and no key of the state_dict is another module's path."""
    paths = {node.owner for node in graph.nodes if node.owner}
    for path in sorted(paths):
        if not all(path.split(".")):
            yield f"`{path}` has an empty component"
        for end in [i for i, c in enumerate(path) if c == "."]:
            if path[:end] in paths:
                yield f"`{path}` lies inside the module `{path[:end]}`"


def tensors(graph: Graph, node: Node) -> dict[str, Shape]:
    """Weights and buffers of the node's module: name -> shape."""
    assert node.op is not None
    shapes = graph.operand_shapes(node)
    return {**node.op.weights(*shapes), **node.op.buffers(*shapes)}
