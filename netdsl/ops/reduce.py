"""Reductions over axes; max, mean and sum also of several values, as merges."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.extent import same
from netdsl.ops.kinds import AT_LEAST_ZERO, AXES, AXIS, EXPONENT, FLAG, optional
from netdsl.ops.op import Call, Loss, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import axes_in, axis_in, dim, dims


def reduced(x: Shape, axis: int | tuple[int, ...] | None, keep: bool) -> Shape:
    """`x` without the axes, or with 1 in their place. A scalar per sample is reduced over the batch."""
    if not x:
        if axis is not None:
            axes_in(axis, 0)
        return Loss(())
    axes = axes_in(axis, len(x))
    return tuple(1 if a in axes else e for a, e in enumerate(x) if keep or a not in axes)


class Reduction(Op):
    """Base of the reductions. `method` is torch's; `pairwise` the function of two values, where it takes several."""

    inputs = (1, None)
    method: ClassVar[str]
    axis: int | tuple[int, ...] | None = attr(
        optional(AXES), "the axes that go; all of the sample's unless given", default=None
    )
    keep: bool = attr(FLAG, "keep these axes, of extent 1", default=False)

    def infer(self, *shapes: Shape) -> Shape:
        if len(shapes) == 1:
            return reduced(shapes[0], self.axis, self.keep)
        if self.axis is not None or self.keep:
            raise OpError(f"`{self.name}` of several values has no axis", code="N414", attribute="axis")
        for i, shape in enumerate(shapes[1:], 1):
            alike = len(shape) == len(shapes[0]) and isinstance(shape, Loss) == isinstance(shapes[0], Loss)
            if not (alike and all(same(p, q) for p, q in zip(shapes[0], shape, strict=True))):
                raise OpError(
                    f"`{self.name}` needs values of one shape, not {show_shape(shapes[0])} and {show_shape(shape)}",
                    code="N407",
                    input=i,
                )
        return shapes[0]

    def expr(self, *shapes: Shape) -> Any:
        if len(shapes) > 1:
            return self.merge(len(shapes))
        arguments: tuple[Any, ...] = (Operand(0),)
        if shapes[0]:
            arguments = (Operand(0), dims(self.axis, len(shapes[0])))
        return Call(self.method, arguments, {"keepdim": self.keep} if shapes[0] else {}, {"keepdim": False})

    def merge(self, n: int) -> Any:
        """The text for n values."""
        raise NotImplementedError

    def receptive_field(self, rank: int) -> Any:
        """Of one value, the whole of it; point by point of several."""
        return None if self.axis is None else super().receptive_field(rank)


class Sum(Reduction, name="sum"):
    """The sum over axes (of a scalar per sample: over the batch), or of several values point by point."""

    method = ".sum"
    example = "sum(axis = 0)"

    def merge(self, n: int) -> Template:
        return Template(" + ".join(f"{{{i}}}" for i in range(n)))


class Mean(Reduction, name="mean"):
    """The mean over axes (of a scalar per sample: over the batch), or of several values point by point."""

    method = ".mean"
    example = "mean(axis = [1, 2])"

    def merge(self, n: int) -> Template:
        return Template(f"({' + '.join(f'{{{i}}}' for i in range(n))}) / {n}")


class Pairwise(Reduction):
    """Base of max and min."""

    pairwise: ClassVar[str]

    def merge(self, n: int) -> Call:
        call = Call(self.pairwise, (Operand(0), Operand(1)))
        for i in range(2, n):
            call = Call(self.pairwise, (call, Operand(i)))
        return call


class Max(Pairwise, name="max"):
    """The largest over axes (of a scalar per sample: over the batch), or of several values point by point (maxout)."""

    method, pairwise = ".amax", "torch.maximum"
    example = "max(x, y)"
    example_input = ((8, 16, 16), (8, 16, 16))


class Min(Pairwise, name="min"):
    """The least over axes (of a scalar per sample: over the batch), or of several values point by point."""

    method, pairwise = ".amin", "torch.minimum"
    example = "min(axis = 0)"


class Norm(Op, name="norm"):
    """The length of vectors along axes, `(Σ |x|^p)^(1/p)`; of the whole sample unless told."""

    example = "norm(axis = -1)"
    example_input = ((10, 16),)
    axis: int | tuple[int, ...] | None = attr(
        optional(AXES), "the axes that a vector lies along; all of the sample's unless given", default=None
    )
    p: float = attr(EXPONENT, "the exponent", default=2.0)
    keep: bool = attr(FLAG, "keep these axes, of extent 1", default=False)

    def infer(self, x: Shape) -> Shape:
        if not x:
            raise OpError("`norm` needs an axis, and this is a scalar", code="N406", input=0, help="write `abs`")
        return reduced(x, self.axis, self.keep)

    def expr(self, x: Shape) -> Call:
        keywords = {"ord": self.p, "dim": dims(self.axis, len(x)), "keepdim": self.keep}
        return Call("torch.linalg.vector_norm", (Operand(0),), keywords, {"ord": 2.0, "keepdim": False})


class L2Normalise(Op, name="l2_normalise"):
    """`x / max(|x|, eps)` for the vectors along an axis, so that their length is 1."""

    example = "l2_normalise"
    example_input = ((128,),)
    axis: int = attr(AXIS, "the axis that a vector lies along", default=0)
    eps: float = attr(AT_LEAST_ZERO, "the least length that is divided by", default=1e-12)

    def infer(self, x: Shape) -> Shape:
        axis_in(self.axis, len(x))
        return x

    def expr(self, x: Shape) -> Call:
        keywords = {"dim": dim(self.axis), "eps": self.eps}
        return Call("F.normalize", (Operand(0),), keywords, {"dim": 1, "eps": 1e-12})


class Distance(Op, name="distance"):
    """`(Σ |a - b|^p)^(1/p)` over all axes: one number for each sample."""

    inputs = (2, 2)
    example = "distance(x, y)"
    example_input = ((128,), (128,))
    p: float = attr(EXPONENT, "the exponent; 2 is Euclid's", default=2.0)

    def infer(self, a: Shape, b: Shape) -> Shape:
        if not a or len(a) != len(b) or not all(same(p, q) for p, q in zip(a, b, strict=True)):
            raise OpError(
                f"`distance` needs two values of one shape, not {show_shape(a)} and {show_shape(b)}",
                code="N407",
                input=1,
            )
        return ()

    def expr(self, a: Shape, b: Shape) -> Call:
        keywords = {"ord": self.p, "dim": dims(None, len(a))}
        return Call("torch.linalg.vector_norm", (Template("{0} - {1}"),), keywords, {"ord": 2.0})

    def receptive_field(self, rank: int) -> None:
        return None
