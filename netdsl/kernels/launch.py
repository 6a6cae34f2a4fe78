"""The one place where kernels start, so that whoever counts or reads launches has one place to look."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
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

    def arguments(self) -> dict[str, Any]:
        """All that the kernel is called with, the compiler's options too."""
        return {**self.args, "num_warps": self.config.warps, "num_stages": self.config.stages, **self.options}

    def __str__(self) -> str:
        return f"{self.config} on {'x'.join(map(str, self.grid))} programs"


@dataclass
class Observation:
    launches: list[Launch]
    run: bool


class _Observers(threading.local):
    """Those of this thread: what another one launches is none of their business, and must run."""

    def __init__(self) -> None:
        self.found: list[Observation] = []


_observers = _Observers()


@contextlib.contextmanager
def observed(run: bool = True) -> Iterator[list[Launch]]:
    """Collect the launches that this thread makes inside, in order; with `run=False` they are not run."""
    observation = Observation([], run)
    _observers.found.append(observation)
    try:
        yield observation.launches
    finally:
        _observers.found.remove(observation)


def launch(call: Launch) -> None:
    """Start a kernel. All launches of netdsl come through here."""
    for observer in _observers.found:
        observer.launches.append(call)
    if not all(observer.run for observer in _observers.found) or 0 in call.grid:
        return
    if INTERPRETED:
        with interpreted(call.arguments(), call.written()) as arguments:
            call.kernel[call.grid](**arguments)
        return
    device = call.written()[0].device
    need(device.type == "cuda", f"a Triton kernel runs on a CUDA device, not on {device}")
    with torch.cuda.device(device):
        call.kernel[call.grid](**call.arguments())


def compile_ahead(launches: Sequence[Launch]) -> None:
    """Compile the kernels of launches all at once, where the first launch of each would wait for it: most of the time
    the compiler needs no lock of Python's. What cannot be compiled says so when it is launched."""

    def compiled(call: Launch) -> None:
        with contextlib.suppress(Exception), torch.cuda.device(call.written()[0].device):
            call.kernel.warmup(**call.arguments(), grid=call.grid)

    with ThreadPoolExecutor() as pool:
        list(pool.map(compiled, launches))


@contextlib.contextmanager
def ahead() -> Iterator[None]:
    """Compile what this thread launches inside, all at once at the end. None of it is run."""
    launches: list[Launch] = []
    try:
        with observed(run=False) as launches:
            yield
    finally:
        compile_ahead(launches)
