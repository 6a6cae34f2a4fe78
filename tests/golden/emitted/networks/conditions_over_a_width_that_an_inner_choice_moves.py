"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Sequential):
    """unit(p, q = 3)"""

    def __init__(self, channels: int, p: int, q: int = 3) -> None:
        super().__init__()
        if p > 4:
            self.append(nn.Conv2d(channels, 1, 1))
            self.append(nn.ReLU())
            channels = 1
        if p % 2 == 0:
            self.append(nn.Tanh())
        else:
            if channels != q:
                self.append(nn.Conv2d(channels, q // 2 + 1, 3, padding=1))
            else:
                self.append(nn.BatchNorm2d(channels))
            channels = q // 2 + 1
        self.append(nn.Conv2d(channels, q, 1))


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(2, 4)
        self.unit2 = Unit(3, 5)
        self.unit3 = Unit(3, 3, q=2)
        self.unit4 = Unit(2, 3, q=2)
        self.unit5 = Unit(2, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.unit1(x)  # 3x6x6
        z = self.unit2(z)  # 3x6x6
        z = self.unit3(z)  # 2x6x6
        z = self.unit4(z)  # 2x6x6
        return self.unit5(z)  # 3x6x6
