"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns; in eval only when asked."""

    y: tuple[Tensor, ...]
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor, aux: bool = False) -> tuple[Tensor, ...] | NetFOutput:
        y = self.conv(x)  # 4x4x4
        y, w = y.chunk(2, 1)
        if not (self.training or aux):
            return (y, w)
        z = torch.tanh(y)  # 2x4x4
        return NetFOutput((y, w), z)

    @staticmethod
    def loss(outputs: tuple[Tensor, ...] | NetFOutput, t: Tensor) -> Tensor:
        if not isinstance(outputs, NetFOutput):
            raise ValueError("the loss needs z: call the network in training, or with aux=True")
        return F.mse_loss(outputs.z, t)
