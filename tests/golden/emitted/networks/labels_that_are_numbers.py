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
        _7 = nn.Module()
        _7.add_module("1", nn.Conv2d(3, 3, 1))
        _7.add_module("0", nn.Sequential(nn.Conv2d(3, 2, 1), nn.ReLU()))
        self.add_module("7", _7)
        _9 = nn.Sequential()
        _9.add_module("3", nn.Conv2d(5, 1, 1))
        self.add_module("9", _9)

    def forward(self, x: Tensor) -> Tensor:
        z = torch.cat((self.get_submodule("7.1")(x), self.get_submodule("7.0")(x)), 1)  # 5x8x8
        return self.get_submodule("9")(z)  # 1x8x8
