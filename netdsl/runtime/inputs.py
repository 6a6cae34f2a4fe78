"""What a network is given: the shapes of its inputs, and random numbers for them."""

from __future__ import annotations

import torch
from torch import Tensor

from netdsl.diagnostics import placeless
from netdsl.graph import Graph, Node
from netdsl.ops.op import Classes


def inputs_of(graph: Graph) -> list[Node]:
    return [graph.nodes[number] for number in graph.inputs]


def fixed(node: Node) -> tuple[int, ...]:
    """The shape of an input, every extent a number. Raises NetdslError N734 where one is a symbol."""
    extents = tuple(extent for extent in node.shape if isinstance(extent, int))
    if len(extents) < len(node.shape):
        shape = ", ".join(map(str, node.shape))
        example = "x".join(str(e) if isinstance(e, int) else "256" for e in node.shape)
        raise placeless(
            "N734",
            f"the input `{node.name}` is [{shape}], and a run needs its size",
            help=f"give it, for instance `--input {node.name}={example}`",
        )
    return extents


def random_input(node: Node, batch: int, draws: torch.Generator | None = None) -> Tensor:
    """Normal numbers, by `draws` or by torch's own; a class is always 0, which every network has."""
    if isinstance(node.shape, Classes):
        return torch.zeros(batch, *fixed(node), dtype=torch.int64)
    return torch.randn(batch, *fixed(node), generator=draws)
