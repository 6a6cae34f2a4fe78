"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Cb(nn.Sequential):
    """cb(...args)"""

    def __init__(
        self,
        channels: int,
        out: int,
        kernel: int | tuple[int, ...],
        padding: int | tuple[int, ...],
        stride: int = 1,
        groups: int = 1,
    ) -> None:
        super().__init__(
            nn.Conv2d(channels, out, kernel, stride=stride, padding=padding, groups=groups, bias=False),
            nn.BatchNorm2d(out),
        )


class CbrRelu(nn.Sequential):
    """cbr(...args, act = relu), where act is relu"""

    def __init__(
        self, channels: int, out: int, kernel: int | tuple[int, ...], padding: int | tuple[int, ...], stride: int = 1
    ) -> None:
        super().__init__(
            Cb(channels, out, kernel, padding, stride=stride),
            nn.ReLU(),
        )


class CbrRelu6(nn.Sequential):
    """cbr(...args, act = relu), where act is relu6"""

    def __init__(self, channels: int, out: int, kernel: int) -> None:
        super().__init__(
            Cb(channels, out, kernel, 0),
            nn.ReLU6(),
        )


class Unit(nn.Sequential):
    """unit(c, s)"""

    def __init__(self, channels: int, c: int, s: int) -> None:
        super().__init__(
            CbrRelu(channels, c, 3, 1, stride=s),
            CbrRelu6(c, c, 1),
            Cb(c, 2 * c, 3, 1, groups=2),
        )


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.unit1 = Unit(4, 4, 1)
        self.unit2 = Unit(8, 6, 2)
        self.cbr = CbrRelu(12, 3, (1, 3), (0, 1))

    def forward(self, x: Tensor) -> Tensor:
        z = self.unit1(x)  # 8x9x9
        z = self.unit2(z)  # 12x5x5
        return self.cbr(z)  # 3x5x5
