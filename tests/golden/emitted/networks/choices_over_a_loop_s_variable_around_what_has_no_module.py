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
        self.norm0 = nn.PReLU(num_parameters=2)
        self.norm1 = nn.PReLU(num_parameters=2)
        self.conv0 = nn.Conv2d(2, 2, 1)
        self.conv1 = nn.Conv2d(2, 2, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.norm1(self.norm0(F.normalize(x)))  # 2x6x6
        z = F.avg_pool2d(z, 1, stride=1)  # 2x6x6
        z = self.conv0(z)  # 2x6x6
        z = F.avg_pool2d(z, 3, stride=1, padding=1)  # 2x6x6
        return self.conv1(z)  # 2x6x6
