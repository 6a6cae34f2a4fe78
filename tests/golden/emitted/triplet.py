"""One tower that sees two or three images: its weights are shared, and counted once.

Written by netdsl from siamese.net.
"""

from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Triplet", "TripletOutput"]


class SmallTower(nn.Sequential):
    """small_tower(dim = 128)"""

    def __init__(self, channels: int, dim: int = 128) -> None:
        super().__init__()
        for c in (32, 64, 128):
            self.append(nn.Conv2d(channels, c, 3, padding=1))
            self.append(nn.BatchNorm2d(c))
            self.append(nn.ReLU())
            self.append(nn.MaxPool2d(2))
            channels = c
        self.append(nn.Flatten())
        self.append(nn.Linear(channels * 144, dim))
        self.append(L2Normalise())


class TripletOutput(NamedTuple):
    """What the network returns; in eval only when asked."""

    a: Tensor
    p: Tensor
    n: Tensor


class Triplet(nn.Module):
    """The triplet loss of FaceNet (Schroff, Kalenichenko and Philbin, 2015) on a small tower: an anchor lies nearer to
    a positive than to a negative, by a margin. Only the anchor's embedding is needed once it is trained.
    """

    def __init__(self, margin: float = 0.2) -> None:
        super().__init__()
        self.margin = margin
        self.tower = SmallTower(3)

    def forward(
        self, anchor: Tensor, positive: Tensor | None = None, negative: Tensor | None = None, aux: bool = False
    ) -> Tensor | TripletOutput:
        a = self.tower(anchor)  # 128
        if not (self.training or aux):
            return a
        if positive is None or negative is None:
            raise ValueError("training needs positive and negative too")
        p = self.tower(positive)  # 128
        n = self.tower(negative)  # 128
        return TripletOutput(a, p, n)

    def loss(self, outputs: Tensor | TripletOutput) -> Tensor:
        if isinstance(outputs, Tensor):
            raise ValueError("the loss needs p and n: call the network in training, or with aux=True")
        x = torch.linalg.vector_norm(outputs.a - outputs.p, dim=1) ** 2
        x = x - torch.linalg.vector_norm(outputs.a - outputs.n, dim=1) ** 2 + self.margin
        return F.relu(x).mean()


class L2Normalise(nn.Module):
    """l2_normalise"""

    def forward(self, x: Tensor) -> Tensor:
        return F.normalize(x)
