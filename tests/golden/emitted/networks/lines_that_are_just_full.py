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
        self.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa = nn.Sequential(nn.Conv2d(3, 4, 3, padding=1), nn.ReLU())
        self.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb = nn.Sequential(nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())
        self.cccccccccccccccccccccccccccccccccccccccccccccccccc = nn.Sequential(
            nn.Conv2d(4, 4, 3, padding=1),
            nn.ReLU(),
        )
        self.dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd = nn.Conv2d(
            4, 4, 1
        )
        self.eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee = nn.Conv2d(
            4, 4, 1
        )
        self.ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff = nn.Conv2d(
            4, 4, 1
        )
        self.ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg = nn.Conv2d(
            4, 4, 1
        )

    def forward(self, x: Tensor) -> Tensor:
        z = self.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa(x)  # 4x8x8
        z = self.bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb(z)  # 4x8x8
        z = self.cccccccccccccccccccccccccccccccccccccccccccccccccc(z)  # 4x8x8
        z = self.dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd(z)  # 4x8x8
        z = self.eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee(z)  # 4x8x8
        z = self.ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff(z)
        z = self.ggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggggg(
            z
        )  # 4x8x8
        return F.relu(z)  # 4x8x8
