"""The network's interface: inputs, targets, outputs, the loss, and that everything serves one of them."""

from __future__ import annotations

from collections.abc import Iterator

from netdsl.graph import Graph, leaves
from netdsl.scope import Value


def inputs_are_listed(graph: Graph) -> Iterator[str]:
    """`inputs` are exactly the nodes of that role, in order."""
    yield from _listed(graph, "input", graph.inputs)


def targets_are_listed(graph: Graph) -> Iterator[str]:
    """`targets` are exactly the nodes of that role, in order."""
    yield from _listed(graph, "target", graph.targets)


def _listed(graph: Graph, role: str, listed: tuple[int, ...]) -> Iterator[str]:
    there = tuple(node.number for node in graph.nodes if node.role == role)
    if there != listed:
        yield f"the nodes {list(there)} are, the list has {list(listed)}"


def outputs_are_named(graph: Graph) -> Iterator[str]:
    """A network has outputs, and no two of one name."""
    names = [output.name for output in graph.outputs]
    if not names:
        yield "there is no output"
    for name in sorted({name for name in names if not name or names.count(name) > 1}):
        yield f"{names.count(name)} outputs are called `{name}`"


def some_output_is_not_aux(graph: Graph) -> Iterator[str]:
    """Aux outputs exist beside another one: inference returns something."""
    if graph.outputs and all(output.aux for output in graph.outputs):
        yield "all outputs are aux"


def inference_needs_no_target(graph: Graph) -> Iterator[str]:
    """What inference returns can be computed from the inputs: targets are for the loss and for aux outputs."""
    targets = set(graph.targets)
    for output in graph.outputs:
        if not output.aux:
            for number in sorted(targets & graph.ancestors(leaves(output.value))):
                yield f"`{output.name}` reads `{graph.nodes[number].name}`"


def loss_is_a_scalar(graph: Graph) -> Iterator[str]:
    """The loss is one number."""
    if graph.loss is not None and tuple(graph.shape(graph.loss)) != ():
        yield f"its shape is {tuple(graph.shape(graph.loss))}"


def nothing_is_dead(graph: Graph) -> Iterator[str]:
    """Every operator serves an output or the loss."""
    roots: list[Value] = [value for output in graph.outputs for value in leaves(output.value)]
    if graph.loss is not None:
        roots.append(graph.loss)
    alive = graph.ancestors(tuple(roots))
    for node in graph.nodes:
        if node.role == "operator" and node.number not in alive:
            yield f"nothing needs `{node.name}`"
