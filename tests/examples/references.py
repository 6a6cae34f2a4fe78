"""Small networks written by hand in torch's own layers, straight from the papers: what the examples must equal.

They share nothing with netdsl. Weights are copied by order, so modules are declared in the order of the text.
"""

from __future__ import annotations

import itertools

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class LeNet(nn.Sequential):
    def __init__(self) -> None:
        super().__init__(
            *(nn.Conv2d(1, 6, 5), nn.Tanh(), nn.AvgPool2d(2, 2)),
            *(nn.Conv2d(6, 16, 5), nn.Tanh(), nn.AvgPool2d(2, 2)),
            *(nn.Conv2d(16, 120, 5), nn.Tanh(), nn.Flatten()),
            *(nn.Linear(120, 84), nn.Tanh(), nn.Linear(84, 10)),
        )


class PaperResponseNorm(nn.Module):
    """Section 3.3 of the AlexNet paper, term by term: b_i = a_i / (2 + 1e-4 * sum of a_j^2)^0.75, |j - i| <= 2."""

    def forward(self, a: Tensor) -> Tensor:
        channels = a.shape[1]
        total = torch.zeros_like(a)
        for i in range(channels):
            total[:, i] = (a[:, max(0, i - 2) : min(channels, i + 3)] ** 2).sum(1)
        return a / (2 + 1e-4 * total) ** 0.75


