"""torch.compile, with freezing: weights become constants, batch norms are folded, and on the CPU convolutions fused.

Without freezing, or with gradients on, it is much slower. Each starts from an empty cache, so that its compile time is
that of a first run, unless the case is warm.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext, redirect_stderr
from functools import partial
from typing import Any

import torch
from torch import Tensor

from netdsl.runtime.bench.case import Case
from netdsl.runtime.bench.contender import Contender
from netdsl.runtime.bench.torch_contender import torch_contender

MODES = {"inductor": "default", "reduce-overhead": "reduce-overhead", "max-autotune": "max-autotune"}


def ways(case: Case, peer: str = "inductor") -> list[Callable[[], Contender]]:
    return [partial(_compiled, case, MODES[peer])]


def _compiled(case: Case, mode: str) -> Contender:
    from torch._inductor import config

    layout = torch.channels_last if case.device.type == "cuda" else torch.contiguous_format
    inputs = case.laid_out(layout)
    compiled = torch.compile(case.copy(memory_format=layout), mode=mode, fullgraph=True, dynamic=False)

    def call(*inputs: Tensor) -> Any:
        torch.compiler.cudagraph_mark_step_begin()  # type: ignore[no-untyped-call]  # what the pass before returned may be written over
        return compiled(*inputs)

    contender = torch_contender(call, inputs, case, f"mode {mode}, freezing")
    # What it says while it tunes is for its developers.
    with warnings.catch_warnings(), redirect_stderr(io.StringIO()), _cache(case):
        warnings.simplefilter("ignore")
        with torch.inference_mode(), config.patch(freezing=True):
            contender.wait(call(*inputs))  # compiles
    return contender


def _cache(case: Case) -> AbstractContextManager[Any]:
    from torch._inductor import utils

    if case.warm:
        return nullcontext()
    # Renamed in torch 2.11.
    fresh: Any = getattr(utils, "fresh_cache", None) or getattr(utils, "fresh_inductor_cache")  # noqa: B009
    found: AbstractContextManager[Any] = fresh()
    return found
