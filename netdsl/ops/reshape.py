"""Operators that arrange the same numbers otherwise: flatten, reshape, permute, split."""

from __future__ import annotations

from typing import Any

from netdsl.extent import Extent, NotAffine, divides
from netdsl.ops.kinds import AXIS, EXTENTS, SIZES, is_integer
from netdsl.ops.op import Call, Kind, Loss, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import axis_in, dim, known, plural


class Identity(Op, name="identity"):
    """The value itself."""

    inputs = (1, 1)
    class_inputs = None
    example = "identity"

    def infer(self, x: Shape) -> Shape:
        return x

    def module(self, x: Shape) -> Call:
        return Call("nn.Identity")

    def expr(self, x: Shape) -> Template:
        return Template("{0}", atom=True)


def multiply(extents: Shape, what: str) -> Extent:
    """The product of extents, of which one at most may be unknown."""
    total: Extent = 1
    for extent in extents:
        try:
            total = total * extent
        except NotAffine:
            raise OpError(
                f"{what} multiplies {total} by {extent}, and both are unknown",
                code="N413",
                input=0,
                help="give the input a fixed size, or reduce these axes first, with `global_avg_pool` for example",
            ) from None
    return total


class Flatten(Op, name="flatten"):
    """Axes `first` to `last` become one; all of them unless told, so that a vector comes out."""

    example = "flatten"
    example_input = ((256, 6, 6),)
    first: int = attr(AXIS, "the first of the axes", default=0)
    last: int = attr(AXIS, "the last of them", default=-1)

    def infer(self, x: Shape) -> Shape:
        if not x:
            raise OpError("`flatten` needs an axis, and this is a scalar", code="N406", input=0)
        first, last = axis_in(self.first, len(x), "first"), axis_in(self.last, len(x), "last")
        if first > last:
            raise OpError(f"`first`, {first}, comes after `last`, {last}", code="N409", attribute="first")
        return (*x[:first], multiply(x[first : last + 1], "`flatten`"), *x[last + 1 :])

    def _call(self, target: str, head: tuple[Any, ...], start: int) -> Call:
        first, last = dim(self.first), dim(self.last)
        if start != first or last != -1:
            head = (*head, first) if last == -1 else (*head, first, last)
        return Call(target, head)

    def module(self, x: Shape) -> Call:
        return self._call("nn.Flatten", (), 1)

    def expr(self, x: Shape) -> Call:
        return self._call(".flatten", (Operand(0),), 0)

    def receptive_field(self, rank: int) -> None:
        return None


