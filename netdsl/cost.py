"""What a network counts: parameters, those of inference, those that do not train, multiply-accumulates."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from netdsl.extent import Extent, NotAffine
from netdsl.graph import Graph, leaves
from netdsl.ops.op import OpError
from netdsl.step import walk


def params(graph: Graph) -> int:
    """Trained scalars, those of shared modules once: `sum(p.numel() for p in parameters() if p.requires_grad)`."""
    return _weights(graph, range(len(graph.nodes)))[0]


def frozen(graph: Graph) -> int:
    """Scalars of parameters that do not train."""
    return _weights(graph, range(len(graph.nodes)))[1]


def inference(graph: Graph) -> list[int]:
    """The nodes that the outputs need at inference, in order: what only aux outputs and the loss need is left out."""
    values = tuple(leaf for output in graph.outputs if not output.aux for leaf in leaves(output.value))
    return sorted(graph.ancestors(values))


def inference_params(graph: Graph) -> int:
    """Trained scalars that inference needs."""
    return _weights(graph, inference(graph))[0]


def macs(graph: Graph) -> Extent | None:
    """Multiply-accumulates of one sample at inference; None where they depend on the sizes of the input."""
    total: Extent = 0
    for number in inference(graph):
        node = graph.nodes[number]
        if node.op is not None:
            try:
                total = total + node.op.macs(*graph.operand_shapes(node))
            except (NotAffine, OpError, TypeError):
                return None
    return total if isinstance(total, int) else None


FIGURES: dict[str, Callable[[Graph], Extent | None]] = {
    "params": params,
    "inference_params": inference_params,
    "frozen": frozen,
    "macs": macs,
}


def _weights(graph: Graph, numbers: Iterable[int]) -> tuple[int, int]:
    """Trained and frozen scalars of some nodes."""
    counted: set[str] = set()
    trained = fixed = 0
    for number in numbers:
        for part, shapes, _ in walk(graph, graph.nodes[number]):
            if not part.owner or part.owner in counted:
                continue
            counted.add(part.owner)
            some = part.op.params(*shapes)
            trained += some
            fixed += part.op.scalars(*shapes) - some
    return trained, fixed
