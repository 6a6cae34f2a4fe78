"""Fully connected layers, matrix products, and classes as vectors."""

from __future__ import annotations

from typing import Any

from netdsl.extent import Extent, same
from netdsl.ops.conv import product
from netdsl.ops.kinds import AXIS, COUNT, FLAG, optional
from netdsl.ops.op import Call, Helper, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import axis_in, describe, dim, known
from netdsl.ops.weighted import Weighted

_LINEAR_ALONG = Helper(
    "LinearAlong",
    '''class LinearAlong(nn.Linear):
    """nn.Linear along `dim` of the input instead of its last dimension."""

    def __init__(self, in_features: int, out_features: int, dim: int, bias: bool = True) -> None:
        super().__init__(in_features, out_features, bias)
        self.dim = dim

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(x.movedim(self.dim, -1)).movedim(-1, self.dim)
''',
)


class Linear(Weighted, name="linear"):
    """A fully connected layer: `y = weight · x + bias`, of a vector.

    With `axis` it is applied along that axis of any value, the same weights at every place: `linear(64, axis = -1)`.
    """

    example = "linear(1000)"
    example_input = ((2048,),)

    out: int = attr(COUNT, "output features")
    bias: bool = attr(FLAG, "add a learned number to each output", default=True)
    axis: int | None = attr(
        optional(AXIS), "the axis it is applied along, where the value is no vector", default=None, keyword=True
    )

    def _axis(self, x: Shape) -> int:
        return 0 if self.axis is None else axis_in(self.axis, len(x))

    def infer(self, x: Shape) -> Shape:
        if not x or (len(x) > 1 and self.axis is None):
            steps = "`flatten`"
            if 2 <= len(x) <= 4:
                steps = "`flatten -> linear(..)`, `global_avg_pool -> linear(..)`, or `conv(.., 1)` for each point"
            raise OpError(
                f"`linear` needs a vector, not {describe(x)}",
                code="N406",
                input=0,
                help=f"write {steps}; `axis = -1` applies it along the last axis" if x else None,
            )
        axis = self._axis(x)
        known(x[axis], "the number of input features")
        self.check_weights(x)
        return (*x[:axis], self.out, *x[axis + 1 :])

    def weights(self, x: Shape) -> dict[str, Shape]:
        found: dict[str, Shape] = {"weight": (self.out, x[self._axis(x)])}
        if self.bias:
            found["bias"] = (self.out,)
        return found

    def macs(self, x: Shape) -> Extent:
        return product(x) * int(self.out)

    def module(self, x: Shape) -> Call:
        axis = self._axis(x)
        if axis == len(x) - 1:
            return Call("nn.Linear", (x[axis], self.out), {"bias": self.bias}, {"bias": True})
        return Call(_LINEAR_ALONG, (x[axis], self.out, dim(axis)), {"bias": self.bias}, {"bias": True})

    def receptive_field(self, rank: int) -> None:
        return None


class Matmul(Op, name="matmul"):
    """Matrix product over the last two axes: m×k and k×n give m×n. Axes before them must agree."""

    inputs = (2, 2)
    example = "matmul(x, y)"
    example_input = ((10, 64), (64, 16))

    transpose: bool = attr(FLAG, "transpose the second input first: m×k and n×k give m×n", default=False)

    def infer(self, a: Shape, b: Shape) -> Shape:
        if len(a) < 2 or len(a) != len(b):
            raise OpError(
                f"`matmul` needs two values of equally many axes, two or more, not {describe(a)} and {describe(b)}",
                code="N406",
                input=1 if len(a) >= 2 else 0,
            )
        inner, columns = (b[-1], b[-2]) if self.transpose else (b[-2], b[-1])
        agree = all(same(p, q) for p, q in zip(a[:-2], b[:-2], strict=True))
        if not (agree and same(a[-1], inner)):
            turn = "leave `transpose` out" if self.transpose else "`transpose = true` transposes the second"
            raise OpError(
                f"`matmul` cannot multiply {show_shape(a)} by {show_shape(b)}"
                + (", transposed" if self.transpose else ""),
                code="N407",
                input=1,
                notes=(f"the first has {a[-1]} columns, the second {inner} rows",) if agree else (),
                help=turn if agree and same(a[-1], columns) else None,
            )
        return (*a[:-1], columns)

    def macs(self, a: Shape, b: Shape) -> Extent:
        return product((*self.infer(a, b), a[-1]))

    def expr(self, a: Shape, b: Shape) -> Template:
        return Template("{0} @ {1}.mT" if self.transpose else "{0} @ {1}")

    def receptive_field(self, rank: int) -> None:
        return None


class OneHot(Op, name="one_hot"):
    """Class indices as vectors that are 1 at the class and 0 elsewhere: `class[H, W]` becomes classes×H×W."""

    class_inputs = (0,)
    example = "one_hot(10)"
    example_input = (("class",),)

    classes: int = attr(COUNT, "number of classes")

    def infer(self, x: Shape) -> Shape:
        return (self.classes, *x)

    def expr(self, x: Shape) -> Any:
        hot = Call("F.one_hot", (Operand(0), self.classes))
        if x:
            hot = Call(".movedim", (hot, -1, 1))
        return Call(".float", (hot,))
