"""Module

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["Module"]


class Class(nn.Sequential):
    """class(c)"""

    def __init__(self, channels: int, c: int) -> None:
        super().__init__(
            nn.Conv2d(channels, c, 1),
            nn.ReLU(),
        )


class Torch(nn.Sequential):
    """torch(lambda, nn)"""

    def __init__(self, channels: int, lambda_: int, nn_: int) -> None:
        super().__init__(
            nn.Conv2d(channels, lambda_, 1),
            nn.Conv2d(lambda_, nn_, 1),
        )


class Module(nn.Module):
    """Module"""

    def __init__(self) -> None:
        super().__init__()
        self.add_module("class", Class(3, 2))
        self.torch = Torch(2, 3, 2)

    def forward(self, self_: Tensor) -> Tensor:
        F_ = self.get_submodule("class")(self_)  # 2x4x4
        return self.torch(F_)  # 2x4x4
