"""One process of a training in data parallel: `torch.multiprocessing` starts `train` in each."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import torch
import torch.distributed as distributed
from torch.nn.parallel import DistributedDataParallel

STEPS, BATCH = 3, 8


def network(path: Path) -> Any:
    """The module of an emitted file, with the same weights each time."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    file = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(file)
    torch.manual_seed(0)
    return getattr(file, file.__all__[0])().double()


def steps(module: Any, own: slice, loss: Any) -> None:
    """Train on this process's part of each batch."""
    optimiser = torch.optim.SGD(module.parameters(), lr=0.1, momentum=0.9)
    generator = torch.Generator().manual_seed(1)
    for _ in range(STEPS):
        images = torch.randn(BATCH, 1, 32, 32, generator=generator, dtype=torch.float64)
        labels = torch.randint(10, (BATCH,), generator=generator)
        optimiser.zero_grad()
        loss(module(images[own]), labels[own]).backward()
        optimiser.step()


def train(rank: int, world: int, path: Path, folder: Path) -> None:
    """Process `rank` of `world`: leaves its weights in `folder`."""
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=f"file://{folder / 'meeting'}", rank=rank, world_size=world)
    try:
        module = network(path)
        share = BATCH // world
        steps(DistributedDataParallel(module), slice(rank * share, (rank + 1) * share), module.loss)
        torch.save(module.state_dict(), folder / f"{rank}.pt")
    finally:
        distributed.destroy_process_group()
