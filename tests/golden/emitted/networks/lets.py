"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Sequential):
    """unit(w, e = 2)"""

    def __init__(self, channels: int, w: int, e: int = 2) -> None:
        super().__init__()
        inner = w * e
        wide = inner > 8
        self.append(nn.Conv2d(channels, inner, 1))
        if wide:
            self.append(nn.ReLU())
        self.append(nn.Conv2d(inner, w, 3, padding=1))


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(3, 4)
        self.unit2 = Unit(4, 6)
        self.conv = nn.Conv2d(6, 7, 1)

    def forward(self, x: Tensor) -> Tensor:
        z = self.unit1(x)  # 4x6x6
        z = self.unit2(z)  # 6x6x6
        return self.conv(z)  # 7x6x6
