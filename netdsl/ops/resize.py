"""Operators that enlarge or shrink maps by interpolation."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from netdsl.ops.kinds import FLAG, SIZE, Sizes, choice, collapse, optional
from netdsl.ops.op import Call, Field, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import describe, per_axis, spatial

_MODE = choice("nearest", "nearest-exact", "linear", "bilinear", "trilinear", "bicubic", "area")
_LINEAR = {1: "linear", 2: "bilinear", 3: "trilinear"}


class Interpolation(Op):
    """Base of both: the mode and what goes with it."""

    def torch_mode(self, mode: str, align_corners: bool, rank: int) -> dict[str, Any]:
        """The keywords for torch, or OpError. `linear` serves every number of axes."""
        if mode == "linear" and rank not in _LINEAR:
            raise OpError(f"`linear` serves one to three spatial axes, not {rank}", code="N414", attribute="mode")
        found = _LINEAR[rank] if mode == "linear" else mode
        if (found in _LINEAR.values() and found != _LINEAR.get(rank)) or (found == "bicubic" and rank != 2):
            wanted = "two" if "bi" in mode else "three"
            raise OpError(
                f"mode `{mode}` is for {wanted} spatial axes, not {rank}",
                code="N414",
                attribute="mode",
                help="`linear` serves every number of axes" if found != "bicubic" else None,
            )
        if align_corners and found in ("nearest", "nearest-exact", "area"):
            raise OpError(f"mode `{mode}` has no `align_corners`", code="N414", attribute="align_corners")
        return {"mode": found, "align_corners": align_corners or None}

    torch_defaults = {"mode": "nearest", "align_corners": None}


class Upsample(Interpolation, name="upsample"):
    """Every extent times `scale`: points repeated (`nearest`), or interpolated.

    Point i of n is read at `(i + ½) · extent/n - ½` of the old points, at `i · (extent - 1)/(n - 1)` with
    `align_corners`; `linear` weighs the two points there by distance, `bicubic` the four by Keys's convolution (1981,
    a = -0.75), beyond an edge the edge counting again. `nearest` takes point `⌊i · extent/n⌋`, `nearest-exact`
    `⌊(i + ½) · extent/n⌋`, `area` the mean of `adaptive_avg_pool`.
    """

    example = 'upsample(2, mode = "linear")'
    scale: Sizes = attr(SIZE, "how many times: one for all axes, or one each")
    mode: str = attr(_MODE, "how: `nearest`, `linear` (for any number of axes), `bicubic`", default="nearest")
    align_corners: bool = attr(FLAG, "the corner points stay where they are", default=False)

    def infer(self, x: Shape) -> Shape:
        rank = spatial(self.name, x)
        self.torch_mode(self.mode, self.align_corners, rank)
        return (x[0], *(e * s for e, s in zip(x[1:], per_axis(self.scale, rank, "scale"), strict=True)))

    def _keywords(self, x: Shape) -> dict[str, Any]:
        return {"scale_factor": collapse(self.scale), **self.torch_mode(self.mode, self.align_corners, len(x) - 1)}

    def module(self, x: Shape) -> Call:
        return Call("nn.Upsample", (), self._keywords(x), self.torch_defaults)

    def expr(self, x: Shape) -> Call:
        return Call("F.interpolate", (Operand(0),), self._keywords(x), self.torch_defaults)

    def receptive_field(self, rank: int) -> Field:
        points = 1 if "nearest" in self.mode else 4 if self.mode == "bicubic" else 2
        scales = per_axis(self.scale, rank, "scale")
        return (points,) * rank, tuple(Fraction(1, int(s)) for s in scales)


class Resize(Interpolation, name="resize"):
    """The spatial axes brought to the size of another value, or to `size`, by interpolation; the channels stay.

    The modes are those of `upsample`.
    """

    inputs = (1, 2)
    operands = ("x", "like")
    example = "x -> resize(y)"
    example_input = ((256, 1, 1), (2048, 33, 33))
    size: Sizes | None = attr(optional(SIZE), "the extents, where there is no value to be like", default=None)
    mode: str = attr(_MODE, "how: `nearest`, `linear` (for any number of axes), `bicubic`, `area`", default="linear")
    align_corners: bool = attr(FLAG, "the corner points stay where they are", default=False)

    def infer(self, x: Shape, like: Shape | None = None) -> Shape:
        rank = spatial(self.name, x)
        self.torch_mode(self.mode, self.align_corners, rank)
        size: Any = self.size
        if (like is None) == (size is None):
            raise OpError("`resize` needs either a value to be like or `size`", code="N414", attribute="size")
        if like is None:
            return (x[0], *per_axis(size, rank, "size"))
        if len(like) != len(x):
            raise OpError(
                f"`resize` cannot bring {show_shape(x)} to the size of {describe(like)}", code="N406", input=1
            )
        return (x[0], *like[1:])

    def expr(self, x: Shape, like: Shape | None = None) -> Call:
        size: Any = Template("{1}.shape[2:]", atom=True) if like is not None else collapse(self.size)
        keywords = {"size": size, **self.torch_mode(self.mode, self.align_corners, len(x) - 1)}
        return Call("F.interpolate", (Operand(0),), keywords, self.torch_defaults)

    def receptive_field(self, rank: int) -> None:
        return None
