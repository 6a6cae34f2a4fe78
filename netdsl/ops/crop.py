"""Operators that keep a part of a value, or put it into a larger one: slice, crop, pad."""

from __future__ import annotations

from typing import Any

from netdsl.extent import Extent, surely_more
from netdsl.ops.kinds import AXIS, COUNT, INTEGER, PADS, REAL, SIZES, Pads, Sizes, choice, is_integer, optional
from netdsl.ops.op import Call, Field, Helper, Kind, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import axis_in, describe, per_axis, spatial
from netdsl.ops.window import flat, reflects, sides, total


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
            if len(x) > 4:
                raise OpError(
                    f"mode `{self.mode}` pads values of up to 4 axes, and this has {len(x)}",
                    code="N412",
                    attribute="mode",
                )
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
