"""Several kernels by one call into C: `run_all.c`."""

from __future__ import annotations

import ctypes
from collections.abc import Sequence
from ctypes import POINTER, c_size_t, c_void_p

import torch
from torch import Tensor

from netdsl.native.library import library
from netdsl.native.step import Kernel, Map, Step


class Call(ctypes.Structure):
    """A kernel and its step, as in series.h."""

    _fields_ = [("kernel", c_void_p), ("step", POINTER(Step))]


class Own(ctypes.Structure):
    """Memory that each thread has a copy of, as in series.h."""

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


class Astray(Exception):
    """A step points to what is neither a thread's own nor has all images."""


class SeriesByImage:
    """The same for one image, then for the next: the threads, `len(maps)` at most, have images of their own.

    Steps are made for the first image. What they point to in `maps`, [threads, bytes], is the thread's own; `batches`,
    [images, ..] each and dense, have all images. Raises Astray.
    """

    def __init__(self, parts: Sequence[tuple[Kernel, Step]], maps: Tensor, batches: Sequence[Tensor]) -> None:
        functions = library().functions
        assert functions is not None, "there are kernels, so there is a library"
        for there in _maps(parts):
            if _inside(there, maps):
                continue
            batch = next((each for each in batches if _inside(there, each)), None)
            if batch is None:
                raise Astray
            there.image = batch[0].numel()
        self.run_by_image, self.held, self.maps = functions.run_by_image, (tuple(parts), tuple(batches)), maps
        self.images = len(batches[0])
        self.scratch = torch.empty(len(maps), max((kernel.scratch for kernel, _ in parts), default=0))
        self.spent = torch.zeros(len(maps), len(parts), dtype=torch.int64)
        for kernel, step in parts:
            step.scratch = self.scratch.data_ptr() if kernel.scratch else None
        self.own = (_own(maps), _own(self.scratch))
        self.calls = _calls(parts)

    def __call__(self, *, timed: bool = False) -> int:
        """Where `timed`, `spent`, [threads, kernels], then has the nanoseconds that each thread took for each kernel.
        Returns how many threads there were."""
        maps, scratch = map(ctypes.byref, self.own)
        spent = c_void_p(self.spent.zero_().data_ptr()) if timed else None
        threads = min(len(self.maps), torch.get_num_threads())
        self.run_by_image(self.calls, len(self.calls), self.images, threads, maps, scratch, spent)
        return threads


def _maps(parts: Sequence[tuple[Kernel, Step]]) -> list[Map]:
    """All that steps read and write."""
    steps = [step for _, step in parts]
    read = [step.source[slot] for step in steps for slot in range(step.sources)]
    return [there for there in (*read, *(s.residual for s in steps), *(s.out for s in steps)) if there.data]


def _inside(there: Map, memory: Tensor) -> bool:
    begin, size = memory.data_ptr(), memory.numel() * memory.element_size()
    return bool(0 <= there.data - begin < size)


def _calls(parts: Sequence[tuple[Kernel, Step]]) -> ctypes.Array[Call]:
    calls = [Call(ctypes.cast(kernel.function, c_void_p), ctypes.pointer(step)) for kernel, step in parts]
    return (Call * len(parts))(*calls)


def _own(copies: Tensor) -> Own:
    return Own(copies.data_ptr(), copies.shape[1] * copies.element_size())
