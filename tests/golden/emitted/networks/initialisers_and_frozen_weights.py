"""f

Written by netdsl from <text>.
"""

import torch
from torch import Tensor, nn

__all__ = ["NetF"]


class Seq(nn.Sequential):
    """seq(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__()
        conv = nn.Conv2d(channels, c, 3, padding=1)
        nn.init.normal_(conv.weight, std=0.01)
        self.append(conv)
        self.append(nn.ReLU())
        deconv = nn.ConvTranspose2d(c, c, 4, stride=2, padding=1)
        fill_bilinear(deconv.weight)
        deconv.requires_grad_(False)
        self.append(deconv)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.seq = Seq(3, 4)
        self.conv = nn.Conv2d(4, 2, 3, padding=1)
        nn.init.dirac_(self.conv.weight)
        nn.init.constant_(self.conv.bias, val=0.5)
        linear_head = nn.Sequential()
        linear_head.append(nn.Flatten())
        linear = nn.Linear(512, 3)
        nn.init.xavier_uniform_(linear.weight)
        linear_head.append(linear)
        self.linear_head = linear_head

    def forward(self, x: Tensor) -> Tensor:
        z = self.seq(x)  # 4x16x16
        z = self.conv(z)  # 2x16x16
        return self.linear_head(z)  # 3


@torch.no_grad()
def fill_bilinear(weight: Tensor) -> None:
    """Fill a deconvolution's weight so that it interpolates linearly, each channel by itself (Long et al., 2015)."""
    kernel = torch.ones((), dtype=weight.dtype, device=weight.device)
    for size in weight.shape[2:]:
        factor = (size + 1) // 2
        center = factor - 1 if size % 2 == 1 else factor - 0.5
        at = torch.arange(size, dtype=weight.dtype, device=weight.device)
        kernel = kernel.unsqueeze(-1) * (1 - (at - center).abs() / factor)
    weight.zero_()
    for i in range(weight.shape[0]):
        weight[i, i % weight.shape[1]] = kernel
