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
        self.conv = nn.Conv2d(3, 4, 3, padding=1)
        self.batch_norm = nn.BatchNorm2d(4)
        self.linear = nn.Linear(256, 5)

    def forward(self, x: Tensor) -> Tensor:
        z = F.relu(self.batch_norm(self.conv(x)))  # 4x8x8
        z = z.flatten(1)  # 256
        return self.linear(z)  # 5
