"""What all peers are given: one network with one set of weights, one input, one number format, one device."""

from __future__ import annotations

import copy
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm

from netdsl.graph import Graph, Node
from netdsl.ops.op import Classes
from netdsl.runtime.proof import draw

# What `--dtype` offers. tf32 is float32 whose products the GPU may round to tf32; nothing else may.
DTYPES = {"float32": torch.float32, "tf32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}
CALIBRATION = 2  # samples that batch norms take their statistics from: with one, a norm behind a pool has no variance


@dataclass(frozen=True, eq=False)
class Case:
    """`module` is the plain one, float32, on the CPU, in eval mode: peers copy it before they change it. `inputs` are
    on `device`, in `torch_dtype`, [N, C, H, W] in that order in memory."""

    graph: Graph  # as written, all extents known
    module: nn.Module
    inputs: tuple[Tensor, ...]
    batch: int
    dtype: str
    device: torch.device
    warm: bool  # whether what was tuned and compiled earlier may be taken from the caches
    engine: Callable[..., Any]  # of the network: `Network.engine`

    @property
    def torch_dtype(self) -> torch.dtype:
        return DTYPES[self.dtype]

    def copy(self, dtype: torch.dtype | None = None, memory_format: torch.memory_format | None = None) -> nn.Module:
        """The module by itself, on the device."""
        made = copy.deepcopy(self.module).to(device=self.device, dtype=dtype or self.torch_dtype)
        if memory_format is not None:
            made.to(memory_format=memory_format)  # type: ignore[call-overload]  # in place
        return made

    def laid_out(self, memory_format: torch.memory_format) -> tuple[Tensor, ...]:
        """The inputs, maps in another order in memory."""
        return tuple(x.contiguous(memory_format=memory_format) if x.dim() == 4 else x for x in self.inputs)


def prepared(build: Callable[[], nn.Module], nodes: Sequence[Node]) -> nn.Module:
    """The module with weights that keep values of about unit size all the way, as trained ones do: numbers that fade
    into denormals are slow, and numbers that grow leave fp16. Batch norms have the statistics of what they see."""
    module = build().eval()
    module.load_state_dict(draw.weights(module.state_dict()))
    norms = [each for each in module.modules() if isinstance(each, _BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean of what is seen
        norm.train()
    if norms:
        with torch.no_grad():
            module(*drawn(nodes, CALIBRATION))
    return module.eval().requires_grad_(False)


def drawn(nodes: Sequence[Node], batch: int) -> tuple[Tensor, ...]:
    """Inputs, float32 where they are no classes: normal, always the same."""
    return tuple(
        x if isinstance(n.shape, Classes) else x.div(3).float()
        for n, x in zip(nodes, draw.inputs(nodes, batch), strict=True)
    )


def threads() -> int:
    """How many each peer gets: what OMP_NUM_THREADS says, else all processors that this process may use."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    return int(given) if given.isdecimal() and int(given) else processors()


def processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


@contextmanager
def pinned(dtype: str) -> Iterator[None]:
    """Torch's own settings, the same for all that run on torch: threads, no tf32 unless `dtype` is, and the fastest of
    cuDNN's algorithms by its own measurement."""
    before = (
        torch.get_num_threads(),
        torch.get_float32_matmul_precision(),
        torch.backends.cudnn.allow_tf32,
        torch.backends.cudnn.benchmark,
    )
    torch.set_num_threads(threads())
    torch.set_float32_matmul_precision("high" if dtype == "tf32" else "highest")
    torch.backends.cudnn.allow_tf32 = dtype == "tf32"
    torch.backends.cudnn.benchmark = True
    try:
        yield
    finally:
        torch.set_num_threads(before[0])
        torch.set_float32_matmul_precision(before[1])
        torch.backends.cudnn.allow_tf32 = before[2]
        torch.backends.cudnn.benchmark = before[3]
