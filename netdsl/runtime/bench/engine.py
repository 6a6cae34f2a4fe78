"""netdsl's own engine."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from unittest import mock

import torch

from netdsl.runtime.bench.case import Case
from netdsl.runtime.bench.contender import Contender
from netdsl.runtime.bench.torch_contender import torch_contender


def ways(case: Case) -> list[Callable[[], Contender]]:
    return [partial(_engine, case)]


def _engine(case: Case) -> Contender:
    layout = torch.channels_last if case.device.type == "cuda" else torch.contiguous_format
    with _cache(case):
        engine = case.engine(
            case.copy(),
            batch=case.batch,
            dtype="float32" if case.dtype == "tf32" else case.dtype,
            device=case.device.type,
            precision="tf32" if case.dtype == "tf32" else "ieee",
        )
    why = getattr(engine, "uncaptured", None)
    return torch_contender(engine, case.laid_out(layout), case, "" if why is None else f"not in a CUDA graph: {why}")


@contextmanager
def _cache(case: Case) -> Iterator[None]:
    """An empty one, so that tuning is counted, unless the case is warm."""
    if case.warm:
        yield
        return
    with tempfile.TemporaryDirectory() as folder, mock.patch.dict(os.environ, {"NETDSL_CACHE": folder}):
        yield
