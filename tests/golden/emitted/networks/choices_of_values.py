"""f

Written by netdsl from <text>.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Inverted(nn.Module):
    """inverted(t, c, s)"""

    def __init__(self, channels: int, t: int, c: int, s: int) -> None:
        super().__init__()
        self.t = t
        keeps = s == 1 and channels == c
        if t > 1:
            self.conv1 = nn.Conv2d(channels, t * channels, 1)
        self.conv2 = nn.Conv2d(t * channels, c, 3, stride=s, padding=1)
        self.batch_norm = nn.BatchNorm2d(c)
        self.keeps = keeps

    def forward(self, x: Tensor) -> Tensor:
        body = x
        if self.t > 1:
            body = F.relu6(self.conv1(x))
        body = self.batch_norm(self.conv2(body))
        if self.keeps:
            x = x + body
        else:
            x = body
        return x


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.inverted1 = Inverted(4, 1, 6, 2)
        self.inverted2 = Inverted(6, 3, 6, 1)
        self.inverted3 = Inverted(6, 2, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.inverted1(x)  # 6x4x4
        z = self.inverted2(z)  # 6x4x4
        return self.inverted3(z)  # 4x4x4
