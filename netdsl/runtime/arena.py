"""The memory of a plan: one piece, in which each storage has its place."""

from __future__ import annotations

import torch
from torch import Tensor

from netdsl.ops.op import Loss
from netdsl.plan.memory import MemoryPlan
from netdsl.runtime.geometry import known


class Arena:
    """Uninitialised memory for `plan`, whose numbers are of `dtype`. Of several `copies` the first is what `storage`
    shows; `memory` has all."""

    def __init__(self, plan: MemoryPlan, dtype: torch.dtype, device: torch.device, copies: int = 1) -> None:
        assert plan.width == dtype.itemsize, f"the plan is for numbers of {plan.width} bytes"
        self.plan, self.dtype = plan, dtype
        self.memory = torch.empty(copies * plan.size, dtype=torch.uint8, device=device)

    def storage(self, number: int) -> Tensor | None:
        """A storage as [N, C, ..], channels together; None where it does not live here."""
        begin = self.plan.offsets.get(number)
        if begin is None:
            return None
        storage = self.plan.storages[number]
        size = storage.elements * self.plan.batch * self.dtype.itemsize
        flat = self.memory[begin : begin + size].view(self.dtype)
        if isinstance(storage.shape, Loss):  # one number for the batch
            return flat[0]
        if not storage.shape:  # one for each sample
            return flat
        channels, *spatial = known(storage.shape)
        return flat.view(self.plan.batch, *spatial, channels).movedim(-1, 1)
