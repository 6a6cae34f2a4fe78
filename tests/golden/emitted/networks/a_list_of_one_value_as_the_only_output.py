"""f

Written by netdsl from <text>.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(4, 2, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return (F.relu(self.conv(x)),)  # 2x4x4
