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

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def forward(self, x: Tensor, aux: bool = False) -> Tensor | NetFOutput:
        y = F.relu(x)  # 3x4x4
        if not (self.training or aux):
            return y
        z = torch.tanh(x)  # 3x4x4
        return NetFOutput(y, z)
