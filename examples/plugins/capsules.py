"""Capsules for `capsnet.net`: a plugin, that is, operators added from Python.

    netdsl check examples/plugins/capsnet.net --plugin examples.plugins.capsules

The upper half declares what texts may call and what the compiler must know; the lower half is what emitted code runs.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

import netdsl
from netdsl.ops.kinds import COUNT
from netdsl.ops.op import Op, OpError, Shape, attr


@netdsl.operator("py.routing", f"{__name__}:Routing")
class RoutingOp(Op):
    """Dynamic routing by agreement: in×size capsules become capsules×length ones (Sabour et al., 2017, procedure 1)."""

    stateful = True
    capsules: int = attr(COUNT, "output capsules")
    length: int = attr(COUNT, "numbers in each")
    iterations: int = attr(COUNT, "rounds of routing", default=3)

    def infer(self, x: Shape) -> Shape:
        if len(x) != 2:
            raise OpError(f"`{self.name}` takes capsules, number×length, not {len(x)} axes")
        return self.capsules, self.length

    def weights(self, x: Shape) -> dict[str, Shape]:
        return {"weight": (self.capsules, x[0], self.length, x[1])}

    def macs(self, x: Shape) -> Any:
        """Those of the predictions; the sums of the routing itself are element-wise."""
        return self.capsules * self.length * x[0] * x[1]

    def arguments(self, x: Shape) -> Shape:
        return x


@netdsl.operator("py.longest", f"{__name__}:longest")
class LongestOp(Op):
    """The longest capsule of each sample; the others are 0."""

    def infer(self, x: Shape) -> Shape:
        return x


class Routing(nn.Module):
    """Every capsule predicts every output; predictions that agree with the others count for more, three times over."""

    def __init__(self, inputs: int, size: int, *, capsules: int, length: int, iterations: int) -> None:
        super().__init__()
        self.iterations = iterations
        self.weight = nn.Parameter(0.01 * torch.randn(capsules, inputs, length, size))

    def forward(self, x: Tensor) -> Tensor:
        predictions = torch.einsum("oild,bid->boil", self.weight, x)
        fixed = predictions.detach()  # gradients flow through the last round alone
        logits = torch.zeros_like(fixed[..., 0])
        for _ in range(self.iterations - 1):
            agreed = squash((logits.softmax(1)[..., None] * fixed).sum(2))
            logits = logits + (agreed[:, :, None] * fixed).sum(-1)
        return squash((logits.softmax(1)[..., None] * predictions).sum(2))


def squash(x: Tensor, eps: float = 1e-8) -> Tensor:
    """Keep the direction; the length becomes `|x|² / (1 + |x|²)`."""
    square = x.square().sum(-1, keepdim=True)
    return square / (1 + square) * x / (square + eps).sqrt()


def longest(x: Tensor) -> Tensor:
    """The capsule of x[batch, capsules, length] whose length is the largest; the rest is 0."""
    square = x.square().sum(-1, keepdim=True)
    return x * (square == square.amax(1, keepdim=True))
