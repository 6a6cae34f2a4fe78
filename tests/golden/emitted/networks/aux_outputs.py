"""f

Written by netdsl from <text>.
"""

from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["NetF", "NetFOutput"]


class NetFOutput(NamedTuple):
    """What the network returns; in eval only when asked."""

    logits: Tensor
    side: Tensor
    deep: Tensor


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 4, 3, padding=1)
        self.conv2 = nn.Conv2d(4, 4, 3, padding=1)
        self.linear1 = nn.Linear(4, 4)
        self.linear2 = nn.Linear(256, 4)
        self.linear3 = nn.Linear(4, 3)

    def forward(self, x: Tensor, aux: bool = False) -> Tensor | NetFOutput:
        a = F.relu(self.conv1(x))  # 4x8x8
        b = self.conv2(a)  # 4x8x8
        y = b.mean((2, 3))  # 4
        logits = self.linear1(y)  # 4
        if not (self.training or aux):
            return logits
        y = a.flatten(1)  # 256
        side = self.linear2(y)  # 4
        y = b.mean((2, 3))  # 4
        deep = self.linear3(y)  # 3
        return NetFOutput(logits, side, deep)

    @staticmethod
    def loss(outputs: Tensor | NetFOutput, label: Tensor) -> Tensor:
        if isinstance(outputs, Tensor):
            raise ValueError("the loss needs side: call the network in training, or with aux=True")
        return F.cross_entropy(outputs.logits, label) + 0.3 * F.cross_entropy(outputs.side, label)
