"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Unit(nn.Sequential):
    """unit(p)"""

    def __init__(self, channels: int, p: int) -> None:
        super().__init__()
        self.append(nn.Conv2d(channels, p, 1))
        if p % 2 == 0:
            w = p + 1
            if w > 5:
                self.append(nn.Conv2d(p, w, 1))
                self.append(nn.Tanh())
            else:
                self.append(nn.ReLU())


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(2, 4)
        self.unit2 = Unit(4, 6)
        self.unit3 = Unit(7, 3)

    def forward(self, x: Tensor) -> Tensor:
        z = self.unit1(x)  # 4x6x6
        z = self.unit2(z)  # 7x6x6
        return self.unit3(z)  # 3x6x6