def _fill_in(shape: tuple[int, ...], size: Extent, what: str, attribute: str) -> Shape:
    """`shape` with its -1 replaced so that it holds `size` numbers."""
    unknown = [i for i, e in enumerate(shape) if e == -1]
    if len(unknown) > 1:
        raise OpError("only one extent may be -1", code="N414", attribute=attribute)
    rest: Any = multiply(tuple(e for e in shape if e != -1), "`reshape`")
    if unknown:
        if divides(rest, size):
            return tuple(size // rest if e == -1 else e for e in shape)
    elif rest == size:
        return tuple(shape)
    wanted = "×".join("?" if e == -1 else str(e) for e in shape)
    raise OpError(
        f"the {size} numbers of {what} cannot be arranged as {wanted}",
        code="N416",
        attribute=attribute,
    )


class Reshape(Op, name="reshape"):
    """The same numbers in the same order under another shape; one extent may be -1, what is left."""

    example = "reshape([1152, 8])"
    example_input = ((256, 6, 6),)
    shape: tuple[int, ...] = attr(EXTENTS, "the new extents")

    def infer(self, x: Shape) -> Shape:
        if isinstance(x, Loss):
            raise OpError(
                "`reshape` needs values of samples, and this is one number for the batch", code="N406", input=0
            )
        size = multiply(x, "`reshape`")
        return _fill_in(self.shape, known(size, "the size of what `reshape` takes"), show_shape(x), "shape")

    def expr(self, x: Shape) -> Call:
        return Call(".reshape", (Operand(0), -1, *self.infer(x)))

    def receptive_field(self, rank: int) -> None:
        return None


class Unflatten(Op, name="unflatten"):
    """One axis becomes several, whose extents multiply to its own; the opposite of `flatten`."""

    example = "unflatten([2, 4])"
    shape: tuple[int, ...] = attr(EXTENTS, "the extents it becomes; one may be -1, what is left")
    axis: int = attr(AXIS, "the axis", default=0)

    def infer(self, x: Shape) -> Shape:
        axis = axis_in(self.axis, len(x))
        return (*x[:axis], *_fill_in(self.shape, x[axis], f"axis {axis}", "shape"), *x[axis + 1 :])

    def module(self, x: Shape) -> Call:
        return Call("nn.Unflatten", (dim(self.axis), self.shape))

    def expr(self, x: Shape) -> Call:
        return Call(".unflatten", (Operand(0), dim(self.axis), self.shape))


def _read_order(value: Any) -> Any:
    value = tuple(value) if type(value) is list else value
    if not (isinstance(value, tuple) and value and all(is_integer(v) for v in value)):
        raise ValueError
    return value


class Permute(Op, name="permute"):
    """The axes in another order: `permute([1, 2, 0])` makes H×W×C of C×H×W."""

    example = "permute([1, 2, 0])"
    order: tuple[int, ...] = attr(
        Kind("a list of axes", _read_order, ((0,), (1, 0), (1, 2, 0), (2, 0, 1), (0, -1, 1, 2)), "tuple[int, ...]"),
        "the old axes in their new order",
    )

    def infer(self, x: Shape) -> Shape:
        if len(self.order) != len(x):
            raise OpError(
                f"`order` lists {plural(len(self.order), 'axis')}, and the value has {len(x)}",
                code="N409",
                attribute="order",
            )
        order = tuple(axis_in(a, len(x), "order") for a in self.order)
        if len(set(order)) != len(order):
            raise OpError("`order` names an axis twice", code="N409", attribute="order")
        return tuple(x[a] for a in order)

    def expr(self, x: Shape) -> Call:
        return Call(".permute", (Operand(0), 0, *(dim(a) for a in self.order)))


class Transpose(Op, name="transpose"):
    """Two axes change places, the last two unless told."""

    example = "transpose"
    example_input = ((10, 64),)
    first: int = attr(AXIS, "one axis", default=-2)
    second: int = attr(AXIS, "the other", default=-1)

    def infer(self, x: Shape) -> Shape:
        a, b = axis_in(self.first, len(x), "first"), axis_in(self.second, len(x), "second")
        shape = list(x)
        shape[a], shape[b] = shape[b], shape[a]
        return tuple(shape)

    def expr(self, x: Shape) -> Call:
        return Call(".transpose", (Operand(0), dim(self.first), dim(self.second)))


def _read_parts(value: Any) -> Any:
    if is_integer(value):
        if value < 1:
            raise ValueError
        return value
    return SIZES.read(value)


class Split(Op, name="split"):
    """The value cut along an axis, into equal parts or parts of given sizes: `a, b = in -> split(2)`."""

    example = "split(2)"
    parts: int | tuple[int, ...] = attr(
        Kind(
            "a number of parts, or a list of sizes", _read_parts, (1, 2, 3, (1, 3), (2, 1, 3)), "int | tuple[int, ...]"
        ),
        "how many equal parts, or the size of each",
    )
    axis: int = attr(AXIS, "the axis that is cut", default=0)

    def infer(self, x: Shape) -> list[Shape]:
        axis = axis_in(self.axis, len(x))
        extent = x[axis]
        if isinstance(self.parts, tuple):
            whole = sum(self.parts)
            if extent != whole:
                raise OpError(f"the parts sum to {whole}, and axis {axis} has {extent}", code="N416", attribute="parts")
            sizes: list[Extent] = list(self.parts)
        else:
            if not divides(self.parts, extent):
                raise OpError(
                    f"axis {axis} of {show_shape(x)} cannot be cut into {self.parts} equal parts",
                    code="N416",
                    attribute="parts",
                    help="give the size of each part: `split([..])`",
                )
            sizes = [extent // self.parts] * int(self.parts)
        return [(*x[:axis], size, *x[axis + 1 :]) for size in sizes]

    def expr(self, x: Shape) -> Call:
        if isinstance(self.parts, tuple):
            return Call(".split", (Operand(0), self.parts, dim(self.axis)))
        return Call(".chunk", (Operand(0), self.parts, dim(self.axis)))


class Expand(Op, name="expand"):
    """A `parameter` once for every sample of another value, which `concat` and `stack` need."""

    inputs = (2, 2)
    operands = ("x", "like")
    class_inputs = None
    example = "x -> expand(y)"
    example_input = ((1, 64), (196, 64))

    def infer(self, x: Shape, like: Shape) -> Shape:
        return x

    def expr(self, x: Shape, like: Shape) -> Template:
        return Template(f"{{0}}.expand({{1}}.shape[0]{', -1' * len(x)})", atom=True)
