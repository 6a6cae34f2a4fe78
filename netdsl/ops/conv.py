"""Convolutions. All are rank-generic: they work on C×W, C×H×W and C×D×H×W."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import Any

from netdsl.extent import Extent, surely_more
from netdsl.ops.initialiser import Initialiser
from netdsl.ops.kinds import COUNT, EDGE, FLAG, PADS, SIZE, Pads, Sizes, choice, collapse, optional
from netdsl.ops.op import Call, Field, Helper, OpError, Shape, attr, show_shape
from netdsl.ops.rules import known, per_axis, spatial
from netdsl.ops.weighted import Weighted, check_size
from netdsl.ops.window import default_pads, fits, flat, is_even, reflects, sides, slide, total

PADDING_MODES = ("zeros", "reflect", "replicate", "circular")


def product(extents: tuple[Extent, ...]) -> int:
    """Of known extents, without a trace; OpError where one is a symbol."""
    return math.prod(int(known(e, "what is multiplied")) for e in extents)


def divide_groups(groups: int, channels: int, out: int) -> None:
    """OpError where the groups do not divide the channels on both sides."""
    for number, what in ((channels, "input"), (out, "output")):
        if number % groups:
            fitting = [g for g in range(1, min(channels, out) + 1) if channels % g == 0 and out % g == 0]
            near = min(fitting, key=lambda g: abs(g - groups))
            raise OpError(
                f"{groups} groups do not divide the {number} {what} channels",
                code="N405",
                attribute="groups",
                help=f"`groups = {near}` divides {channels} input and {out} output channels",
            )


def padded_conv(rank: int) -> Helper:
    """A convolution whose two sides of an axis are padded differently, which torch's own cannot."""
    return Helper(
        f"PaddedConv{rank}d",
        f'''class PaddedConv{rank}d(nn.Conv{rank}d):
    """nn.Conv{rank}d behind F.pad: `pad` is (before, after) for each axis, the last axis first."""

    def __init__(self, *sizes: Any, pad: tuple[int, ...], mode: str = "constant", **settings: Any) -> None:
        super().__init__(*sizes, **settings)
        self.pad, self.mode = pad, mode

    def forward(self, x: Tensor) -> Tensor:
        return super().forward(F.pad(x, self.pad, self.mode))
''',
        ("from typing import Any",),
    )


