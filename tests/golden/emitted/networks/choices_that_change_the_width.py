"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Step(nn.Sequential):
    """step(c, deep)"""

    def __init__(self, channels: int, c: int, deep: bool) -> None:
        super().__init__()
        if deep:
            self.append(nn.Conv2d(channels, c, 3, padding=1))
            self.append(nn.ReLU())
            self.append(nn.Conv2d(c, 2 * c, 1))
            channels = 2 * c
        else:
            self.append(nn.Conv2d(channels, c, 1))
            channels = c
        self.append(nn.BatchNorm2d(channels))


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.step1 = Step(3, 4, True)
        self.step2 = Step(8, 5, False)
        self.step3 = Step(5, 2, True)

    def forward(self, x: Tensor) -> Tensor:
        z = self.step1(x)  # 8x8x8
        z = self.step2(z)  # 5x8x8
        return self.step3(z)  # 4x8x8
