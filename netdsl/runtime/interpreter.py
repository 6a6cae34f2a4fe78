"""Kernels in Triton's interpreter, made bearable: a program costs some milliseconds there whatever its tile holds, so
the largest tile is the fastest. On a GPU the kernels choose for themselves."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import warnings
from collections.abc import Iterator

import torch
from torch import Tensor

from netdsl.kernels import INTERPRETED, Config

MOST_ROWS, MOST_CHANNELS = 128, 256


def convolution(channels: int, groups: int, out: Tensor) -> Config | None:
    """For a convolution from `channels` in each group, in the kernel that computes every one; None where the kernels
    choose: on a GPU, and of depthwise ones, which have a kernel of their own."""
    if not INTERPRETED or (groups > 1 and channels == 1):
        return None
    rows = min(MOST_ROWS, _above(out.numel() // out.shape[1]))
    return Config(
        "conv_pointer", (rows, min(MOST_CHANNELS, _above(out.shape[1])), min(MOST_CHANNELS, _above(channels)))
    )


def rows(kernel: str, out: Tensor) -> Config | None:
    """For a kernel that takes a map row by row."""
    if not INTERPRETED:
        return None
    return Config(kernel, (64, min(2 * MOST_CHANNELS, _above(out.shape[1]))), stages=1)


def _above(count: int) -> int:
    """The power of two that is not less, at least 16."""
    return int(max(16, 2 ** math.ceil(math.log2(max(count, 1)))))


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Without what slows it or makes it complain: its check that no integer overflows, three quarters of its
    time; torch's threads, which wait for one another on tiles; NumPy's warnings of NaN, which is meant."""
    if not INTERPRETED:
        yield
        return
    from triton.runtime.interpreter import interpreter_builder

    options = interpreter_builder.options
    threads = torch.get_num_threads()
    interpreter_builder.options = dataclasses.replace(options, sanitize_overflow=False)
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    finally:
        interpreter_builder.options = options
        torch.set_num_threads(threads)
