"""The module that an engine computes: whether it is the network's, and its weights."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import torch
from torch import Tensor, nn

from netdsl.graph import Graph
from netdsl.ops.op import Shape
from netdsl.runtime.geometry import known
from netdsl.step import walk


def weights_of(graph: Graph, module: nn.Module, device: torch.device) -> dict[str, Tensor]:
    """All that `graph` computes with, on `device`, as the module holds it now.

    Raises ValueError where the module is in training mode, or not one of this network.
    """
    if any(each.training for each in module.modules()):
        raise ValueError("the model is in training mode, and an engine computes what it does in eval: `model.eval()`")
    state = module.state_dict()
    for path, shape in expected(graph):
        if path not in state:
            raise ValueError(f"the model is not this network's: it has no `{path}`")
        if tuple(state[path].shape) != known(shape):
            found = list(state[path].shape)
            raise ValueError(f"the model is not this network's: `{path}` is {found}, not {list(known(shape))}")
    return {path: state[path].detach().to(device) for path, _ in expected(graph)}


def expected(graph: Graph) -> Iterator[tuple[str, Shape]]:
    """The weights and buffers of a graph: their paths in a state_dict, and their shapes."""
    for node in graph.nodes:
        for part, given, _ in walk(graph, node):
            tensors: Mapping[str, Shape] = {**part.op.weights(*given), **part.op.buffers(*given)}
            for name, shape in tensors.items():
                yield f"{part.owner}.{name}" if name else part.owner, shape
