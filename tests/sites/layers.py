"""What call sites are tried on: layers with nothing left as torch makes it, and a module of every kind of site."""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from netdsl.kernels.fused import FusedSequential, conv_add_relu, conv_bn_relu


def randomised(module: Any) -> Any:
    """Signed weights and biases, and batch norms far from the identity."""
    with torch.no_grad():
        for name, tensor in module.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(
                    torch.rand_like(tensor) + 0.5 if name.endswith("running_var") else torch.randn_like(tensor)
                )
    return module


def maps(*shape: int, dtype: torch.dtype = torch.float32) -> Tensor:
    """A signed map with its channels together."""
    return torch.randn(shape, dtype=dtype).to(memory_format=torch.channels_last)


class Three(nn.Module):
    """Three call sites: by a function, with a residual, and in a sequence, whose last layer has none."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 3, stride=2, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(6)
        self.conv2 = nn.Conv2d(6, 6, 3, padding=1)
        self.side = FusedSequential(nn.Conv2d(6, 6, 1), nn.BatchNorm2d(6), nn.LeakyReLU(0.2), nn.MaxPool2d(3, 1, 1))

    def forward(self, x: Tensor) -> Tensor:
        x = conv_bn_relu(x, self.conv1, self.bn1)
        return conv_add_relu(x, self.conv2, self.side(x))


def three() -> Three:
    module = randomised(Three()).eval()
    module = module.to(memory_format=torch.channels_last)
    assert isinstance(module, Three)
    return module


def plainly(module: Three, x: Tensor) -> Tensor:
    """What the layers of `three` compute."""
    x = module.bn1(module.conv1(x)).relu()
    side = x
    for layer in module.side:
        side = layer(side)
    return (module.conv2(x) + side).relu()
