"""The one place where kernels start, so that whoever counts or reads launches has one place to look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import triton
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

# Kernels run in Triton's interpreter, on the CPU, where TRITON_INTERPRET=1 was set before they were imported.
INTERPRETED: bool = triton.knobs.runtime.interpret


class Refused(ValueError):
    """A call that no kernel, or not the kernel asked for, computes; the message says why. Nothing was written."""


def need(condition: bool, message: str) -> None:
    if not condition:
        raise Refused(message)


@dataclass(frozen=True)
class Config:
    """One way to run one kernel: its name, its tile, and how the compiler is to schedule it."""

    kernel: str
    tile: tuple[int, ...]
    warps: int = 4
    stages: int = 3

    def __str__(self) -> str:
        return f"{self.kernel} {'x'.join(map(str, self.tile))} w{self.warps} s{self.stages}"


@dataclass(eq=False)
class Launch:
    """One kernel call, ready to go: `args` by the kernel's parameter names; those in `writes` are its outputs."""

    kernel: Any
    grid: tuple[int, ...]
    args: dict[str, Any]
    config: Config
    writes: tuple[str, ...] = ("y",)
    options: dict[str, Any] = field(default_factory=dict)

    def written(self) -> list[Tensor]:
        """The tensors that the kernel writes."""
        named = (self.args[name] for name in self.writes)
        return [value.base if isinstance(value, TensorDescriptor) else value for value in named]

    def __str__(self) -> str:
        return f"{self.config} on {'x'.join(map(str, self.grid))} programs"


@dataclass
class Observation:
    launches: list[Launch]
    run: bool


_observers: list[Observation] = []


@contextlib.contextmanager
def observed(run: bool = True) -> Iterator[list[Launch]]:
    """Collect the launches made inside, in order; with `run=False` they are collected and not run."""
    observation = Observation([], run)
    _observers.append(observation)
    try:
        yield observation.launches
    finally:
        _observers.remove(observation)


def launch(call: Launch) -> None:
    """Start a kernel. All launches of netdsl come through here."""
    for observer in _observers:
        observer.launches.append(call)
    if not all(observer.run for observer in _observers) or 0 in call.grid:
        return
    options = {"num_warps": call.config.warps, "num_stages": call.config.stages, **call.options}
    if INTERPRETED:
        # numpy warns of an overflow to infinity, which hardware makes in silence.
        with np.errstate(all="ignore"), _without_bfloat16(call) as args:
            call.kernel[call.grid](**args, **options)
        return
    device = call.written()[0].device
    need(device.type == "cuda", f"a Triton kernel runs on a CUDA device, not on {device}")
    with torch.cuda.device(device):
        call.kernel[call.grid](**call.args, **options)


@contextlib.contextmanager
def _without_bfloat16(call: Launch) -> Iterator[dict[str, Any]]:
    """The arguments with float32 in place of bfloat16, which Triton's interpreter multiplies as integers and truncates.

    Products of bfloat16 are exact in float32, and torch rounds the outputs on the way back, whole storages at a time,
    so that a stray write shows as it would without this.
    """
    wide: dict[int, Tensor] = {}

    def widen(value: Any) -> Any:
        if isinstance(value, tuple):
            return tuple(map(widen, value))
        if isinstance(value, TensorDescriptor):
            return TensorDescriptor(widen(value.base), value.shape, value.strides, value.block_shape, value.padding)
        if not isinstance(value, Tensor) or value.dtype is not torch.bfloat16:
            return value
        key = value.untyped_storage().data_ptr()
        if key not in wide:
            wide[key] = _storage(value).float()
        return wide[key].as_strided(value.shape, value.stride(), value.storage_offset())

    yield {name: widen(value) for name, value in call.args.items()}
    for written in call.written():
        if written.dtype is torch.bfloat16:
            _storage(written).copy_(wide[written.untyped_storage().data_ptr()])


def _storage(tensor: Tensor) -> Tensor:
    """All that stands in the tensor's storage, in a row."""
    count = tensor.untyped_storage().nbytes() // tensor.element_size()
    return tensor.as_strided((count,), (1,), 0)
