"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.a = nn.Sequential(
            nn.Conv2d(3, 2, 3, padding=1),
            nn.ReLU(),
            nn.Conv2d(2, 2, 3, padding=1, padding_mode="reflect"),
            nn.ReLU6(),
        )

    def forward(self, x: Tensor) -> Tensor:
        return self.a(x)  # 2x8x6
