"""The device that a network runs on."""

from __future__ import annotations

import torch

from netdsl.diagnostics import placeless


def gpu() -> torch.device:
    """The GPU. Raises NetdslError N731 where there is none."""
    if not torch.cuda.is_available():
        built = "this PyTorch was built without CUDA" if torch.version.cuda is None else "PyTorch finds no NVIDIA GPU"
        raise placeless("N731", f"cannot run on a GPU: {built}", help="leave `--cuda` out to run on the CPU")
    return torch.device("cuda")
