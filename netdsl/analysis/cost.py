"""What each node costs: parameters, multiply-accumulates, elements of its outputs; for one sample."""

from __future__ import annotations

import math
from dataclasses import dataclass

from netdsl import cost
from netdsl.analysis.count import Count
from netdsl.extent import Extent, NotAffine, bind, symbols
from netdsl.graph import Graph, Node
from netdsl.ops.op import Op, OpError, Shape

BYTES = 4  # of an element, in fp32


@dataclass(frozen=True, slots=True)
class Cost:
    """`params` train and `frozen` do not; both are counted at one of the nodes that use the module, not again.
    `macs` counts convolutions, deconvolutions, linear layers and matrix products. `elements` is those of all outputs.
    """

    params: int
    frozen: int
    macs: Count
    elements: Count

    @property
    def scalars(self) -> int:
        """All that the modules hold, trained or frozen."""
        return self.params + self.frozen

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            self.params + other.params,
            self.frozen + other.frozen,
            self.macs + other.macs,
            self.elements + other.elements,
        )


NOTHING = Cost(0, 0, Count(), Count())


def costs(graph: Graph) -> tuple[Cost, ...]:
    """The cost of every node, by number. A shared module is charged to the first node that uses it at inference, else
    to the first."""
    charged: dict[str, int] = {}
    for number in (*cost.inference(graph), *range(len(graph.nodes))):
        charged.setdefault(graph.nodes[number].owner, number)
    found = []
    for node in graph.nodes:
        elements = sum((Count.product(shape) for shape in node.shapes), Count())
        if node.op is None:
            found.append(Cost(0, 0, Count(), elements))
            continue
        shapes = graph.operand_shapes(node)
        params = frozen = 0
        if not node.owner or charged[node.owner] == node.number:
            params = node.op.params(*shapes)
            frozen = node.op.scalars(*shapes) - params
        found.append(Cost(params, frozen, macs(graph, node), elements))
    return tuple(found)


def macs(graph: Graph, node: Node) -> Count:
    """The multiply-accumulates of one application."""
    if node.op is None:
        return Count()
    shapes = graph.operand_shapes(node)
    if any(not isinstance(extent, int) for shape in (*shapes, *node.shapes) for extent in shape):
        return _symbolic_macs(node.op, shapes, node.shapes) or Count({(f"macs of {node.name}",): 1})
    return Count({(): int(node.op.macs(*shapes))})  # type: ignore[arg-type]


def _symbolic_macs(op: Op, inputs: tuple[Shape, ...], outputs: tuple[Shape, ...]) -> Count | None:
    """A factor times the unknown extents of an output, or of an input, where that is right at three samples of sizes.

    An operator's rule gives numbers for numbers; that its count is such a product is how all of them are.
    """
    names = sorted({name for shape in (*inputs, *outputs) for extent in shape for name in symbols(extent)})
    samples = [{name: 211 + 16 * i + 64 * k for i, name in enumerate(names)} for k in range(3)]
    try:
        counts = [int(op.macs(*(_bound(shape, sizes) for shape in inputs))) for sizes in samples]  # type: ignore[arg-type]
    except (OpError, NotAffine, TypeError):
        return None
    if not any(counts):
        return Count()
    for shape in (*outputs, *inputs):
        unknown = [extent for extent in shape if not isinstance(extent, int)]
        positions = [math.prod(_number(bind(e, sizes)) for e in unknown) for sizes in samples]
        factor = counts[0] // positions[0]
        if all(count == factor * at for count, at in zip(counts, positions, strict=True)):
            return Count.product(unknown).times(factor)
    return None


def _bound(shape: Shape, sizes: dict[str, int]) -> Shape:
    return type(shape)(bind(extent, sizes) for extent in shape)


def _number(extent: Extent) -> int:
    assert isinstance(extent, int)
    return int(extent)
