"""Whether a module still holds the weights that an engine packed."""

from __future__ import annotations

from operator import attrgetter, getitem, is_
from typing import Any

import torch
from torch import Tensor, nn

_versions = attrgetter("_version")


class StaleEngine(RuntimeError):
    """The module's weights have changed since the engine packed them; `engine.refresh()` packs them again."""


class Snapshot:
    """What the tree of a module held: its modules, parameters and buffers, and where and in which version.

    Torch counts versions itself: whatever is done to a tensor in place is seen, and so is a tensor, a module or a
    memory put in place of another. What is done through `tensor.data` or NumPy is not.
    """

    def __init__(self, module: nn.Module) -> None:
        holders: list[dict[str, Any]] = []
        names: list[str] = []
        for each in module.modules():
            for holder in (each._modules, each._parameters, each._buffers):
                holders += [holder] * len(holder)
                names += holder
        self.holders, self.names = holders, names
        self.held = list(map(getitem, holders, names))
        self.tensors = [tensor for tensor in self.held if isinstance(tensor, Tensor)]
        self.places = list(map(torch.Tensor.data_ptr, self.tensors))
        self.counted = [tensor for tensor in self.tensors if not tensor.is_inference()]  # those have no version
        self.versions = list(map(_versions, self.counted))

    def holds(self) -> bool:
        """Whether all is as it was."""
        return (
            list(map(_versions, self.counted)) == self.versions
            and list(map(torch.Tensor.data_ptr, self.tensors)) == self.places
            and all(map(is_, map(dict.get, self.holders, self.names), self.held))
        )
