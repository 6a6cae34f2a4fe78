"""Operators that move numbers about without changing them: flatten, reshape, permute, split, slice, crop, pad."""

from __future__ import annotations

from typing import Any

from netdsl.extent import Extent, NotAffine, divides, surely_more
from netdsl.ops.kinds import AXIS, COUNT, EXTENTS, INTEGER, PADS, REAL, SIZES, Pads, Sizes, choice, is_integer, optional
from netdsl.ops.op import Call, Field, Helper, Kind, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import axis_in, describe, dim, known, per_axis, plural, spatial
from netdsl.ops.window import flat, reflects, sides, total


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
        f"{what} of {size} numbers cannot be {wanted}",
        code="N416",
        attribute=attribute,
    )


class Reshape(Op, name="reshape"):
    """The same numbers in the same order under another shape; one extent may be -1, what is left."""

    example = "reshape([1152, 8])"
    example_input = ((256, 6, 6),)
    shape: tuple[int, ...] = attr(EXTENTS, "the new extents")

    def infer(self, x: Shape) -> Shape:
        size = multiply(x, "`reshape`")
        return _fill_in(self.shape, known(size, "the size of what `reshape` takes"), f"{show_shape(x)},", "shape")

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
        return (*x[:axis], *_fill_in(self.shape, x[axis], f"axis {axis},", "shape"), *x[axis + 1 :])

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
        Kind("a list of axes", _read_order, ((0,), (1, 0)), "tuple[int, ...]"), "the old axes in their new order"
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
        Kind("a number of parts, or a list of sizes", _read_parts, (2, (1, 3)), "int | tuple[int, ...]"),
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