class Conv(Weighted, name="conv"):
    """Convolution over one, two or three spatial axes; the input's channels are known.

    `y[o, p] = bias[o] + Σ_c Σ_k weight[o, c, k] · x[c, stride·p + dilation·k - pad]`, torch's cross-correlation.
    An odd kernel pads by half of its dilated size unless `pad` is given, so that stride 1 keeps the size;
    `pad = 0` takes only whole windows ("valid").
    """

    example = "conv(64, 7, stride = 2)"
    example_input = ((3, 224, 224),)

    out: int = attr(COUNT, "output channels")
    kernel: Sizes = attr(SIZE, "window: one extent for all axes, or one each")
    stride: Sizes = attr(SIZE, "step between windows", default=1)
    pad: Pads = attr(
        optional(PADS),
        "padding of both sides, or [before, after] for each axis; half of the dilated kernel unless given, "
        "and even kernels must give it",
        default=None,
    )
    dilation: Sizes = attr(SIZE, "distance between the points of a window", default=1)
    groups: int = attr(COUNT, "the channels are divided into this many separate convolutions", default=1)
    bias: bool = attr(FLAG, "add a learned number to each output channel", default=True)
    mode: str = attr(choice(*PADDING_MODES), "what padding holds", default="zeros")

    def _windows(self, x: Shape) -> tuple[Any, ...]:
        rank = len(x) - 1
        kernels = per_axis(self.kernel, rank, "kernel")
        strides = per_axis(self.stride, rank, "stride")
        dilations = per_axis(self.dilation, rank, "dilation")
        pads = default_pads(self.name, kernels, dilations) if self.pad is None else sides(self.pad, rank)
        return kernels, strides, dilations, pads

    def infer(self, x: Shape) -> Shape:
        spatial(self.name, x)
        channels = known(x[0], "the number of channels")
        kernels, strides, dilations, pads = self._windows(x)
        divide_groups(self.groups, channels, self.out)
        fits(self.name, x, kernels, dilations, pads)
        reflects(self.name, x, pads, self.mode)
        self.check_weights(x)
        if self.pad is None:  # what half of the kernel comes to, whatever the kernel is
            found = [(extent - 1) // s + 1 for extent, s in zip(x[1:], strides, strict=True)]
        else:
            found = [
                slide(extent, k, s, total(p), d)
                for extent, k, s, p, d in zip(x[1:], kernels, strides, pads, dilations, strict=True)
            ]
        return (self.out, *found)

    def weights(self, x: Shape) -> dict[str, Shape]:
        kernels = per_axis(self.kernel, len(x) - 1, "kernel")
        found: dict[str, Shape] = {"weight": (self.out, x[0] // self.groups, *kernels)}
        if self.bias:
            found["bias"] = (self.out,)
        return found

    def macs(self, x: Shape) -> Extent:
        taps: int = product(per_axis(self.kernel, len(x) - 1, "kernel"))
        return product(x[:1]) // int(self.groups) * taps * product(self.infer(x))

    def module(self, x: Shape) -> Call:
        rank = len(x) - 1
        _, _, _, pads = self._windows(x)
        even = is_even(pads)
        keywords = {
            "stride": collapse(self.stride),
            "padding": collapse(pads) if even else 0,
            "dilation": collapse(self.dilation),
            "groups": self.groups,
            "bias": self.bias,
            "padding_mode": self.mode if even else "zeros",
        }
        defaults = {"stride": 1, "padding": 0, "dilation": 1, "groups": 1, "bias": True, "padding_mode": "zeros"}
        if even:
            return Call(f"nn.Conv{rank}d", (x[0], self.out, collapse(self.kernel)), keywords, defaults)
        keywords |= {"pad": flat(pads), "mode": "constant" if self.mode == "zeros" else self.mode}
        defaults |= {"mode": "constant"}
        return Call(padded_conv(rank), (x[0], self.out, collapse(self.kernel)), keywords, defaults)

    def is_pointwise(self) -> bool:
        """Whether each point of the output comes from the same point of the input: 1x1, stride 1, one group."""

        def all_are(value: Any, wanted: int) -> bool:
            return all(all_are(v, wanted) for v in value) if isinstance(value, tuple) else value in (wanted, None)

        return all_are((self.kernel, self.stride), 1) and all_are(self.pad, 0) and self.groups == 1

    def receptive_field(self, rank: int) -> Field:
        kernels, dilations = per_axis(self.kernel, rank, "kernel"), per_axis(self.dilation, rank, "dilation")
        return (
            tuple(d * (k - 1) + 1 for k, d in zip(kernels, dilations, strict=True)),
            per_axis(self.stride, rank, "stride"),
        )


def separable_conv(rank: int) -> Helper:
    return Helper(
        f"SeparableConv{rank}d",
        f'''class SeparableConv{rank}d(nn.Sequential):
    """A depthwise convolution, each channel by itself, then a pointwise one that mixes the channels."""

    def __init__(
        self, in_channels: int, out_channels: int, kernel: Any, multiplier: int = 1, bias: bool = True, **settings: Any
    ) -> None:
        super().__init__()
        middle = multiplier * in_channels
        self.depthwise = nn.Conv{rank}d(in_channels, middle, kernel, groups=in_channels, bias=False, **settings)
        self.pointwise = nn.Conv{rank}d(middle, out_channels, 1, bias=bias)
''',
        ("from typing import Any",),
    )


class SeparableConv(Weighted, name="separable_conv"):
    """A depthwise convolution (each channel by itself, no bias), then a pointwise one (1×1), nothing between them.

    Chollet's Xception (2016) in the order of its code. Its weights are `depthwise.weight` and `pointwise.weight`.
    """

    example = "separable_conv(128, 3, bias = false)"
    example_input = ((64, 32, 32),)

    out: int = attr(COUNT, "output channels")
    kernel: Sizes = attr(SIZE, "window of the depthwise convolution")
    stride: Sizes = attr(SIZE, "step between its windows", default=1)
    pad: Pads = attr(optional(PADS), "padding of both sides; half of the dilated kernel unless given", default=None)
    dilation: Sizes = attr(SIZE, "distance between the points of a window", default=1)
    bias: bool = attr(FLAG, "add a learned number to each output channel", default=True)
    multiplier: int = attr(COUNT, "channels that the depthwise convolution makes of each", default=1)

    def _parts(self, x: Any) -> tuple[Conv, Conv]:
        depthwise = Conv(
            out=x[0] * self.multiplier,
            kernel=self.kernel,
            stride=self.stride,
            pad=self.pad,
            dilation=self.dilation,
            groups=x[0],
            bias=False,
        )
        return depthwise, Conv(out=self.out, kernel=1, bias=self.bias)

    def infer(self, x: Shape) -> Shape:
        spatial(self.name, x)
        known(x[0], "the number of channels")
        depthwise, pointwise = self._parts(x)
        if self.pad is not None and not is_even(sides(self.pad, len(x) - 1)):
            raise OpError(
                "`separable_conv` pads both sides alike", code="N412", attribute="pad", help="use `pad` before it"
            )
        weights = self.weights(x)
        check_size(self.name, weights)
        for tensor, initialiser, attribute in self._initialisers():
            if tensor in weights:
                initialiser.check(weights[tensor], attribute)
        middle: Shape = depthwise.infer(x)
        found: Shape = pointwise.infer(middle)
        return found

    def _initialisers(self) -> list[tuple[str, Initialiser, str]]:
        found = []
        if self.init is not None:
            found += [(f"{part}.weight", self.init, "init") for part in ("depthwise", "pointwise")]
        if self.bias_init is not None:
            found.append(("pointwise.bias", self.bias_init, "bias_init"))
        return found

    def weights(self, x: Shape) -> dict[str, Shape]:
        depthwise, pointwise = self._parts(x)
        middle = (depthwise.out, *x[1:])
        return {f"depthwise.{n}": s for n, s in depthwise.weights(x).items()} | {
            f"pointwise.{n}": s for n, s in pointwise.weights(middle).items()
        }

    def macs(self, x: Shape) -> Extent:
        depthwise, pointwise = self._parts(x)
        return depthwise.macs(x) + pointwise.macs(depthwise.infer(x))

    def module(self, x: Shape) -> Call:
        depthwise, _ = self._parts(x)
        inner = depthwise.module(x)
        keywords = {k: inner.keywords[k] for k in ("stride", "padding", "dilation")}
        keywords |= {"multiplier": self.multiplier, "bias": self.bias}
        defaults = {k: inner.defaults[k] for k in ("stride", "padding", "dilation")} | {"multiplier": 1, "bias": True}
        return Call(separable_conv(len(x) - 1), (x[0], self.out, collapse(self.kernel)), keywords, defaults)

    def setup(self, x: Shape) -> Any:
        statements = [
            initialiser.fill(f"{{module}}.{tensor}")
            for tensor, initialiser, _ in self._initialisers()
            if tensor in self.weights(x)
        ]
        return (*statements, *super().setup(x))

    def receptive_field(self, rank: int) -> Any:
        return Conv(out=self.out, kernel=self.kernel, stride=self.stride, dilation=self.dilation).receptive_field(rank)


class Deconv(Weighted, name="deconv"):
    """Transposed convolution: every input point lays `weight` into the output, `stride` apart; overlaps add up.

    The output's extent is `(extent - 1)·stride - 2·pad + dilation·(kernel - 1) + output_pad + 1`. Nothing is cut off
    (`pad`) unless told. The weight is [in, out / groups, kernel..], a convolution's [out, in / groups, kernel..].
    """

    example = "deconv(64, 2, stride = 2)"
    example_input = ((128, 28, 28),)

    out: int = attr(COUNT, "output channels")
    kernel: Sizes = attr(SIZE, "window: one extent for all axes, or one each")
    stride: Sizes = attr(SIZE, "distance of the windows in the output", default=1)
    pad: Sizes = attr(EDGE, "what is cut off from both sides of the output", default=0)
    output_pad: Sizes = attr(EDGE, "what is added after the end of the output; less than stride or dilation", default=0)
    groups: int = attr(COUNT, "the channels are divided into this many separate deconvolutions", default=1)
    dilation: Sizes = attr(SIZE, "distance between the points of a window", default=1)
    bias: bool = attr(FLAG, "add a learned number to each output channel", default=True)

    def infer(self, x: Shape) -> Shape:
        rank = spatial(self.name, x)
        channels = known(x[0], "the number of channels")
        names = ("kernel", "stride", "pad", "output_pad", "dilation")
        found = []
        for extent, k, s, p, o, d in zip(x[1:], *(per_axis(getattr(self, n), rank, n) for n in names), strict=True):
            if o >= s and o >= d:
                raise OpError(
                    f"`output_pad`, {o}, must be less than the stride, {s}, or the dilation, {d}",
                    code="N412",
                    attribute="output_pad",
                )
            size = (extent - 1) * s - 2 * p + d * (k - 1) + o + 1
            if surely_more(1, size):
                raise OpError(
                    f"`deconv` cuts off all of its output: {show_shape(x[1:])} would become {size} along an axis",
                    code="N411",
                    attribute="pad",
                    help="use a smaller `pad`",
                )
            found.append(size)
        divide_groups(self.groups, channels, self.out)
        self.check_weights(x)
        return (self.out, *found)

    def weights(self, x: Shape) -> dict[str, Shape]:
        kernels = per_axis(self.kernel, len(x) - 1, "kernel")
        found: dict[str, Shape] = {"weight": (x[0], self.out // self.groups, *kernels)}
        if self.bias:
            found["bias"] = (self.out,)
        return found

    def macs(self, x: Shape) -> Extent:
        taps = product(per_axis(self.kernel, len(x) - 1, "kernel"))
        return product(x) * (int(self.out) // int(self.groups)) * taps

    def module(self, x: Shape) -> Call:
        keywords = {
            "stride": collapse(self.stride),
            "padding": collapse(self.pad),
            "output_padding": collapse(self.output_pad),
            "groups": self.groups,
            "bias": self.bias,
            "dilation": collapse(self.dilation),
        }
        defaults = {"stride": 1, "padding": 0, "output_padding": 0, "groups": 1, "bias": True, "dilation": 1}
        return Call(f"nn.ConvTranspose{len(x) - 1}d", (x[0], self.out, collapse(self.kernel)), keywords, defaults)

    def receptive_field(self, rank: int) -> Field:
        kernels, strides = per_axis(self.kernel, rank, "kernel"), per_axis(self.stride, rank, "stride")
        dilations = per_axis(self.dilation, rank, "dilation")
        return (
            tuple(Fraction(d * (k - 1) + 1, int(s)) for k, s, d in zip(kernels, strides, dilations, strict=True)),
            tuple(Fraction(1, int(s)) for s in strides),
        )
