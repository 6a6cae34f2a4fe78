"""The tiles that are worth trying: for each kernel and arithmetic, the extents of the tile, warps and stages.

What each compiles to for sm_80, sm_90 and sm_100 stands in benchmarks/results/kernels_compiled.md of netdsl's
repository, made by benchmarks/compile_kernels.py. The tile is BM x BN x BK: positions, output channels, input channels
of one step; the stem has no BK, and the depthwise kernel has BM x BC.
"""

from __future__ import annotations

import torch

from netdsl.kernels.call import ConvCall
from netdsl.kernels.launch import Config

# half: fp16 and bf16, on matrix units; tf32: fp32 rounded for them; ieee: fp32 on the ordinary units.
TILES: dict[str, dict[str, tuple[tuple[int, ...], ...]]] = {
    "conv_pointer": {
        "half": (
            (128, 128, 64, 8, 3),
            (128, 64, 64, 4, 3),
            (64, 128, 64, 4, 3),
            (64, 64, 64, 4, 4),
            (128, 64, 32, 4, 4),
            (64, 32, 64, 4, 4),
            (64, 32, 32, 4, 4),
            (128, 32, 32, 4, 4),
            (128, 16, 32, 4, 4),
            (32, 64, 64, 4, 4),
        ),
        "tf32": (
            (128, 128, 32, 8, 3),
            (128, 64, 32, 8, 3),
            (64, 64, 32, 4, 4),
            (64, 32, 32, 4, 4),
            (128, 16, 16, 4, 4),
        ),
        "ieee": (
            (128, 64, 16, 8, 3),
            (64, 64, 16, 8, 3),
            (64, 32, 16, 4, 3),
            (32, 32, 32, 4, 3),
            (64, 16, 16, 4, 3),
        ),
    },
    "conv_tma_rows": {
        "half": (
            (128, 256, 64, 8, 3),
            (256, 128, 64, 8, 3),
            (128, 128, 64, 8, 4),
            (128, 64, 64, 4, 4),
            (64, 128, 64, 4, 4),
            (64, 64, 64, 4, 4),
            (64, 64, 128, 4, 3),
            (64, 32, 64, 4, 4),
            (128, 32, 32, 4, 4),
        ),
        "tf32": (
            (128, 128, 32, 8, 4),
            (128, 64, 32, 4, 4),
            (64, 64, 32, 4, 4),
            (64, 32, 32, 4, 4),
        ),
        "ieee": (
            (128, 64, 16, 8, 3),
            (64, 64, 16, 8, 3),
            (32, 32, 32, 4, 3),
        ),
    },
    "conv_tma_box": {
        "half": (
            (128, 256, 64, 8, 3),
            (256, 128, 64, 8, 3),
            (128, 128, 64, 8, 4),
            (128, 64, 64, 4, 4),
            (64, 128, 64, 4, 4),
            (64, 64, 64, 4, 4),
            (64, 32, 64, 4, 4),
            (128, 32, 64, 4, 4),
            (128, 64, 32, 4, 4),
        ),
        "tf32": (
            (128, 128, 32, 8, 4),
            (128, 64, 32, 4, 4),
            (64, 64, 32, 4, 4),
        ),
        "ieee": (
            (128, 64, 16, 8, 3),
            (64, 64, 16, 8, 3),
            (32, 32, 32, 4, 3),
        ),
    },
    "conv_tma_stride2": {
        "half": (
            (128, 128, 64, 8, 4),
            (128, 64, 64, 4, 4),
            (64, 128, 64, 4, 4),
            (64, 64, 64, 4, 4),
            (64, 32, 64, 4, 4),
            (64, 64, 32, 4, 4),
        ),
        "tf32": (
            (128, 64, 32, 4, 4),
            (64, 64, 32, 4, 4),
        ),
        "ieee": (
            (64, 64, 16, 8, 3),
            (32, 32, 32, 4, 3),
        ),
    },
    "conv_stem": {
        "half": ((256, 64, 8, 3), (128, 64, 4, 3), (128, 32, 4, 3), (64, 32, 4, 3)),
        "tf32": ((128, 64, 8, 3), (128, 32, 4, 3), (64, 32, 4, 3)),
        "ieee": ((128, 64, 8, 3), (64, 64, 8, 3), (64, 32, 4, 3)),
    },
    "conv_depthwise": {
        "half": ((16, 64, 4, 1), (32, 64, 4, 1), (16, 128, 4, 1), (32, 32, 4, 1)),
        "ieee": ((16, 64, 4, 1), (32, 64, 4, 1), (16, 128, 4, 1), (32, 32, 4, 1)),
    },
}


TMA = ("conv_tma_rows", "conv_tma_box", "conv_tma_stride2")

# What is not worth trying on an architecture: the reason by the kernel, the tile and sm_*.
DROPPED: dict[tuple[str, tuple[int, ...], int], str] = {
    (kernel, tile, 100): "spills 640 bytes and more: there the accumulator passes through registers at once"
    for kernel in ("conv_tma_rows", "conv_tma_box")
    for tile in ((128, 256, 64), (256, 128, 64))
}

# KiB of shared memory that a program may have, by family; the smaller chips of a generation have the least.
SHARED = {80: 99, 90: 227, 100: 227}
LEAST_SHARED = 99


def configs(kernel: str, arithmetic: str, capability: int = 90) -> tuple[Config, ...]:
    """The configurations of a kernel for an arithmetic on an architecture; none where it has nothing to gain there."""
    if kernel in TMA and capability < 90:
        return ()  # there is no such engine
    rows = TILES[kernel].get(arithmetic, ())
    found = [Config(kernel, tuple(tile), warps, stages) for *tile, warps, stages in rows]
    family = capability // 10 * 10  # sm_103 is built as sm_100 is
    kept = (config for config in found if (kernel, config.tile, family) not in DROPPED)
    return tuple(config for config in kept if _shared(config, arithmetic) <= SHARED.get(family, LEAST_SHARED))


def _shared(config: Config, arithmetic: str) -> int:
    """KiB for the operands of all stages: at least about what the compiler takes."""
    if len(config.tile) == 2:
        return 0
    bm, bn, bk = config.tile
    return config.stages * (bm + bn) * bk * (2 if arithmetic == "half" else 4) // 1024


def arithmetic(call: ConvCall) -> str:
    """What the products of a call are computed in."""
    if call.x.dtype is not torch.float32:
        return "half"
    return "ieee" if call.groups == call.channels == call.outputs else call.precision
