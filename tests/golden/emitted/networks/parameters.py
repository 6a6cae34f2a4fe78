"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.parameter = nn.Parameter(torch.empty(1, 4, 5, 5))
        nn.init.ones_(self.parameter)
        self.scale = Scale(4, bias=True)
        self.prelu = nn.PReLU(num_parameters=4)

    def forward(self, x: Tensor) -> Tensor:
        z = x * self.parameter  # 4x5x5
        return self.prelu(self.scale(z))  # 4x5x5


class Scale(nn.Module):
    """Multiply each channel by a learned number, and perhaps add another."""

    def __init__(self, channels: int, bias: bool = False) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        shape = (-1,) + (1,) * (x.dim() - 2)
        x = x * self.weight.view(shape)
        return x if self.bias is None else x + self.bias.view(shape)
