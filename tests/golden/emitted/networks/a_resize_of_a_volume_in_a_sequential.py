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
        self.prelu = nn.PReLU(num_parameters=3)
        self.a = nn.Sequential(ResizeSize3AlignCornersTrue3d(), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        z = self.prelu(x)  # 3x2x4x3
        return self.a(z)  # 3x3x3x3


class ResizeSize3AlignCornersTrue3d(nn.Module):
    """resize(size = 3, align_corners = true)"""

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(x, size=3, mode="trilinear", align_corners=True)
