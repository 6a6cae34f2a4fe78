"""How torch is to multiply on a GPU while an engine computes by its operators: settings of the process, restored."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def arithmetic(device: torch.device, precision: str) -> Iterator[None]:
    """float32 rounded to tf32 where `precision` is tf32 and nowhere else; cuDNN's fastest algorithm for each size.

    On a CPU nothing is changed.
    """
    if device.type != "cuda":
        yield
        return
    cudnn = torch.backends.cudnn
    before = cudnn.benchmark, cudnn.allow_tf32, torch.get_float32_matmul_precision()
    _set(True, precision == "tf32", "high" if precision == "tf32" else "highest")
    try:
        yield
    finally:
        _set(*before)


def _set(benchmark: bool, tf32: bool, matmul: str) -> None:
    torch.backends.cudnn.benchmark = benchmark
    torch.backends.cudnn.allow_tf32 = tf32
    torch.set_float32_matmul_precision(matmul)
