"""AlexNet (Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, 2012).

Written by netdsl from alexnet.net.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AlexNet"]


class AlexNet(nn.Module):
    """The network of 2012: the two GPUs of the paper are two groups, which gives its "60 million" parameters, and those
    of Caffe's bvlc_alexnet to the unit. The paper says 224 pixels, but its 55 x 55 maps need 227. Its response norm
    adds 1e-4 per square; `lrn` divides alpha by the window, hence 5e-4.
    """

    def __init__(self, groups: int = 2, classes: int = 1000) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.conv2 = nn.Conv2d(96, 256, 5, padding=2, groups=groups)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(384, 384, 3, padding=1, groups=groups)
        self.conv5 = nn.Conv2d(384, 256, 3, padding=1, groups=groups)
        self.linear1 = nn.Linear(9216, 4096)
        self.dropout1 = nn.Dropout(0.5)
        self.linear2 = nn.Linear(4096, 4096)
        self.dropout2 = nn.Dropout(0.5)
        self.linear3 = nn.Linear(4096, classes)

    def forward(self, image: Tensor) -> Tensor:
        x = F.local_response_norm(F.relu(self.conv1(image)), 5, alpha=0.0005, k=2)  # 96x55x55
        x = F.max_pool2d(x, 3, stride=2)  # 96x27x27
        x = F.local_response_norm(F.relu(self.conv2(x)), 5, alpha=0.0005, k=2)  # 256x27x27
        x = F.max_pool2d(x, 3, stride=2)  # 256x13x13
        x = F.relu(self.conv3(x))  # 384x13x13
        x = F.relu(self.conv4(x))  # 384x13x13
        x = F.relu(self.conv5(x))  # 256x13x13
        x = F.max_pool2d(x, 3, stride=2)  # 256x6x6
        x = x.flatten(1)  # 9216
        x = self.dropout1(F.relu(self.linear1(x)))  # 4096
        x = self.dropout2(F.relu(self.linear2(x)))  # 4096
        return self.linear3(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
