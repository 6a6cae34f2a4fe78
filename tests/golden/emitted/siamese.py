"""One tower that sees two or three images: its weights are shared, and counted once.

Written by netdsl from siamese.net.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Siamese"]


class KochTower(nn.Sequential):
    """Figure 4 of Koch et al.; its even kernels pad nothing."""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, 64, 10),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(64, 128, 7),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(128, 128, 4),
            nn.ReLU(),
            nn.MaxPool2d(2),
            nn.Conv2d(128, 256, 4),
            nn.ReLU(),
            nn.Flatten(),
            nn.Linear(9216, 4096),
            nn.Sigmoid(),
        )


class Siamese(nn.Module):
    """Are these two characters the same? (Koch, Zemel and Salakhutdinov, Siamese neural networks for one-shot image
    recognition, 2015.) The paper's weighted distance has no bias; this one has.
    """

    def __init__(self) -> None:
        super().__init__()
        self.tower = KochTower(1)
        self.linear = nn.Linear(4096, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        x = (self.tower(left) - self.tower(right)).abs()  # 4096
        return torch.sigmoid(self.linear(x))  # 1

    @staticmethod
    def loss(score: Tensor, same: Tensor) -> Tensor:
        return F.binary_cross_entropy(score, same)
