"""Contenders that torch runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from netdsl.runtime.bench.case import Case
from netdsl.runtime.bench.contender import Contender, leaves


def torch_contender(call: Callable[..., Any], inputs: tuple[Tensor, ...], case: Case, note: str) -> Contender:
    """`call(*inputs)` without gradients."""

    def run() -> Any:
        with torch.inference_mode():
            return call(*inputs)

    wait = _synchronise if case.device.type == "cuda" else _at_once
    return Contender(run, leaves, wait, note)


def _synchronise(result: Any) -> None:
    torch.cuda.synchronize()


def _at_once(result: Any) -> None:
    """What the CPU returns is there."""
