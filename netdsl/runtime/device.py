"""The device that a network runs on."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch

from netdsl.diagnostics import placeless


def gpu() -> torch.device:
    """The GPU. Raises NetdslError N731 where there is none."""
    if not torch.cuda.is_available():
        built = "this PyTorch was built without CUDA" if torch.version.cuda is None else "PyTorch finds no NVIDIA GPU"
        raise placeless("N731", f"cannot run on a GPU: {built}", help="leave `--cuda` out to run on the CPU")
    return torch.device("cuda")


def kept_random() -> AbstractContextManager[None]:
    """After it torch's random numbers go on where they were, on GPUs in use too: `torch.manual_seed` sets all."""
    in_use: bool = torch.cuda.is_initialized()  # type: ignore[no-untyped-call]
    return torch.random.fork_rng(list(range(torch.cuda.device_count())) if in_use else [])


def numbered(device: torch.device) -> torch.device:
    """The same device whatever becomes the current one later."""
    return torch.device("cuda", torch.cuda.current_device()) if str(device) == "cuda" else device
