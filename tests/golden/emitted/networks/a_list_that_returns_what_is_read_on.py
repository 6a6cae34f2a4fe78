"""f

Written by netdsl from <text>.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF"]


class G(nn.Module):
    """g"""

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        x = F.relu(x)
        y = torch.tanh(x)
        z = x.exp()
        return x, y, z


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.g = G()

    def forward(self, x: Tensor) -> Tensor:
        p, q, r = self.g(x)
        return torch.cat((r, q, p), 1)  # 9x4x4
