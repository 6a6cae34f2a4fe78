"""Random weights and inputs for proofs: signed everywhere, batch norms far from the identity, and always the same.

Fresh layers prove little: a batch norm that has seen nothing is the identity, and data that are never negative cannot
tell padding by zero from padding by minus infinity.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Mapping, Sequence
from functools import cache

import torch
from torch import Tensor

from netdsl.graph import Node
from netdsl.ops.op import Classes

POOL = 1_000_003  # larger tensors repeat themselves: a prime, so that no row, tap or channel meets its like
CLASSES = 2  # class indices are 0 and 1, which every network with classes has


def weight(path: str, shape: Sequence[int], floating: bool = True) -> Tensor:
    """A weight or buffer, float64, by the last name of its path in a state_dict."""
    if not floating:
        return torch.zeros(shape, dtype=torch.int64)
    drawn = normal(path, shape)
    name = path.rpartition(".")[2]
    if name == "running_var":
        return drawn.abs() + 0.5
    if len(shape) > 1:  # keeps the variance through a layer and a rectifier (He et al., 2015)
        return drawn.mul_(math.sqrt(2 * shape[0] / math.prod(shape)))
    if name == "weight":  # of a norm: gamma, of either sign
        return torch.where(drawn < 0, -1.0, 1.0) * (0.5 + drawn.abs() / 2)
    return 0.5 * drawn


def weights(state: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """For every entry of a state_dict."""
    return {path: weight(path, tensor.shape, tensor.is_floating_point()) for path, tensor in state.items()}


def value(seed: str, shape: Sequence[int]) -> Tensor:
    """What a map holds, float64, batch and channels among the axes of `shape`: signed, and wide enough to reach the
    upper bend of relu6."""
    return normal(seed, shape).mul_(3)


def normal(seed: str, shape: Sequence[int]) -> Tensor:
    """Numbers of mean 0 and variance 1, float64."""
    count = math.prod(shape)
    generator = _generator(seed)
    if count <= POOL:
        return torch.randn(tuple(shape), generator=generator).double()
    offset = int(torch.randint(0, POOL, (), generator=generator))
    return _pool().repeat(-(-count // POOL) + 1)[offset : offset + count].view(tuple(shape)).double()


@cache
def _pool() -> Tensor:
    return torch.randn(POOL, generator=_generator("pool"))


def inputs(nodes: Sequence[Node], batch: int) -> list[Tensor]:
    """One for each input, of known shape."""
    found = []
    for node in nodes:
        shape = (batch, *(int(extent) for extent in node.shape))  # type: ignore[arg-type]
        if isinstance(node.shape, Classes):
            found.append(torch.randint(0, CLASSES, shape, generator=_generator(node.name)))
        else:
            found.append(value(node.name, shape))
    return found


def _generator(seed: str) -> torch.Generator:
    return torch.Generator().manual_seed(zlib.crc32(seed.encode()))
