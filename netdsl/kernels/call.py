"""A convolution as the kernels see it: checked once, every tensor with three spatial axes, the output allocated."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

from torch import Tensor

from netdsl.kernels.activation import NONE, Activation, Prologue
from netdsl.kernels.launch import need
from netdsl.kernels.layout import (
    as_maps,
    check_map,
    check_output,
    check_vector,
    disjoint,
    new_map,
    same,
    same_place,
    wide,
)

Three = tuple[int, int, int]
Pads = tuple[tuple[int, int], tuple[int, int], tuple[int, int]]
MOST_SOURCES = 4


@dataclass(frozen=True, eq=False)
class ConvCall:
    """One convolution, or transposed convolution. Shapes: D, H and W are 1 where the maps have fewer axes."""

    sources: tuple[Tensor, ...]  # [N, C_i, D, H, W] each, read as if concatenated on channels
    weight: Tensor  # [K, C/groups, KD, KH, KW], transposed [C, K/groups, KD, KH, KW]
    bias: Tensor | None  # [K]
    scale: Tensor | None  # [K]
    residual: Tensor | None  # as out
    out: Tensor  # [N, K, OD, OH, OW]
    activation: Activation = NONE
    prologue: Prologue | None = None
    stride: Three = (1, 1, 1)
    padding: Pads = ((0, 0), (0, 0), (0, 0))
    dilation: Three = (1, 1, 1)
    groups: int = 1
    transposed: bool = False
    precision: str = "ieee"

    @property
    def x(self) -> Tensor:
        return self.sources[0]

    @cached_property
    def kernel(self) -> Three:
        d, h, w = self.weight.shape[2:]
        return d, h, w

    @cached_property
    def channels(self) -> int:
        """C, of all sources together."""
        return sum(source.shape[1] for source in self.sources)

    @property
    def outputs(self) -> int:
        """K."""
        return self.out.shape[1]

    @property
    def before(self) -> Three:
        """The padding before each axis: that after it follows from the output's extents."""
        (d, _), (h, _), (w, _) = self.padding
        return d, h, w

    @property
    def padded(self) -> bool:
        return any(map(any, self.padding))

    @cached_property
    def rows(self) -> int:
        """Positions of the output, of all images."""
        return self.out.numel() // self.outputs

    @property
    def extents(self) -> dict[str, int]:
        """Of the input and the output, by the kernels' names for them."""
        n, _, d, h, w = self.x.shape
        od, oh, ow = self.out.shape[2:]
        return {"N": n, "D": d, "H": h, "W": w, "OD": od, "OH": oh, "OW": ow}

    @cached_property
    def wide(self) -> bool:
        """Whether an offset can pass 2**31 elements."""
        return wide(*self.sources, self.weight, self.residual, self.out)


def surroundings(call: ConvCall) -> dict[str, object]:
    """What stands around the product, by the kernels' names for it."""
    before = call.prologue
    return {
        "bias": call.bias,
        "scale": call.scale,
        "pre_scale": before and before.scale,
        "pre_shift": before and before.shift,
        "ACT": call.activation.kind,
        "SLOPE": call.activation.slope,
        "PRE_ACT": before.activation.kind if before else "none",
        "PRE_SLOPE": before.activation.slope if before else 0.0,
        "PRECISION": call.precision,
    }