class AlexNet(nn.Module):
    """Two halves that meet only before conv3 and before the linear layers, as the two GPUs did."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 96, 11, stride=4)
        self.conv2 = nn.Conv2d(48, 256, 5, padding=2)
        self.conv3 = nn.Conv2d(256, 384, 3, padding=1)
        self.conv4 = nn.Conv2d(192, 384, 3, padding=1)
        self.conv5 = nn.Conv2d(192, 256, 3, padding=1)
        self.fc6 = nn.Linear(9216, 4096)
        self.fc7 = nn.Linear(4096, 4096)
        self.fc8 = nn.Linear(4096, 1000)
        self.norm = PaperResponseNorm()

    @staticmethod
    def halves(x: Tensor, conv: nn.Conv2d) -> Tensor:
        assert conv.bias is not None
        parts = zip(x.chunk(2, 1), conv.weight.chunk(2), conv.bias.chunk(2), strict=True)
        return torch.cat([F.conv2d(part, w, b, padding=conv.padding) for part, w, b in parts], 1)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(self.norm(self.conv1(x).relu()), 3, 2)
        x = F.max_pool2d(self.norm(self.halves(x, self.conv2).relu()), 3, 2)
        x = self.conv3(x).relu()
        x = self.halves(x, self.conv4).relu()
        x = F.max_pool2d(self.halves(x, self.conv5).relu(), 3, 2)
        x = self.fc7(self.fc6(x.flatten(1)).relu()).relu()
        return self.fc8(x)


class VggALrn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        widths = (3, 64, 128, 256, 256, 512, 512, 512, 512)
        self.convs = nn.ModuleList(nn.Conv2d(a, b, 3, padding=1) for a, b in itertools.pairwise(widths))
        self.fcs = nn.ModuleList((nn.Linear(25088, 4096), nn.Linear(4096, 4096), nn.Linear(4096, 1000)))
        self.norm = PaperResponseNorm()

    def forward(self, x: Tensor) -> Tensor:
        for i, conv in enumerate(self.convs):
            x = conv(x).relu()
            if i == 0:
                x = self.norm(x)
            if i in (0, 1, 3, 5, 7):
                x = F.max_pool2d(x, 2, 2)
        x = x.flatten(1)
        for fc in self.fcs[:2]:
            x = fc(x).relu()
        return self.fcs[2](x)


class Inception(nn.Module):
    def __init__(self, c: int, n1: int, r3: int, n3: int, r5: int, n5: int, pool: int) -> None:
        super().__init__()
        self.a = nn.Conv2d(c, n1, 1)
        self.b1, self.b2 = nn.Conv2d(c, r3, 1), nn.Conv2d(r3, n3, 3, padding=1)
        self.c1, self.c2 = nn.Conv2d(c, r5, 1), nn.Conv2d(r5, n5, 5, padding=2)
        self.d = nn.Conv2d(c, pool, 1)

    def forward(self, x: Tensor) -> Tensor:
        b, c = self.b2(self.b1(x).relu()), self.c2(self.c1(x).relu())
        return torch.cat((self.a(x), b, c, self.d(F.max_pool2d(x, 3, 1, 1))), 1).relu()


class SideHead(nn.Module):
    def __init__(self, c: int) -> None:
        super().__init__()
        self.conv, self.fc1, self.fc2 = nn.Conv2d(c, 128, 1), nn.Linear(2048, 1024), nn.Linear(1024, 1000)

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(F.avg_pool2d(x, 5, 3)).relu()
        return self.fc2(self.fc1(x.flatten(1)).relu())


class GoogLeNet(nn.Module):
    """Caffe's bvlc_googlenet, by its prototxt; dropout aside. Returns the three classifiers' scores."""

    ROWS = (
        *((192, 64, 96, 128, 16, 32, 32), (256, 128, 128, 192, 32, 96, 64)),
        *((480, 192, 96, 208, 16, 48, 64), (512, 160, 112, 224, 24, 64, 64), (512, 128, 128, 256, 24, 64, 64)),
        *((512, 112, 144, 288, 32, 64, 64), (528, 256, 160, 320, 32, 128, 128)),
        *((832, 256, 160, 320, 32, 128, 128), (832, 384, 192, 384, 48, 128, 128)),
    )

    def __init__(self) -> None:
        super().__init__()
        self.conv1, self.reduce2 = nn.Conv2d(3, 64, 7, stride=2, padding=3), nn.Conv2d(64, 64, 1)
        self.conv2 = nn.Conv2d(64, 192, 3, padding=1)
        self.modules_ = nn.ModuleList(Inception(*row) for row in self.ROWS)
        self.fc = nn.Linear(1024, 1000)
        self.side1, self.side2 = SideHead(512), SideHead(528)
        self.norm = nn.LocalResponseNorm(5, alpha=1e-4, beta=0.75, k=1.0)  # Caffe's defaults

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        def pool(x: Tensor) -> Tensor:
            return F.max_pool2d(x, 3, 2, ceil_mode=True)

        x = self.norm(pool(self.conv1(x).relu()))
        x = pool(self.norm(self.conv2(self.reduce2(x).relu()).relu()))
        sides: list[Tensor] = []
        for i, inception in enumerate(self.modules_):
            x = inception(x)
            if i in (2, 5):
                sides.append((self.side1, self.side2)[len(sides)](x))
            if i in (1, 6):
                x = pool(x)
        return self.fc(x.mean((2, 3))), sides[0], sides[1]


class UNet(nn.Module):
    """Figure 1, top to bottom and up again; `width` maps at the top."""

    def __init__(self, width: int) -> None:
        super().__init__()
        w = [width * 2**i for i in range(5)]
        ins = [1, *w[:4]]
        self.down = nn.ModuleList(self.pair(a, b) for a, b in zip(ins, w, strict=True))
        # From the bottom up, each the transposed convolution and then its pair.
        self.up = nn.ModuleList(nn.ConvTranspose2d(2 * b, b, 2, stride=2) for b in reversed(w[:4]))
        self.pairs = nn.ModuleList(self.pair(2 * b, b) for b in reversed(w[:4]))
        self.last = nn.Conv2d(width, 2, 1)

    @staticmethod
    def pair(a: int, b: int) -> nn.Sequential:
        return nn.Sequential(nn.Conv2d(a, b, 3), nn.ReLU(), nn.Conv2d(b, b, 3), nn.ReLU())

    def in_order(self) -> list[nn.Module]:
        """The modules as data meets them, which is the order of the text."""
        rise = [part for up in zip(self.up, self.pairs, strict=True) for part in up]
        return [*self.down, *rise, self.last]

    def forward(self, x: Tensor) -> Tensor:
        skips = []
        for i, pair in enumerate(self.down):
            x = pair(F.max_pool2d(x, 2) if i else x)
            skips.append(x)
        for up, pair, skip in zip(self.up, self.pairs, reversed(skips[:4]), strict=True):
            x = up(x)
            top, left = ((a - b) // 2 for a, b in zip(skip.shape[2:], x.shape[2:], strict=True))
            skip = skip[:, :, top : top + x.shape[2], left : left + x.shape[3]]
            x = pair(torch.cat((skip, x), 1))
        return self.last(x)


class Siamese(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.tower = nn.Sequential(
            *(nn.Conv2d(1, 64, 10), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(64, 128, 7), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(128, 128, 4), nn.ReLU(), nn.MaxPool2d(2)),
            *(nn.Conv2d(128, 256, 4), nn.ReLU(), nn.Flatten()),
            *(nn.Linear(9216, 4096), nn.Sigmoid()),
        )
        self.last = nn.Linear(4096, 1)

    def forward(self, left: Tensor, right: Tensor) -> Tensor:
        return self.last((self.tower(left) - self.tower(right)).abs()).sigmoid()


class Triplet(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        for a, b in ((3, 32), (32, 64), (64, 128)):
            layers += [nn.Conv2d(a, b, 3, padding=1), nn.BatchNorm2d(b), nn.ReLU(), nn.MaxPool2d(2)]
        self.tower = nn.Sequential(*layers, nn.Flatten(), nn.Linear(18432, 128))

    def forward(self, *images: Tensor) -> tuple[Tensor, ...]:
        towers = [self.tower(x) for x in images]
        return tuple(t / t.norm(dim=1, keepdim=True) for t in towers)
