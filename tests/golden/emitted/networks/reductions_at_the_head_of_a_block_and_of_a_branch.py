"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class T(nn.Sequential):
    """t"""

    def __init__(self) -> None:
        super().__init__(
            SumKeepTrue2d(),
            nn.Sigmoid(),
        )


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.t = T()

    def forward(self, x: Tensor) -> NetFOutput:
        y = self.t(x)  # 1x1x1
        z = x.amin(1, keepdim=True) + x.amax(1, keepdim=True)  # 1x4x4
        return NetFOutput(y, z)


class SumKeepTrue2d(nn.Module):
    """sum(keep = true)"""

    def forward(self, x: Tensor) -> Tensor:
        return x.sum((1, 2, 3), keepdim=True)
