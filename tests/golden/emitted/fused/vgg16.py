"""VGG (Simonyan and Zisserman, Very deep convolutional networks for large-scale image recognition, 2014).

Written by netdsl from vgg.net.
"""

import torch.nn.functional as F
from netdsl.kernels.fused import FusedSequential
from torch import Tensor, nn

__all__ = ["VGG16"]


class VGG16(nn.Module):
    """vgg16 = vgg_d"""

    def __init__(self, classes: int = 1000) -> None:
        super().__init__()
        features = FusedSequential()
        channels = 3
        for width, kernels in ((64, (3, 3)), (128, (3, 3)), (256, (3, 3, 3)), (512, (3, 3, 3)), (512, (3, 3, 3))):
            for k in kernels:
                features.append(nn.Conv2d(channels, width, k, padding=k // 2))
                features.append(nn.ReLU())
                channels = width
            features.append(nn.MaxPool2d(2))
        self.features = features
        classifier = nn.Sequential()
        channels *= 49
        for _ in range(2):
            classifier.append(nn.Linear(channels, 4096))
            classifier.append(nn.ReLU())
            classifier.append(nn.Dropout(0.5))
            channels = 4096
        classifier.append(nn.Linear(4096, classes))
        self.classifier = classifier

    def forward(self, image: Tensor) -> Tensor:
        x = self.features(image)  # 512x7x7
        x = x.flatten(1)  # 25088
        return self.classifier(x)  # 1000

    @staticmethod
    def loss(logits: Tensor, label: Tensor) -> Tensor:
        return F.cross_entropy(logits, label)
