"""AlexNet (Krizhevsky, Sutskever and Hinton, ImageNet classification with deep convolutional neural networks, 2012).

Written by netdsl from alexnet.net.
"""

import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["AlexNetTorchvision"]


class AlexNetTorchvision(nn.Module):
    """torchvision's `alexnet`, with its keys: the later single column of "One weird trick for parallelizing
    convolutional neural networks" (Krizhevsky, 2014): 64 first maps, no response norm, dropout before the linear
    layers.
    """

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        self.features = nn.Sequential(
            nn.Conv2d(3, 64, 11, stride=4, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(64, 192, 5, padding=2),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
            nn.Conv2d(192, 384, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(384, 256, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(256, 256, 3, padding=1),
            nn.ReLU(),
            nn.MaxPool2d(3, stride=2),
        )
        classifier = nn.Sequential()
        channels = 9216
        for _ in range(2):
            classifier.append(nn.Dropout(0.5))
            classifier.append(nn.Linear(channels, 4096))
            classifier.append(nn.ReLU())
            channels = 4096
        classifier.append(nn.Linear(4096, classes))
        self.classifier = classifier

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image)  # 256x6x6
        x = F.adaptive_avg_pool2d(x, 6)  # 256x6x6
        x = x.flatten(1)  # 9216
        return self.classifier(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
