"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Pair(nn.Sequential):
    """pair(ns, ks)"""

    def __init__(self, channels: int, ns: tuple[int, ...], ks: tuple[int, ...]) -> None:
        super().__init__()
        for n, k in zip(ns, ks, strict=True):
            self.append(nn.Conv2d(channels, n, k, padding=k // 2))
            channels = n
        self.out_channels = channels


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.pair1 = Pair(2, (3, 4), (1, 3))
        self.pair2 = Pair(self.pair1.out_channels, (2,), (3,))

    def forward(self, x: Tensor) -> Tensor:
        z = self.pair1(x)  # 4x8x8
        return self.pair2(z)  # 2x8x8
