"""One convolution to be checked, as numbers: drawn by hypothesis, made, computed and held against float64."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import assume
from hypothesis import strategies as st
from torch import Tensor

from netdsl.kernels import NONE, Activation, Config, Prologue, conv, deconv
from netdsl.kernels.activation import KINDS
from netdsl.kernels.convolution import conv_reference, deconv_reference
from tests.kernels.gate import TF32, assert_close, rms
from tests.kernels.maps import DTYPES, PLAIN, Laid, Place, Random, laid, places, weight

ACTIVATIONS = st.sampled_from([Activation(kind, 0.3 if kind in ("leaky_relu", "elu") else 0.0) for kind in KINDS])
Pads = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class ConvCase:
    channels: tuple[int, ...]  # of each source
    outputs: int
    spatial: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    padding: Pads
    dilation: tuple[int, ...]
    images: int = 2
    groups: int = 1
    transposed: bool = False
    output_padding: tuple[int, ...] = ()
    bias: bool = True
    scale: bool = True
    residual: bool = True
    activation: Activation = NONE
    prologue: Activation | None = None
    dtype: torch.dtype = torch.float32
    weight: str = "last"
    source: Place = PLAIN
    output: Place = PLAIN
    multiple: int = 1  # of the buffers' widths
    tile: tuple[int, ...] = (64, 32, 32)
    warps: int = 4
    kernel_name: str = "conv_pointer"  # or "", for that which is chosen
    precision: str = "ieee"
    seed: int = 0

    @property
    def found(self) -> tuple[int, ...]:
        """The extents of the output."""
        axes = zip(self.spatial, self.kernel, self.stride, self.padding, self.dilation, strict=True)
        if self.transposed:
            pads = zip(axes, self.output_padding, strict=True)
            return tuple((e - 1) * s - sum(p) + d * (k - 1) + o + 1 for (e, k, s, p, d), o in pads)
        return tuple((e + sum(p) - d * (k - 1) - 1) // s + 1 for e, k, s, p, d in axes)

    def sensible(self) -> bool:
        """Whether there is an output, and not so much of it that the interpreter takes seconds."""
        if not min(self.found) >= 1:
            return False
        rows = self.images * math.prod(self.found)
        return rows <= 400 and rows * math.prod(self.kernel) <= 2000


@dataclass
class Made:
    """The tensors of a case."""

    sources: tuple[Tensor, ...]
    weight: Tensor
    settings: dict[str, Any]  # keyword arguments of conv or deconv
    out: Laid


def made(case: ConvCase, device: str = "cpu") -> Made:
    random, total = Random(case.seed, device), sum(case.channels)
    shape = (total, case.outputs // case.groups) if case.transposed else (case.outputs, total // case.groups)
    n, dtype = case.images, case.dtype
    sources = (random(n, c, *case.spatial, dtype=dtype) for c in case.channels)
    kept = laid(random(n, case.outputs, *case.found, dtype=dtype), case.output, case.multiple, fill=5.0)
    residual = laid(random(n, case.outputs, *case.found, dtype=dtype), case.source, case.multiple)
    settings = dict(
        bias=random(case.outputs) if case.bias else None,
        scale=random(case.outputs) if case.scale else None,
        residual=residual.view if case.residual else None,
        activation=case.activation,
        stride=case.stride,
        padding=case.padding,
        dilation=case.dilation,
        groups=case.groups,
        prologue=case.prologue and Prologue(random(total), random(total), case.prologue),
        **({"output_padding": case.output_padding} if case.transposed else {}),
    )
    return Made(
        tuple(laid(x, case.source, case.multiple).view for x in sources),
        weight(random, (*shape, *case.kernel), case.weight, dtype),
        settings,
        kept,
    )


def truth(case: ConvCase, made: Made, activation: Activation) -> Tensor:
    def double(value: Any) -> Any:
        if isinstance(value, Prologue):
            return Prologue(double(value.scale), double(value.shift), value.activation)
        return value.double().cpu() if isinstance(value, Tensor) else value

    settings = {name: double(value) for name, value in made.settings.items()} | {"activation": activation}
    reference = deconv_reference if case.transposed else conv_reference
    return reference(tuple(map(double, made.sources)), double(made.weight), **settings)


def check(case: ConvCase, device: str = "cpu") -> None:
    """Compute the case and hold it against the truth; its inputs and its neighbours must be what they were."""
    tensors = made(case, device)
    config = Config(case.kernel_name, case.tile, case.warps, 3) if case.kernel_name else None
    untouched = [x.clone() for x in (*tensors.sources, tensors.weight)]
    function = deconv if case.transposed else conv
    settings = tensors.settings | {"out": tensors.out.view, "config": config, "precision": case.precision}
    y = function(tensors.sources, tensors.weight, **settings)
    assert y is tensors.out.view
    tensors.out.assert_neighbours_untouched()
    assert all(map(torch.equal, untouched, (*tensors.sources, tensors.weight)))
    # What an activation squeezes flat is still held to a tenth of what went into it.
    gate = TF32 if device == "cuda" and case.precision == "tf32" and case.dtype is torch.float32 else None
    assert_close(y, truth(case, tensors, case.activation), 0.1 * rms(truth(case, tensors, NONE)), gate)


@st.composite
def conv_cases(draw: st.DrawFn, /, transposed: bool = False, **fixed: Any) -> ConvCase:
    """Any convolution small enough for the interpreter; `fixed` sets fields."""
    rank = draw(st.sampled_from((2, 2, 2, 1, 3)))

    def axes(values: st.SearchStrategy[Any]) -> tuple[Any, ...]:
        return tuple(draw(values) for _ in range(rank))

    most = {1: 20, 2: 9, 3: 4}[rank]
    kind = draw(st.sampled_from(("full", "full", "grouped", "depthwise", "sources")))
    groups = {"grouped": draw(st.integers(2, 3)), "depthwise": draw(st.integers(2, 36))}.get(kind, 1)
    within = 1 if kind == "depthwise" else draw(st.sampled_from((1, 3, 5, 16, 17, 33)))
    channels: tuple[int, ...] = (groups * within,)
    if kind == "sources":
        channels = tuple(draw(st.lists(st.sampled_from((1, 3, 8, 17, 32)), min_size=2, max_size=4)))
    outputs = groups * (1 if kind == "depthwise" else draw(st.sampled_from((1, 4, 16, 19, 40))))
    kernel = axes(st.integers(1, 3 if rank > 1 else 7))
    stride = axes(st.sampled_from((1, 1, 2, 3)))
    dilation = axes(st.sampled_from((1, 1, 2, 4)))
    values: dict[str, Any] = dict(
        channels=channels,
        outputs=outputs,
        spatial=axes(st.integers(1, most)),
        kernel=kernel,
        stride=stride,
        padding=axes(st.sampled_from(((0, 0), (0, 0), (1, 1), (0, 1), (2, 1), (3, 3)))),
        dilation=dilation,
        images=draw(st.integers(1, 3)),
        groups=groups,
        transposed=transposed,
        output_padding=tuple(draw(st.integers(0, max(s, d) - 1)) for s, d in zip(stride, dilation, strict=True)),
        bias=draw(st.booleans()),
        scale=draw(st.booleans()),
        residual=draw(st.booleans()),
        activation=draw(ACTIVATIONS),
        prologue=draw(st.one_of(st.none(), st.none(), ACTIVATIONS)),
        dtype=draw(st.sampled_from(DTYPES)),
        weight=draw(st.sampled_from(("torch", "last", "packed"))),
        source=draw(places()),
        output=draw(places()),
        tile=draw(st.sampled_from(((64, 32, 32), (128, 16, 16), (128, 64, 32)))),
        precision=draw(st.sampled_from(("ieee", "tf32"))),
        seed=draw(st.integers(0, 2**16)),
    )
    case = ConvCase(**values | fixed)
    assume(case.sensible())
    return case