def conv_call(
    sources: Tensor | Sequence[Tensor],
    weight: Tensor,
    bias: Tensor | None,
    scale: Tensor | None,
    residual: Tensor | None,
    activation: Activation,
    stride: Sequence[int],
    padding: Sequence[tuple[int, int]],
    dilation: Sequence[int],
    groups: int,
    prologue: Prologue | None,
    out: Tensor | None,
    precision: str,
    transposed: bool = False,
    output_padding: Sequence[int] = (),
) -> ConvCall:
    """Check the arguments of a convolution and allocate its output; Refused where they do not fit together."""
    given = (sources,) if isinstance(sources, Tensor) else tuple(sources)
    need(1 <= len(given) <= MOST_SOURCES, f"a conv reads 1 to {MOST_SOURCES} sources, not {len(given)}")
    rank = given[0].ndim - 2
    need(1 <= rank <= 3, f"a map has 1 to 3 spatial axes; the shape {tuple(given[0].shape)} has {rank}")
    per_axis = {"stride": stride, "padding": padding, "dilation": dilation}
    if transposed:
        per_axis["output_padding"] = output_padding
    for name, values in per_axis.items():
        need(len(values) == rank, f"`{name}` has {len(values)} entries for {rank} spatial axes")
    need(weight.ndim == rank + 2, f"a weight for {rank} spatial axes has {rank + 2} axes, not {weight.ndim}")
    need(min(*stride, *dilation, groups) >= 1, "stride, dilation and groups are at least 1")
    need(all(min(pair) >= 0 for pair in padding), "padding is not negative")
    need(precision in ("ieee", "tf32"), f"the precision is ieee or tf32, not {precision!r}")
    need(min(weight.shape) >= 1, f"the weight {tuple(weight.shape)} is empty")

    for source in given:
        check_map(source, "a source", like=given[0])
        need(
            source.shape[0] == given[0].shape[0] and source.shape[2:] == given[0].shape[2:], "sources differ in extents"
        )
    channels = sum(source.shape[1] for source in given)
    outputs = weight.shape[1] * groups if transposed else weight.shape[0]
    reads = weight.shape[0] if transposed else weight.shape[1] * groups
    need(channels == reads, f"the weight reads {reads} channels, and there are {channels}")
    need(channels % groups == 0 and outputs % groups == 0, f"{groups} groups divide neither {channels} nor {outputs}")
    need(groups == 1 or len(given) == 1, "a grouped conv reads one source")
    same(weight, "the weight", given[0])

    kernel = weight.shape[2:]
    extents = given[0].shape[2:]
    axes = zip(extents, kernel, stride, padding, dilation, output_padding or (0,) * rank, strict=True)
    if transposed:
        need(
            all(0 <= o < max(s, d) for o, s, d in zip(output_padding, stride, dilation, strict=True)),
            "the output padding is smaller than the stride or the dilation",
        )
        found = [(e - 1) * s - sum(p) + d * (k - 1) + o + 1 for e, k, s, p, d, o in axes]
    else:
        found = [(e + sum(p) - d * (k - 1) - 1) // s + 1 for e, k, s, p, d, _ in axes]
    need(min(found) >= 1 and min(extents) >= 1, f"no window of {tuple(kernel)} fits into {tuple(extents)}")
    shape = (given[0].shape[0], outputs, *found)

    if out is None:
        out = new_map(shape, given[0])
    check_output(out, like=given[0], shape=shape)
    need(all(disjoint(out, source) for source in given), "the output overlaps an input")
    if residual is not None:
        check_map(residual, "the residual", like=given[0], shape=shape)
        need(same_place(out, residual) or disjoint(out, residual), "the output overlaps the residual elsewhere")
    check_vector(bias, "the bias", outputs, like=weight)
    check_vector(scale, "the scale", outputs, like=weight)
    if prologue is not None:
        check_vector(prologue.scale, "the prologue's scale", channels, like=weight)
        check_vector(prologue.shift, "the prologue's shift", channels, like=weight)

    if not transposed and set(kernel) == {1} and not any(map(any, padding)):
        # A 1x1 looks at every stride-th position: of a map of those, which is a view, at all.
        given = tuple(source[(slice(None), slice(None), *(slice(None, None, s) for s in stride))] for source in given)
        stride = (1,) * rank
    leading = 3 - rank
    pads = ((0, 0),) * leading + tuple((before, after) for before, after in padding)
    return ConvCall(
        sources=tuple(map(as_maps, given)),
        weight=as_maps(weight),
        bias=bias,
        scale=scale,
        residual=None if residual is None else as_maps(residual),
        out=as_maps(out),
        activation=activation,
        prologue=prologue,
        stride=(1,) * leading + tuple(stride),  # type: ignore[arg-type]
        padding=pads,  # type: ignore[arg-type]
        dilation=(1,) * leading + tuple(dilation),  # type: ignore[arg-type]
        groups=groups,
        transposed=transposed,
        precision=precision,
    )
