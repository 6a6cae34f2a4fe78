"""Operators that draw random numbers."""

from __future__ import annotations

from typing import Any

from netdsl.ops.kinds import FLAG, POSITIVE, PROBABILITY, choice
from netdsl.ops.op import Call, Helper, Op, Operand, Shape, attr
from netdsl.ops.rules import spatial


class Dropout(Op, name="dropout"):
    """In training, each number is 0 with probability p and the others are divided by 1 - p (Srivastava et al., 2014).

    Otherwise nothing happens. With `channels = true` whole channels of a map go together.
    """

    stateful = True
    example = "dropout(0.5)"
    p: float = attr(PROBABILITY, "probability of 0", default=0.5)
    channels: bool = attr(FLAG, "drop whole channels", default=False, keyword=True)

    def infer(self, x: Shape) -> Shape:
        if self.channels:
            spatial(self.name, x)
        return x

    def module(self, x: Shape) -> Call:
        return Call(f"nn.Dropout{len(x) - 1}d" if self.channels else "nn.Dropout", (self.p,))


_DROP_PATH = Helper(
    "DropPath",
    '''class DropPath(nn.Module):
    """In training, the whole value of a sample is 0 with probability `p`, and divided by 1 - p otherwise."""

    def __init__(self, p: float) -> None:
        super().__init__()
        self.p = p

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or self.p == 0:
            return x
        shape = (x.shape[0],) + (1,) * (x.dim() - 1)
        return x * F.dropout(torch.ones(shape, dtype=x.dtype, device=x.device), self.p)
''',
)


class DropPath(Op, name="drop_path"):
    """In training, a sample's whole value is 0 with probability p and divided by 1 - p otherwise: stochastic depth
    (Huang et al., 2016), for the branch of an `add`."""

    stateful = True
    example = "drop_path(0.1)"
    p: float = attr(PROBABILITY, "probability of 0")

    def infer(self, x: Shape) -> Shape:
        return x

    def module(self, x: Shape) -> Call:
        return Call(_DROP_PATH, (self.p,))


class Noise(Op, name="noise"):
    """Random numbers in the shape of a value, new ones each time, in training or not: `z = noise(like = mean)`."""

    operands = ("like",)
    example = "noise(like = x)"
    kind: str = attr(choice("normal", "uniform"), "the unit Gaussian, or uniform from 0 to 1", default="normal")
    std: float = attr(POSITIVE, "factor", default=1.0)

    def infer(self, like: Shape) -> Shape:
        return like

    def expr(self, like: Shape) -> Any:
        call = Call("torch.randn_like" if self.kind == "normal" else "torch.rand_like", (Operand(0),))
        return call if self.std == 1 else Call("torch.mul", (call, self.std))
