"""Run by itself: `python compiling.py FILE` compiles the kernels that stand in a standalone FILE for sm_90, without a
GPU, and prints each launch's configuration with its registers and spilled bytes, or why it failed."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

import torch

from benchmarks import compile_kernels  # first: it turns Triton's interpreter off

# Images, channels, outputs, size, kernel, stride and groups of a call that each kernel computes.
CALLS = {
    "conv_pointer": (4, 256, 256, 28, 3, 1, 1),
    "conv_tma_rows": (4, 256, 256, 28, 1, 1, 1),
    "conv_tma_box": (4, 256, 256, 28, 3, 1, 1),
    "conv_tma_stride2": (4, 256, 256, 28, 3, 2, 1),
    "conv_stem": (4, 3, 64, 224, 7, 2, 1),
    "conv_depthwise": (4, 256, 256, 28, 3, 1, 256),
}


def launches(file: Any) -> list[Any]:
    """What the file's operator launches for each of the calls, on tensors without memory."""
    found: list[Any] = []
    file.launch = found.append
    for kernel, (n, c, k, size, extent, stride, groups) in CALLS.items():
        file.choose = lambda call, kernel=kernel: next(f for f in file.candidates(call) if f.kernel == kernel)
        x = compile_kernels.nothing(n, c, size, size)
        weight = compile_kernels.nothing(k, c // groups, extent, extent)
        vector = torch.empty(k, device="meta")
        window = ([stride] * 2, [extent // 2] * 2, [1, 1], groups)
        file.in_triton(x, weight, None, vector, vector, vector, vector, 1e-5, None, *window, "relu", 0.0)
    return found


def main(path: str) -> None:
    spec = importlib.util.spec_from_file_location("alone", path)
    assert spec is not None
    assert spec.loader is not None
    file = importlib.util.module_from_spec(spec)
    sys.modules["alone"] = file
    spec.loader.exec_module(file)
    for launch in launches(file):
        row = compile_kernels.measure(launch, "half", "", 90)
        print(row.kernel, row.registers, row.spilled_bytes, row.failed)


if __name__ == "__main__":
    main(sys.argv[1])
