"""Operators that join values. (`add` and `mul` are arithmetic; `max`, `mean` and `sum` of several are in reduce.)"""

from __future__ import annotations

from netdsl.extent import same
from netdsl.ops.kinds import AXIS
from netdsl.ops.op import ALL, Call, Loss, Op, Operand, OpError, Shape, attr, show_shape
from netdsl.ops.rules import axis_in, describe, dim


class Concat(Op, name="concat"):
    """The values one after the other along an axis, the channels unless told; all other axes must agree."""

    inputs = (1, None)
    example = "concat(x, y)"
    example_input = ((64, 28, 28), (32, 28, 28))
    axis: int = attr(AXIS, "the axis they are joined along", default=0)

    def infer(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        if not first:
            raise OpError("`concat` cannot join scalars", code="N406", input=0, help="`stack` makes a vector of them")
        axis = axis_in(self.axis, len(first))
        total = first[axis]
        for i, shape in enumerate(shapes[1:], 1):
            agree = len(shape) == len(first) and all(
                a == axis or same(p, q) for a, (p, q) in enumerate(zip(first, shape, strict=True))
            )
            if not agree:
                sizes = len(shape) == len(first) > 1 and axis == 0
                raise OpError(
                    f"`concat` cannot join {show_shape(first)} and {show_shape(shape)}"
                    + (f" along axis {axis}" if axis else ""),
                    code="N408",
                    input=i,
                    help="bring them to the same size with `crop`, `resize` or `pad`" if sizes else None,
                    notes=(f"input 1 is {describe(first)}, input {i + 1} is {describe(shape)}",),
                )
            total = total + shape[axis]
        return (*first[:axis], total, *first[axis + 1 :])

    def expr(self, *shapes: Shape) -> Call:
        return Call("torch.cat", (Operand(ALL), dim(self.axis)))


class Stack(Op, name="stack"):
    """The values side by side along a new axis, the `axis`-th of what comes out; all must have one shape."""

    inputs = (1, None)
    example = "stack(x, y)"
    example_input = ((8, 16, 16), (8, 16, 16))
    axis: int = attr(AXIS, "where the new axis stands", default=0)

    def infer(self, *shapes: Shape) -> Shape:
        first = shapes[0]
        if any(isinstance(shape, Loss) for shape in shapes):
            raise OpError("`stack` cannot stack losses, which have no batch", code="N406", help="add them")
        axis = axis_in(self.axis, len(first) + 1)
        for i, shape in enumerate(shapes[1:], 1):
            if len(shape) != len(first) or not all(same(p, q) for p, q in zip(first, shape, strict=True)):
                raise OpError(
                    f"`stack` needs values of one shape, not {describe(first)} and {describe(shape)}",
                    code="N408",
                    input=i,
                )
        return (*first[:axis], len(shapes), *first[axis:])

    def expr(self, *shapes: Shape) -> Call:
        return Call("torch.stack", (Operand(ALL), dim(self.axis)))
