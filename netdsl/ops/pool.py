"""Pooling: windows, whole maps, and maps cut into a given number of windows."""

from __future__ import annotations

from typing import Any, ClassVar

from netdsl.extent import surely_more
from netdsl.ops.kinds import FLAG, PADS, SIZE, Pads, Sizes, collapse, optional
from netdsl.ops.op import Call, Field, Op, Operand, OpError, Shape, Template, attr, show_shape
from netdsl.ops.rules import per_axis, spatial
from netdsl.ops.window import fits, flat, is_even, rounded_up, sides, slide, total


class Window(Op):
    """Base of the pools with a sliding window."""

    kernel: Sizes = attr(SIZE, "window: one extent for all axes, or one each")
    stride: Sizes | None = attr(optional(SIZE), "step between windows; the kernel unless given", default=None)
    pad: Pads = attr(
        PADS, "padding of both sides, or [before, after] for each axis; at most half of the kernel", default=0
    )
    ceil: bool = attr(
        FLAG,
        "round the number of windows up; the last one must begin in the input or the padding before it",
        default=False,
    )

    def _dilation(self) -> Sizes:
        return 1

    def infer(self, x: Shape) -> Shape:
        rank = spatial(self.name, x)
        kernels = per_axis(self.kernel, rank, "kernel")
        strides = kernels if self.stride is None else per_axis(self.stride, rank, "stride")
        pads = sides(self.pad, rank)
        dilations = per_axis(self._dilation(), rank, "dilation")
        for k, p in zip(kernels, pads, strict=True):
            widest = max(p) if isinstance(p, tuple) else p
            if widest > k // 2:
                raise OpError(
                    f"`{self.name}` can pad by at most half of its kernel, {k // 2}, not {widest}",
                    code="N412",
                    attribute="pad",
                    help="write `pad(..)` before it for more",
                )
        if not self.ceil:  # rounding up makes a window of what is left of one
            fits(self.name, x, kernels, dilations, pads)
        elif not is_even(pads):
            raise OpError("one-sided padding has no `ceil`", code="N414", attribute="ceil", help="pad one more instead")
        found = []
        for extent, k, s, p, d in zip(x[1:], kernels, strides, pads, dilations, strict=True):
            size = slide(extent, k, s, total(p), d)
            if self.ceil and isinstance(p, int):
                size = rounded_up(extent, k, s, p, d)
            if surely_more(1, size):
                fits(self.name, x, kernels, dilations, pads)
            found.append(size)
        return (x[0], *found)

    filling: ClassVar[Any]  # what padding holds, where F.pad does it

    def expr(self, x: Shape) -> Call:
        rank = len(x) - 1
        target = f"F.{self.name}{rank}d"
        pads = sides(self.pad, rank)
        if is_even(pads):
            return self._call(target, collapse(pads), Operand(0))
        return self._call(target, 0, Call("F.pad", (Operand(0), flat(pads)), {"value": self.filling}, {"value": 0}))

    def module(self, x: Shape) -> Call | None:
        pads = sides(self.pad, len(x) - 1)
        return self._call(f"nn.{type(self).__name__}{len(x) - 1}d", collapse(pads)) if is_even(pads) else None

    def _call(self, target: str, pad: Any, *head: Any) -> Call:
        keywords: dict[str, Any] = {
            "stride": collapse(self.kernel if self.stride is None else self.stride),
            "padding": pad,
            "ceil_mode": self.ceil,
        }
        defaults: dict[str, Any] = {"stride": collapse(self.kernel), "padding": 0, "ceil_mode": False}
        self._more(keywords, defaults)
        return Call(target, (*head, collapse(self.kernel)), keywords, defaults)

    def _more(self, keywords: dict[str, Any], defaults: dict[str, Any]) -> None:
        raise NotImplementedError

    def receptive_field(self, rank: int) -> Field:
        kernels = per_axis(self.kernel, rank, "kernel")
        dilations = per_axis(self._dilation(), rank, "dilation")
        strides = kernels if self.stride is None else per_axis(self.stride, rank, "stride")
        return tuple(d * (k - 1) + 1 for k, d in zip(kernels, dilations, strict=True)), strides


class MaxPool(Window, name="max_pool"):
    """The largest value in each window. Padding never wins: it counts as minus infinity."""

    filling = Template("-torch.inf", atom=True)
    example = "max_pool(3, stride = 2, pad = 1)"
    dilation: Sizes = attr(SIZE, "distance between the points of a window", default=1)

    def _dilation(self) -> Sizes:
        return self.dilation

    def _more(self, keywords: dict[str, Any], defaults: dict[str, Any]) -> None:
        keywords["dilation"], defaults["dilation"] = collapse(self.dilation), 1


