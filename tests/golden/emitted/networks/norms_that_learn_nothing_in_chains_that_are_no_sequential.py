"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns."""

    y: Tensor
    z: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Module()
        self.a.add_module("0", nn.GroupNorm(2, 4, affine=False))
        self.b = nn.Module()
        self.b.add_module("0", nn.BatchNorm1d(4, affine=False))
        self.b.dropout = nn.Dropout(0.5)
        self.b.instance_norm = nn.InstanceNorm1d(4)

    def forward(self, x: Tensor) -> NetFOutput:
        y = squash(self.a.get_submodule("0")(x), -1)  # 4x6
        w = self.b.get_submodule("0")(x)  # 4x6
        w = crop(w, (4,))  # 4x4
        z = squash(self.b.instance_norm(self.b.dropout(w)), -1)  # 4x4
        return NetFOutput(y, z)


def crop(x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None) -> Tensor:
    """Cut the spatial axes of `x` to `size`, from `offset` on, or from the middle."""
    for i, extent in enumerate(size):
        start = (x.shape[i + 2] - extent) // 2 if offset is None else offset[i]
        x = x.narrow(i + 2, start, extent)
    return x


def squash(x: Tensor, dim: int, eps: float = 1e-8) -> Tensor:
    """Shrink the vectors along `dim` to lengths below 1: |x|² / (1 + |x|²) · x / |x| (Sabour et al., 2017)."""
    square = x.square().sum(dim, keepdim=True)
    return square / (1 + square) * x / (square + eps).sqrt()
