"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Layer(nn.Module):
    """layer(g)"""

    def __init__(self, channels: int, g: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, g, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat((x, self.conv(x)), 1)


class Dense(nn.Sequential):
    """dense(n, g)"""

    def __init__(self, channels: int, n: int, g: int) -> None:
        super().__init__()
        for _ in range(n):
            self.append(Layer(channels, g))
            channels += g
        self.out_channels = channels


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        a = nn.Sequential()
        dense = Dense(3, 2, 4)
        a.append(dense)
        a.append(nn.BatchNorm2d(dense.out_channels))
        dense2 = Dense(dense.out_channels, 3, 2)
        a.append(dense2)
        self.a = a
        b = nn.Sequential()
        dense3 = Dense(dense2.out_channels, 2, 1)
        b.add_module("one", dense3)
        b.add_module("two", nn.BatchNorm2d(dense3.out_channels))
        self.b = b
        dense4 = Dense(dense3.out_channels, 1, 2)
        self.add_module("3", dense4)
        self.add_module("4", nn.Conv2d(dense4.out_channels, 2, 1))

    def forward(self, x: Tensor) -> Tensor:
        z = self.a(x)  # 17x8x8
        z = self.b(z)  # 19x8x8
        z = self.get_submodule("3")(z)  # 21x8x8
        return self.get_submodule("4")(z)  # 2x8x8
