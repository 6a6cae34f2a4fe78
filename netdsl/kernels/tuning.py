"""The tiles that are worth trying: for each kernel and arithmetic, the extents of the tile, warps and stages.

What each compiles to for sm_80, sm_90 and sm_100 stands in benchmarks/results/kernels_compiled.md, made by
benchmarks/compile_kernels.py. The tile is BM x BN x BK: positions, output channels, input channels of one step; the
stem has no BK, and the depthwise kernel has BM x BC.
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


def configs(kernel: str, arithmetic: str) -> tuple[Config, ...]:
    """All configurations of a kernel for an arithmetic; none where it has nothing to gain from it."""
    found = TILES[kernel].get(arithmetic, ())
    return tuple(Config(kernel, tuple(tile), warps, stages) for *tile, warps, stages in found)


def arithmetic(call: ConvCall) -> str:
    """What the products of a call are computed in."""
    if call.x.dtype is not torch.float32:
        return "half"
    return "ieee" if call.groups == call.channels == call.outputs else call.precision
