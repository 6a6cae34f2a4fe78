"""Several kernels by one call into C: `run_all.c`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_size_t, c_void_p

import torch
from torch import Tensor

from netdsl.native.library import library
from netdsl.native.step import Kernel, Map, Step, spatial_strides


class Call(ctypes.Structure):
    """A kernel and its step, as in run_all.c."""

    _fields_ = [("kernel", c_void_p), ("step", POINTER(Step))]


class Own(ctypes.Structure):
    """Memory that each thread has a copy of, as in run_all.c."""

    _fields_ = [("begin", c_void_p), ("size", c_size_t)]


class Series:
    """Kernels of one library, each with a step of its own made by `Kernel.placed`, to be called in this order.

    They read and write what the steps point to, and share `scratch`, which has as many floats as any of them needs.
    """

    def __init__(self, parts: Sequence[tuple[Kernel, Step]], scratch: Tensor) -> None:
        functions = library().functions
        assert functions is not None, "there are kernels, so there is a library"
        self.held, self.run_all, self.count = (tuple(parts), scratch), functions.run_all, len(parts)
        for kernel, step in parts:
            step.scratch = scratch.data_ptr() if kernel.scratch else None
        self.calls = _calls(parts)

    def __call__(self) -> None:
        self.run_all(self.calls, self.count)


class SeriesByImage:
    """The same for one image, then for the next: `threads` threads have images of their own.

    Steps are made for the first image. What they point to in `maps`, [threads, bytes], is the thread's own; all else
    has as many images as are asked for. `inputs` stand for what each call is given.
    """

    def __init__(self, parts: Sequence[tuple[Kernel, Step]], maps: Tensor, inputs: Sequence[Tensor]) -> None:
        functions = library().functions
        assert functions is not None, "there are kernels, so there is a library"
        self.threads, self.run_by_image = len(maps), functions.run_by_image
        self.scratch = torch.empty(self.threads, max((kernel.scratch for kernel, _ in parts), default=0))
        self.held, self.spent = (tuple(parts), maps), torch.zeros(self.threads, len(parts), dtype=torch.int64)
        self.fed: list[list[Map]] = []  # what reads each input
        for given in inputs:
            read = [step.source[slot] for _, step in parts for slot in range(step.sources)]
            read += [step.residual for _, step in parts]
            self.fed.append([there for there in read if there.data == given.data_ptr()])
        for kernel, step in parts:
            step.scratch = self.scratch.data_ptr() if kernel.scratch else None
        self.own = (_own(maps), _own(self.scratch))
        self.calls = _calls(parts)

    @property
    def scratch_bytes(self) -> int:
        return self.scratch.numel() * self.scratch.element_size()

    def __call__(self, inputs: Sequence[Tensor], *, timed: bool = False) -> None:
        """For inputs whose channels lie together. Where `timed`, `spent`, [threads, kernels], then has the nanoseconds
        that each thread took for each kernel."""
        for given, there in zip(inputs, self.fed, strict=True):
            for each in there:
                each.data = given.data_ptr()
                each.image, each.row, each.pixel = spatial_strides(given)
        maps, scratch = map(ctypes.byref, self.own)
        spent = c_void_p(self.spent.zero_().data_ptr()) if timed else None
        threads = min(self.threads, torch.get_num_threads())
        self.run_by_image(self.calls, len(self.calls), len(inputs[0]), threads, maps, scratch, spent)


def _calls(parts: Sequence[tuple[Kernel, Step]]) -> ctypes.Array[Call]:
    calls = [Call(ctypes.cast(kernel.function, c_void_p), ctypes.pointer(step)) for kernel, step in parts]
    return (Call * len(parts))(*calls)


def _own(copies: Tensor) -> Own:
    return Own(copies.data_ptr(), copies.shape[1] * copies.element_size())
