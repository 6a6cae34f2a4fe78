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
        self.layer_norm = nn.LayerNorm((4, 3, 3), elementwise_affine=False)
        self.group_norm = nn.GroupNorm(2, 4, affine=False)
        self.batch_norm = nn.BatchNorm2d(4, affine=False)
        self.named = nn.BatchNorm2d(4, affine=False)
        self.instance_norm = nn.InstanceNorm2d(4)

    def forward(self, x: Tensor) -> NetFOutput:
        y = self.batch_norm(self.group_norm(self.layer_norm(x)))  # 4x3x3
        z = self.instance_norm(self.named(x))  # 4x3x3
        return NetFOutput(y, z)
