"""What this machine can do, measured: the roofline that steps are held against."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache

import torch

from netdsl.graph import Graph
from netdsl.plan.device import Device
from netdsl.plan.roofline import costs
from netdsl.runtime.engine.arithmetic import settings
from netdsl.runtime.engine.checking import SEED
from netdsl.runtime.engine.waiting import clock

RUNS = 5
SIDE = {"cpu": 1024, "cuda": 8192}  # of the matrices that are multiplied
COPIED = {"cpu": 2**26, "cuda": 2**30}  # bytes


def floors(graph: Graph, batch: int, dtype: torch.dtype, device: torch.device) -> Mapping[int, float]:
    """The least seconds of each step of `graph` here, by the numbers of its nodes."""
    here = roofline(device, dtype, torch.get_num_threads(), settings()[-1])
    return {number: cost.seconds for number, cost in costs(graph, batch, dtype.itemsize, str(dtype), here).items()}


@lru_cache(maxsize=16)
def roofline(device: torch.device, dtype: torch.dtype, threads: int, float32: str) -> Device:
    """What matrix products and copies reach in torch: with fewer `threads` less, with `float32` in tf32 more."""
    side, width = SIDE[device.type], dtype.itemsize
    a = torch.randn(side, side, device=device, generator=torch.Generator(device).manual_seed(SEED)).to(dtype)
    whole = torch.zeros(COPIED[device.type] // width, dtype=dtype, device=device)
    copy = torch.empty_like(whole)
    product = torch.empty_like(a)
    multiplying = _seconds(device, lambda: torch.mm(a, a, out=product))
    copying = _seconds(device, lambda: copy.copy_(whole))
    return Device(
        "here",
        {str(dtype): 2 * side**3 / multiplying},
        2 * whole.numel() * width / copying,
        "matrix products and copies, measured",
    )


def _seconds(device: torch.device, work: Callable[[], object]) -> float:
    times = []
    for _ in range(1 + RUNS):
        start = clock(device)
        work()
        times.append(clock(device) - start)
    return 1e-9 * min(times[1:])
