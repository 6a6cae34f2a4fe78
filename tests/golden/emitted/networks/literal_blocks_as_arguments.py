"""f

Written by netdsl from <text>.
"""

from torch import Tensor, nn

__all__ = ["NetF"]


class Body(nn.Sequential):
    """{ conv(4, 3) -> relu }"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.append(nn.Conv2d(channels, 4, 3, padding=1))
        self.append(nn.ReLU())


class Residual(nn.Module):
    """residual(body), where body is { conv(4, 3) -> relu }"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = Body(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class Body2(nn.Sequential):
    """conv(4, 1) -> tanh -> conv(4, 3)"""

    def __init__(self, channels: int) -> None:
        super().__init__(
            nn.Conv2d(channels, 4, 1),
            nn.Tanh(),
            nn.Conv2d(4, 4, 3, padding=1),
        )


class Residual2(nn.Module):
    """residual(body), where body is conv(4, 1) -> tanh -> conv(4, 3)"""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = Body2(channels)

    def forward(self, x: Tensor) -> Tensor:
        return x + self.body(x)


class NetF(nn.Module):
    """f"""

    def __init__(self) -> None:
        super().__init__()
        self.residual1 = Residual(4)
        self.residual2 = Residual2(4)

    def forward(self, x: Tensor) -> Tensor:
        z = self.residual1(x)  # 4x8x8
        return self.residual2(z)  # 4x8x8
