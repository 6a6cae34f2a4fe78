"""The one place where kernels start, so that whoever counts or reads launches has one place to look."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor
from triton.tools.tensor_descriptor import TensorDescriptor

from netdsl.kernels.interpreter import INTERPRETED, interpreted


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
        with interpreted(call.args, call.written()) as args:
            call.kernel[call.grid](**args, **options)
        return
    device = call.written()[0].device
    need(device.type == "cuda", f"a Triton kernel runs on a CUDA device, not on {device}")
    with torch.cuda.device(device):
        call.kernel[call.grid](**call.args, **options)
