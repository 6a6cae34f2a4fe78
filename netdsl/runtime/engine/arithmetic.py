"""What an engine computes in: the dtype, and how torch is to multiply on a GPU meanwhile: settings of the process,
restored."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeAlias

import torch

CUDNN: Any = torch.backends.cudnn
Settings: TypeAlias = tuple[bool, str, str]  # cuDNN's measuring; how convolutions and matrix products take float32

# Two threads that set and restore by turns would leave the process as one of them wanted it. The same holds of CUDA
# graphs, which are recorded inside: torch records one at a time.
_one_at_a_time = threading.RLock()


def computed_in(dtype: torch.dtype, device: torch.device) -> torch.dtype:
    """The dtype of all between inputs and outputs: float32 instead of one that the processor has no products in."""
    if device.type != "cpu" or dtype not in (torch.float16, torch.bfloat16):
        return dtype
    there = dtype is torch.bfloat16 and torch.ops.mkldnn._is_mkldnn_bf16_supported()
    return dtype if there else torch.float32


@contextmanager
def arithmetic(device: torch.device, precision: str) -> Iterator[None]:
    """float32 rounded to tf32 where `precision` is tf32 and nowhere else; cuDNN's fastest algorithm for each size.

    For one thread at a time. On a CPU nothing is changed.
    """
    if device.type != "cuda":
        yield
        return
    with _one_at_a_time:
        before = settings()
        wanted = "tf32" if precision == "tf32" else "ieee"
        _set((True, wanted, wanted))
        try:
            yield
        finally:
            _set(before)


def settings() -> Settings:
    """As they are. Asked of each operator: `allow_tf32` and `get_float32_matmul_precision` raise where these differ."""
    return CUDNN.benchmark, CUDNN.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision


def _set(given: Settings) -> None:
    CUDNN.benchmark, CUDNN.conv.fp32_precision, torch.backends.cuda.matmul.fp32_precision = given
