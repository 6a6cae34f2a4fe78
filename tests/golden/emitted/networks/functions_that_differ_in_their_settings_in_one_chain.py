"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class T(nn.Sequential):
    """t"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.PReLU(num_parameters=channels),
            AddScalar0_5(),
            AddScalarMinus0_25(),
            ClampLowMinus0_5(),
            ClampHigh0_75(),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    a: Tensor
    b: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.t1 = T(2)
        self.t2 = T(2)

    def forward(self, x: Tensor) -> NetFOutput:
        a = self.t1(x)  # 2x5x8
        y = -x  # 2x5x8
        b = self.t2(y)  # 2x5x8
        return NetFOutput(a, b)


class AddScalar0_5(nn.Module):
    """add(scalar = 0.5)"""

    def forward(self, x: Tensor) -> Tensor:
        return x + 0.5


class AddScalarMinus0_25(nn.Module):
    """add(scalar = -0.25)"""

    def forward(self, x: Tensor) -> Tensor:
        return x + (-0.25)


class ClampHigh0_75(nn.Module):
    """clamp(high = 0.75)"""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(max=0.75)


class ClampLowMinus0_5(nn.Module):
    """clamp(low = -0.5)"""

    def forward(self, x: Tensor) -> Tensor:
        return x.clamp(min=-0.5)
