"""LeNet-5 (LeCun, Bottou, Bengio and Haffner, Gradient-based learning applied to document recognition, 1998).

Written by netdsl from lenet.net.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["LeNet"]


class LeNet(nn.Module):
    """The form that is taught: C3 reads all six maps of S2, S2 and S4 are plain averages, the last layer is linear:
    61,706 parameters. The paper counts 60,000: C3 reads the maps of its table I (1,516 weights, not 2,416), S2 and
    S4 train a gain and a bias for each map (44), and 84 fixed radial basis functions stand at the output (10 x 85
    fewer).
    """

    def __init__(self, classes: int = 10) -> None:
        super().__init__()
        self.c1 = nn.Conv2d(1, 6, 5)
        self.c3 = nn.Conv2d(6, 16, 5)
        self.c5 = nn.Conv2d(16, 120, 5)
        self.f6 = nn.Linear(120, 84)
        self.f7 = nn.Linear(84, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = torch.tanh(self.c1(image))  # 6x28x28
        x = F.avg_pool2d(x, 2)  # 6x14x14
        x = torch.tanh(self.c3(x))  # 16x10x10
        x = F.avg_pool2d(x, 2)  # 16x5x5
        x = torch.tanh(self.c5(x))  # 120x1x1
        x = x.flatten(1)  # 120
        x = torch.tanh(self.f6(x))  # 84
        return self.f7(x)  # 10

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
