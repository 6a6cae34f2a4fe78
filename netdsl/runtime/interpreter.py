"""Kernels in Triton's interpreter, made bearable: a program costs some milliseconds there whatever its tile holds, so
the largest tile is the fastest. On a GPU the kernels choose for themselves."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch import Tensor

from netdsl.kernels import INTERPRETED, Config

MOST_CHANNELS = 256  # of a tile, in and out
MOST_ELEMENTS = 2**17  # of what a program loads or adds up at once


def convolution(channels: int, groups: int, out: Tensor, apart: Sequence[int] = ()) -> Config | None:
    """For a convolution from `channels` in each group, in the kernel that computes every one; None where the kernels
    choose: on a GPU, and of depthwise ones, which have a kernel of their own.

    Where the channels are no power of two they come in several blocks, the last of them a part; but for a transposed
    one, which has programs enough: one computes every `apart`-th position along each axis.
    """
    if not INTERPRETED or (groups > 1 and channels == 1):
        return None
    columns = min(MOST_CHANNELS, _above(out.shape[1] // groups))
    depth = min(MOST_CHANNELS, _above(channels) if apart else _below(channels))
    extents = [-(-extent // step) for extent, step in zip(out.shape[2:], apart or (1,) * (out.dim() - 2), strict=True)]
    rows = min(MOST_ELEMENTS // max(columns, depth), _above(out.shape[0] * math.prod(extents)))
    return Config("conv_pointer", (rows, columns, depth))


def rows(kernel: str, out: Tensor) -> Config | None:
    """For a kernel that takes a map row by row."""
    if not INTERPRETED:
        return None
    columns = min(2 * MOST_CHANNELS, _above(out.shape[1]))
    return Config(kernel, (min(MOST_ELEMENTS // columns, _above(out[:, 0].numel())), columns), stages=1)


def _above(count: int) -> int:
    """The power of two that is not less, at least 16."""
    return int(max(16, 2 ** math.ceil(math.log2(max(count, 1)))))


def _below(count: int) -> int:
    """The power of two that is not more, at least 16."""
    return int(max(16, 2 ** math.floor(math.log2(max(count, 1)))))


@contextlib.contextmanager
def quick() -> Iterator[None]:
    """Without what slows it or makes it complain: its check that no integer overflows, three quarters of its
    time; turning Triton's language into NumPy's anew for every function that a kernel calls, much of the rest;
    torch's threads, which wait for one another on tiles; NumPy's warnings of NaN, which is meant."""
    if not INTERPRETED:
        yield
        return
    from triton.runtime import interpreter

    builder = interpreter.interpreter_builder
    options, patch = builder.options, interpreter._patch_lang
    threads = torch.get_num_threads()
    builder.options = dataclasses.replace(options, sanitize_overflow=False)
    interpreter._patch_lang = _once(patch)
    torch.set_num_threads(1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)
            yield
    finally:
        builder.options, interpreter._patch_lang = options, patch
        torch.set_num_threads(threads)


def _once(patch: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """`patch`, which turns what a function knows of Triton's language into NumPy's, where that was not done."""
    from triton import language
    from triton.runtime import interpreter

    nothing = getattr(interpreter, "_LangPatchScope", lambda: None)  # to be taken back, in versions that do

    def patched(function: Any) -> Any:
        known = [each for each in function.__globals__.values() if each is language or each is language.core]
        if any(language.core.is_builtin(each.load) for each in known):
            return patch(function)
        return nothing()

    return patched
