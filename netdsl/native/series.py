"""Several kernels by one call into C: `run_all.c`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_void_p

from torch import Tensor

from netdsl.native.library import library
from netdsl.native.step import Kernel, Step


class Call(ctypes.Structure):
    """A kernel and its step, as in run_all.c."""

    _fields_ = [("kernel", c_void_p), ("step", POINTER(Step))]


class Series:
    """Kernels of one library, each with a step of its own made by `Kernel.placed`, to be called in this order.

    They read and write what the steps point to, and share `scratch`, which has as many floats as any of them needs.
    """

    def __init__(self, parts: Sequence[tuple[Kernel, Step]], scratch: Tensor) -> None:
        functions = library().functions
        assert functions is not None, "there are kernels, so there is a library"
        self.held, self.run_all, self.count = (tuple(parts), scratch), functions.run_all, len(parts)
        for _, step in parts:
            step.scratch = scratch.data_ptr()
        calls = [Call(ctypes.cast(kernel.function, c_void_p), ctypes.pointer(step)) for kernel, step in parts]
        self.calls = (Call * len(parts))(*calls)

    def __call__(self) -> None:
        self.run_all(self.calls, self.count)
