"""What a kernel in C is told: the fields of `step.h`, in the same order."""

from __future__ import annotations

import ctypes
import threading
from collections.abc import Sequence
from ctypes import POINTER, c_float, c_int, c_long, c_void_p
from typing import Any

import torch
from torch import Tensor

LANES, PANEL = 8, 16  # as in lanes.h and panel.h
SOURCES = 4


class Map(ctypes.Structure):
    """A map [N, C, H, W] whose channels lie together; steps are in floats."""

    _fields_ = [("data", c_void_p), ("image", c_long), ("row", c_long), ("pixel", c_long)]


class Activation(ctypes.Structure):
    """What is negative times `slope`, then no less than `low` and no more than `high`."""

    _fields_ = [("slope", c_float), ("low", c_float), ("high", c_float)]


class Step(ctypes.Structure):
    _fields_ = [
        ("source", Map * SOURCES),
        ("residual", Map),
        ("out", Map),
        *[(name, c_void_p) for name in ("weight", "bias", "scale", "shift", "zeros", "scratch")],
        ("channels", c_int * SOURCES),
        *[(name, c_int) for name in ("sources", "images", "height", "width", "out_height", "out_width")],
        *[(name, c_int) for name in ("outputs", "groups")],
        *[(name, c_int * 2) for name in ("kernel", "stride", "padding", "dilation")],
        *[(name, Activation) for name in ("activation", "pre_activation")],
        *[(name, c_int) for name in ("prologue", "block", "counts_padding")],
    ]


class Kernel:
    """A function of the library with its step: `kernel(sources, residual, out)` computes it.

    Tensors are float32 and as large as the step says; those read are copied where channels do not lie together. `held`
    has the tensors that the step points to; `scratch` is how many floats the kernel needs to work in. Not for several
    threads at once.
    """

    def __init__(self, function: Any, step: Step, held: Sequence[Tensor], scratch: int = 0) -> None:
        self.function, self.step, self.held, self.scratch = function, step, held, scratch
        function.argtypes, function.restype = (POINTER(Step),), None
        self.reference = ctypes.pointer(step)
        self.maps = [step.source[slot] for slot in range(step.sources)]
        self.strides: list[tuple[int, ...] | None] = [None] * (SOURCES + 2)

    def __call__(self, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
        sources = [x if x.stride(1) == 1 else channels_together(x) for x in sources]
        for slot, (there, x) in enumerate(zip(self.maps, sources, strict=True)):
            self._place(slot, there, x)
        if residual is not None:
            residual = residual if residual.stride(1) == 1 else channels_together(residual)
            self._place(SOURCES, self.step.residual, residual)
        self._place(SOURCES + 1, self.step.out, out)
        if self.scratch:
            self.step.scratch = scratch(self.scratch)
        self.function(self.reference)

    def placed(self, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> Step | None:
        """A step of its own for these tensors, right for as long as they stay where they are; it lacks its scratch.
        None where one that is read would have to be copied at each call."""
        step = Step.from_buffer_copy(self.step)
        maps = [(step.source[slot], x) for slot, x in enumerate(sources)]
        maps += [(step.out, out)] if residual is None else [(step.residual, residual), (step.out, out)]
        for there, x in maps:
            if x.stride(1) != 1:
                return None
            there.data = x.data_ptr()
            there.image, there.row, there.pixel = spatial_strides(x)
        return step

    def _place(self, slot: int, there: Map, x: Tensor) -> None:
        there.data = x.data_ptr()
        strides = x.stride()
        if strides != self.strides[slot]:
            there.image, there.row, there.pixel = spatial_strides(x)
            self.strides[slot] = strides


def channels_together(x: Tensor) -> Tensor:
    """A copy, unless they are: what torch's own operators made may lie otherwise."""
    return x.movedim(1, -1).contiguous().movedim(-1, 1)


def spatial_strides(x: Tensor) -> tuple[int, int, int]:
    """Of a [N, C], [N, C, W] or [N, C, H, W] whose channels lie together: of images, rows and pixels."""
    assert x.dtype is torch.float32, f"maps are float32, not {x.dtype}"
    assert x.shape[1] == 1 or x.stride(1) == 1, "channels lie together"
    image, _, *spatial = x.stride()
    row, pixel = (0, 0, *spatial)[-2:]
    return image, row, pixel


_local = threading.local()


def scratch(size: int) -> int:
    """The address of so many floats to work in, of this thread's own; the larger a kernel wanted, the more are kept."""
    found = getattr(_local, "scratch", None)
    if found is None or found.numel() < size:
        found = _local.scratch = torch.empty(size, dtype=torch.float32)
    return int(found.data_ptr())