class Slice(Op, name="slice"):
    """What lies from `start` up to (not including) `stop` along an axis, every `step`; negative numbers count from
    the end, as in Python."""

    example = "slice(0, 4)"
    start: int = attr(INTEGER, "the first index", default=0)
    stop: int | None = attr(optional(INTEGER), "the index after the last; the end unless given", default=None)
    step: int = attr(COUNT, "distance of the indices", default=1)
    axis: int = attr(AXIS, "the axis", default=0)

    def _end(self, index: int, extent: Extent, attribute: str) -> Extent:
        if surely_more(-index if index < 0 else index, extent):
            raise OpError(f"index {index} lies outside of an axis of {extent}", code="N409", attribute=attribute)
        return extent + index if index < 0 else index

    def infer(self, x: Shape) -> Shape:
        axis = axis_in(self.axis, len(x))
        extent = x[axis]
        start = self._end(self.start, extent, "start")
        stop = extent if self.stop is None else self._end(self.stop, extent, "stop")
        if surely_more(start + 1, stop):
            raise OpError(f"nothing lies from {start} to {stop}", code="N411", attribute="start")
        return (*x[:axis], (stop - start + self.step - 1) // self.step, *x[axis + 1 :])

    def expr(self, x: Shape) -> Template:
        axis = axis_in(self.axis, len(x))
        begin = "" if self.start == 0 else "{start}"
        end = "" if self.stop is None else "{stop}"
        step = "" if self.step == 1 else ":{step}"
        values = {"start": self.start, "stop": self.stop, "step": self.step}
        return Template(f"{{0}}[{':, ' * (axis + 1)}{begin}:{end}{step}]", values, atom=True)

    def receptive_field(self, rank: int) -> Field:
        axis = axis_in(self.axis, rank + 1)
        return (1,) * rank, tuple(self.step if axis == i + 1 else 1 for i in range(rank))


_CROP = Helper(
    "crop",
    '''def crop(x: Tensor, size: tuple[int, ...], offset: tuple[int, ...] | None = None) -> Tensor:
    """Cut the spatial axes of `x` to `size`, from `offset` on, or from the middle."""
    for i, extent in enumerate(size):
        start = (x.shape[i + 2] - extent) // 2 if offset is None else offset[i]
        x = x.narrow(i + 2, start, extent)
    return x
''',
)


class Crop(Op, name="crop"):
    """The spatial axes cut to the size of another value, or to `size`: from the middle, or from `offset` on.

    Where the difference is odd, the middle leaves one more at the end. The channels stay. FCN-8s crops with offsets,
    U-Net from the middle.
    """

    inputs = (1, 2)
    operands = ("x", "like")
    example = "x -> crop(y)"
    example_input = ((64, 64, 64), (32, 56, 56))
    size: Sizes | None = attr(optional(SIZES), "the spatial extents, where there is no value to be like", default=None)
    offset: Sizes | None = attr(
        optional(Kind("an integer that is not negative, or a list, one for each axis", lambda v: _EDGES(v), (0, 1))),
        "where the cut begins, one for all axes or one each; the middle unless given",
        default=None,
        keyword=True,
    )

    def infer(self, x: Shape, like: Shape | None = None) -> Shape:
        rank = spatial(self.name, x)
        given: Any = self.size
        if (like is None) == (given is None):
            raise OpError("`crop` needs either a value to be like or `size`", code="N414", attribute="size")
        if like is not None:
            if len(like) != len(x):
                raise OpError(
                    f"`crop` cannot cut {show_shape(x)} to the size of {describe(like)}", code="N406", input=1
                )
            size = like[1:]
        else:
            size = per_axis(given, rank, "size")
        offsets = (None,) * rank if self.offset is None else per_axis(self.offset, rank, "offset")
        for axis, (extent, wanted, offset) in enumerate(zip(x[1:], size, offsets, strict=True), 1):
            if surely_more(wanted + (offset or 0), extent):
                after = f" from {offset} on" if offset else ""
                raise OpError(
                    f"`crop` cannot cut {wanted}{after} out of {extent}, along axis {axis}",
                    code="N404",
                    attribute="offset" if offset else None if like is not None else "size",
                    input=1 if like is not None and not offset else None,
                    help="the value that is cut must be the larger one" if not offset else None,
                )
        return (x[0], *size)

    def expr(self, x: Shape, like: Shape | None = None) -> Any:
        rank = len(x) - 1
        keywords: dict[str, Any] = {}
        if self.offset is not None:
            keywords["offset"] = per_axis(self.offset, rank, "offset")
        size: Any = Template("{1}.shape[2:]", atom=True)
        if self.size is not None:
            size = per_axis(self.size, rank, "size")
        return Call(_CROP, (Operand(0), size), keywords)


def _EDGES(value: Any) -> Any:
    value = tuple(value) if type(value) is list else value
    if is_integer(value) and value >= 0:
        return value
    if isinstance(value, tuple) and value and all(is_integer(v) and v >= 0 for v in value):
        return value
    raise ValueError


class Pad(Op, name="pad"):
    """More points around the spatial axes, or at the ends of one axis.

    `pad(2)` pads all spatial axes on both sides, `pad([[0, 1], [0, 1]])` at their ends; `pad([0, 16], axis = 0)` adds
    16 channels of zeros.
    """

    example = "pad([[0, 1], [0, 1]])"
    amount: Pads = attr(PADS, "on both sides of each axis, or [before, after] for each; with `axis`, of that one")
    mode: str = attr(
        choice("constant", "reflect", "replicate", "circular"),
        "what is added: a constant, the points mirrored without the edge, the edge, or the other end",
        default="constant",
    )
    value: float = attr(REAL, "the constant", default=0.0)
    axis: int | None = attr(
        optional(AXIS),
        "the one axis that is padded, `amount` being a number or [before, after]",
        default=None,
        keyword=True,
    )

    def _pads(self, x: Shape) -> tuple[int, tuple[Any, ...]]:
        """The first axis that is padded, and the sides of each from there on."""
        if self.axis is None:
            rank = spatial(self.name, x, "`axis` pads one axis of anything")
            return 1, sides(self.amount, rank, "amount")
        axis = axis_in(self.axis, len(x))
        amount: Any = self.amount
        if isinstance(amount, tuple) and len(amount) == 1:
            amount = amount[0]
        if isinstance(amount, tuple) and (len(amount) != 2 or any(isinstance(a, tuple) for a in amount)):
            raise OpError("with `axis`, `amount` is a number or [before, after]", code="N412", attribute="amount")
        return axis, (amount, *(0,) * (len(x) - axis - 1))

    def infer(self, x: Shape) -> Shape:
        first, pads = self._pads(x)
        if self.mode != "constant":
            if self.value != 0:
                raise OpError(f"mode `{self.mode}` has no `value`", code="N414", attribute="value")
            if first == 0:
                raise OpError(f"channels are padded with a constant, not {self.mode}", code="N412", attribute="mode")
            reflects(self.name, x, pads, self.mode, "amount", first)
        found = [extent + total(side) for extent, side in zip(x[first:], pads, strict=True)]
        return (*x[:first], *found)

    def expr(self, x: Shape) -> Call:
        first, pads = self._pads(x)
        if self.mode != "constant" and first > 1:  # torch pads all spatial axes or none
            pads = (*(0,) * (first - 1), *pads)
        keywords: dict[str, Any] = {"mode": self.mode, "value": self.value}
        defaults: dict[str, Any] = {"mode": "constant", "value": 0.0}
        return Call("F.pad", (Operand(0), flat(pads)), keywords, defaults)


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
