"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def forward(self, x: Tensor) -> NetFOutput:
        z = F.relu(x)  # 3x6x6
        return NetFOutput(x, z)
