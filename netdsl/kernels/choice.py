"""Which kernels and tiles can compute a call, and which is taken where nothing was measured."""

from __future__ import annotations

import math
from typing import Protocol

import torch
from triton import cdiv

from netdsl.kernels.call import ConvCall
from netdsl.kernels.conv_depthwise import ConvDepthwise
from netdsl.kernels.conv_pointer import ConvPointer
from netdsl.kernels.conv_stem import ConvStem, run_length
from netdsl.kernels.conv_tma_box import ConvTmaBox
from netdsl.kernels.conv_tma_rows import ConvTmaRows
from netdsl.kernels.conv_tma_stride2 import ConvTmaStride2
from netdsl.kernels.launch import Config, Launch, need
from netdsl.kernels.tuning import arithmetic, configs


class Kernel(Protocol):
    """One kernel of convolution."""

    name: str

    def why_not(self, call: ConvCall, config: Config) -> str | None:
        """Why this kernel cannot compute the call, in words; None where it can."""

    def grid(self, call: ConvCall, config: Config) -> tuple[int, ...]:
        """How many programs compute the call."""

    def build(self, call: ConvCall, config: Config) -> Launch:
        """The launch that computes the call."""


# The narrower a kernel's conditions, the sooner it is taken.
ALL: tuple[Kernel, ...] = (
    ConvDepthwise(),
    ConvTmaRows(),
    ConvTmaStride2(),
    ConvTmaBox(),
    ConvStem(),
    ConvPointer(),
)
KERNELS = {kernel.name: kernel for kernel in ALL}


def kernel_of(config: Config) -> Kernel:
    need(config.kernel in KERNELS, f"no kernel is called {config.kernel!r}: there are {', '.join(KERNELS)}")
    return KERNELS[config.kernel]


def candidates(call: ConvCall, capability: int | None = None) -> list[Config]:
    """The configurations that compute `call`, the best guess first: on sm_`capability`, or where its tensors are."""
    capability = architecture(call) if capability is None else capability
    found = [
        config
        for name, kernel in KERNELS.items()
        for config in configs(name, arithmetic(call), capability)
        if kernel.why_not(call, config) is None
    ]
    return sorted(found, key=lambda config: cost(call, config))


def architecture(call: ConvCall) -> int:
    """The compute capability of the call's device as in sm_90, which is also what others are taken for."""
    if call.x.device.type != "cuda":
        return 90
    major, minor = torch.cuda.get_device_capability(call.x.device)
    return 10 * major + minor


_chosen: dict[object, Config] = {}


def choose(call: ConvCall, capability: int | None = None) -> Config:
    """The configuration for `call` where nothing was measured; remembered, for calls come again and again."""
    capability = architecture(call) if capability is None else capability
    tensors = (*call.sources, call.weight, call.out, *(() if call.residual is None else (call.residual,)))
    laid = tuple((x.shape, x.stride(), x.data_ptr() % 16) for x in tensors)
    window = (call.stride, call.padding, call.dilation, call.groups, call.transposed, call.prologue is None)
    key = (capability, arithmetic(call), call.x.dtype, len(call.sources), laid, window)
    if key not in _chosen:
        _chosen[key] = candidates(call, capability)[0]
    return _chosen[key]


MULTIPROCESSORS = 132
# How much longer a kernel takes than the best for the same tile: a guess from instruction counts, not a measurement.
HANDICAP = {"conv_depthwise": 0.05, "conv_stem": 1.25, "conv_pointer": 1.25}


def cost(call: ConvCall, config: Config) -> float:
    """A guess at the time: waves of programs, steps of each, and the work and the traffic of a step.

    It knows tails, padding to tiles and small grids, and that large tiles read less; it is not to be reported.
    """
    programs = math.prod(kernel_of(config).grid(call, config))
    if len(config.tile) == 2:
        bm, bn = config.tile
        steps = math.prod(call.kernel[:2])
        steps *= run_length(call) if config.kernel == "conv_stem" else call.kernel[2]
    else:
        bm, bn, bk = config.tile
        per_tap = sum(cdiv(source.shape[1] // call.groups, bk) * bk for source in call.sources)
        steps = math.prod(call.kernel) * per_tap
    traffic = 64 * (bm + bn)
    return float(cdiv(programs, MULTIPROCESSORS) * steps * (bm * bn + traffic) * HANDICAP.get(config.kernel, 1.0))
