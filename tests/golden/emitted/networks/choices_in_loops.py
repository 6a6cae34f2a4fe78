"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Body(nn.Sequential):
    """body(ns)"""

    def __init__(self, channels: int, ns: tuple[int, ...]) -> None:
        super().__init__()
        for n in ns:
            if n % 2 == 0:
                self.append(nn.Conv2d(channels, n, 3, padding=1))
                self.append(nn.ReLU())
                channels = n
            else:
                self.append(nn.MaxPool2d(2))
            self.append(nn.BatchNorm2d(channels))
        self.out_channels = channels


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.body1 = Body(4, (2, 3, 6))
        self.body2 = Body(self.body1.out_channels, (1, 8))

    def forward(self, x: Tensor) -> Tensor:
        z = self.body1(x)  # 6x8x8
        return self.body2(z)  # 8x4x4
