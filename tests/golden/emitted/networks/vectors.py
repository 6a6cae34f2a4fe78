"""f

Written by netdsl from <text>.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class Mlp(nn.Sequential):
    """mlp(ns)"""

    def __init__(self, features: int, ns: tuple[int, ...]) -> None:
        super().__init__()
        for n in ns:
            self.append(nn.Linear(features, n))
            self.append(nn.ReLU())
            features = n
        self.out_channels = features


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.mlp1 = Mlp(7, (5, 4))
        self.mlp2 = Mlp(self.mlp1.out_channels, (3, 4))
        self.linear = nn.Linear(self.mlp1.out_channels, 2)

    def forward(self, x: Tensor) -> Tensor:
        z = self.mlp1(x)  # 4
        z = z + self.mlp2(z)  # 4
        return F.log_softmax(self.linear(z), 1)  # 2
