"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Sep(nn.Sequential):
    """sep(c, s)"""

    def __init__(self, channels: int, c: int, s: int) -> None:
        super().__init__(
            nn.Conv2d(channels, channels, 3, stride=s, padding=1, groups=channels),
            nn.Conv2d(channels, c, 1),
            nn.ReLU(),
        )


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.sep1 = Sep(4, 6, 1)
        self.sep2 = Sep(6, 8, 2)
        self.sep3 = Sep(8, 8, 1)
        self.linear = nn.Linear(8, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.sep1(x)  # 6x16x16
        z = self.sep2(z)  # 8x8x8
        z = self.sep3(z)  # 8x8x8
        z = z.mean((2, 3))  # 8
        return self.linear(z)  # 3
