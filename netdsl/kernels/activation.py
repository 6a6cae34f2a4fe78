"""What may stand at the two ends of a kernel: an activation, and the affine with activation before a conv or a pool."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

# Each kind in torch's words; `slope` is leaky_relu's slope and elu's alpha, and nothing to the others.
KINDS: dict[str, Callable[[Tensor, float], Tensor]] = {
    "none": lambda x, slope: x,
    "relu": lambda x, slope: F.relu(x),
    "relu6": lambda x, slope: F.relu6(x),
    "leaky_relu": F.leaky_relu,
    "elu": F.elu,
    "silu": lambda x, slope: F.silu(x),
    "sigmoid": lambda x, slope: torch.sigmoid(x),
    "tanh": lambda x, slope: torch.tanh(x),
    "gelu": lambda x, slope: F.gelu(x),
    "hardswish": lambda x, slope: F.hardswish(x),
}


@dataclass(frozen=True)
class Activation:
    """An elementwise function by its name in torch; ValueError where the kernels do not know it."""

    kind: str
    slope: float = 0.0

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"no kernel knows the activation {self.kind!r}: they know {', '.join(KINDS)}")
        if not math.isfinite(self.slope):
            raise ValueError(f"the slope of an activation is a finite number, not {self.slope}")

    def __call__(self, x: Tensor) -> Tensor:
        """What torch computes: the reference."""
        return KINDS[self.kind](x, self.slope)


NONE = Activation("none")


@dataclass(frozen=True, eq=False)
class Prologue:
    """What happens to an input before it is convolved or pooled: `activation(x * scale + shift)`, channel by channel.

    `scale` and `shift` are [C], contiguous, in fp32. Padding is added after: it stays zero, or minus infinity.
    """

    scale: Tensor
    shift: Tensor
    activation: Activation = NONE

    def __call__(self, x: Tensor) -> Tensor:
        """What torch computes: the reference."""
        shape = (1, -1) + (1,) * (x.ndim - 2)
        return self.activation(x * self.scale.to(x.dtype).view(shape) + self.shift.to(x.dtype).view(shape))