class AvgPool(Window, name="avg_pool"):
    """The mean of each window. Padding counts as zeros unless `count_include_pad = false`.

    What a window that `ceil` added covers beyond the padding never counts.
    """

    filling = 0
    example = "avg_pool(2)"
    count_include_pad: bool = attr(FLAG, "take the padding's zeros into the mean", default=True)

    def _more(self, keywords: dict[str, Any], defaults: dict[str, Any]) -> None:
        keywords["count_include_pad"], defaults["count_include_pad"] = self.count_include_pad, True

    def infer(self, x: Shape) -> Shape:
        if not self.count_include_pad and isinstance(self.pad, tuple) and not is_even(sides(self.pad, len(self.pad))):
            raise OpError(
                "one-sided padding counts in the mean: there is no `count_include_pad = false` with it",
                code="N414",
                attribute="count_include_pad",
            )
        found: Shape = super().infer(x)
        kernel = per_axis(self.kernel, len(x) - 1, "kernel")
        even = is_even(sides(self.pad, len(x) - 1))
        if len(x) == 4 and even and any(surely_more(k, extent) for k, extent in zip(kernel, x[1:], strict=True)):
            raise OpError(  # torch's rule for volumes alone
                f"the window of `avg_pool`, {show_shape(kernel)}, is larger than its input, {show_shape(x[1:])}, "
                "which in volumes it may not be, even with padding",
                code="N404",
                attribute="kernel",
            )
        return found


class Global(Op):
    """Base of the pools over whole maps."""

    keep: bool = attr(FLAG, "keep the spatial axes, of extent 1: `C×1×1`", default=False)

    def infer(self, x: Shape) -> Shape:
        rank = spatial(self.name, x)
        return (x[0], *(1,) * rank) if self.keep else (x[0],)

    def _reduce(self, method: str, x: Shape) -> Call:
        axes: Any = tuple(range(2, len(x) + 1))
        axes = axes[0] if len(axes) == 1 else axes
        return Call(method, (Operand(0), axes), {"keepdim": self.keep}, {"keepdim": False})

    def receptive_field(self, rank: int) -> None:
        return None


class GlobalAvgPool(Global, name="global_avg_pool"):
    """The mean of each channel: a vector, or `C×1×1` with `keep = true`."""

    example = "global_avg_pool"

    def expr(self, x: Shape) -> Call:
        return self._reduce(".mean", x)

    def module(self, x: Shape) -> Call | None:
        return Call(f"nn.AdaptiveAvgPool{len(x) - 1}d", (1,)) if self.keep else None


class GlobalMaxPool(Global, name="global_max_pool"):
    """The largest value of each channel: a vector, or `C×1×1` with `keep = true`."""

    example = "global_max_pool"

    def expr(self, x: Shape) -> Call:
        return self._reduce(".amax", x)

    def module(self, x: Shape) -> Call | None:
        return Call(f"nn.AdaptiveMaxPool{len(x) - 1}d", (1,)) if self.keep else None


class Adaptive(Op):
    """Base of the pools whose windows follow from the size of the output."""

    size: Sizes = attr(SIZE, "the output's extents: one for all axes, or one each")

    def infer(self, x: Shape) -> Shape:
        rank = spatial(self.name, x)
        return (x[0], *per_axis(self.size, rank, "size"))

    def receptive_field(self, rank: int) -> None:
        return None


class AdaptiveAvgPool(Adaptive, name="adaptive_avg_pool"):
    """The mean of each window, window i of n along an axis being `⌊i·extent/n⌋` to `⌈(i+1)·extent/n⌉`."""

    example = "adaptive_avg_pool(7)"

    def module(self, x: Shape) -> Call:
        return Call(f"nn.AdaptiveAvgPool{len(x) - 1}d", (collapse(self.size),))

    def expr(self, x: Shape) -> Call:
        return Call(f"F.adaptive_avg_pool{len(x) - 1}d", (Operand(0), collapse(self.size)))


class AdaptiveMaxPool(Adaptive, name="adaptive_max_pool"):
    """The largest value of each window, window i of n along an axis being `⌊i·extent/n⌋` to `⌈(i+1)·extent/n⌉`."""

    example = "adaptive_max_pool(7)"

    def module(self, x: Shape) -> Call:
        return Call(f"nn.AdaptiveMaxPool{len(x) - 1}d", (collapse(self.size),))

    def expr(self, x: Shape) -> Call:
        return Call(f"F.adaptive_max_pool{len(x) - 1}d", (Operand(0), collapse(self.size)))
