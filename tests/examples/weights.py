"""Networks in float64 with the weights of `oracle/fill.py`, never with the fresh ones that hide mistakes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from tests.oracle.fill import fill


def empty(make: Callable[[], nn.Module]) -> Any:
    """The module without initial values, which cost more than all the rest of a test."""
    with torch.device("meta"):
        module = make()
    module = module.to(torch.float64).to_empty(device="cpu")
    for key, tensor in module.state_dict().items():
        if key.endswith("num_batches_tracked"):
            tensor.zero_()
    return module.eval()


def filled(make: Callable[[], nn.Module]) -> Any:
    """The module with the weights that its keys give; in eval."""
    module = empty(make)
    fill(module.state_dict())
    return module


def copied(
    module: nn.Module, make: Callable[[], nn.Module], order: Callable[[Any], list[nn.Module]] | None = None
) -> Any:
    """The module of `make` with the weights of `module`, matched by place: in the order of its declarations, or of
    the parts that `order` lists."""
    copy = empty(make)
    theirs = [tensor for part in (order(copy) if order else [copy]) for tensor in part.state_dict().values()]
    ours = list(module.state_dict().values())
    assert [t.shape for t in theirs] == [t.shape for t in ours]
    for target, source in zip(theirs, ours, strict=True):
        target.copy_(source)
    return copy
