"""Which candidates are right: each is tried on random numbers and held against float64."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

import torch
from torch import Tensor

from netdsl.runtime.dtypes import name_of
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.reference import Reference
from netdsl.runtime.engine.task import Task
from netdsl.runtime.engine.waiting import log, reason_of, wait
from netdsl.runtime.proof.gates import GATES

SEED = 0  # of the numbers that candidates are tried on: torch's own stay as they are
DRAWN = 1_000_003  # normal numbers, then the same again: more take seconds. A prime, so that no two rows are alike


def right(task: Task, offers: Sequence[Candidate], out: dict[str, str] | None = None) -> list[tuple[Candidate, Any]]:
    """Those that compute what the algebra of float64 does, on random numbers, with what they made; all of them if none
    does. On a GPU one that raises is out: a kernel may need more than the device has, and a library have none.

    Where they write was full of NaN before: one that leaves something out or reads it is out too. `out` gets why each
    is. Raises Faulted.
    """
    out = {} if out is None else out
    draws = torch.Generator(task.device).manual_seed(SEED)
    sources = [_random(source, task, draws) for source in task.sources]
    residual = None if task.residual is None else _random(task.residual, task, draws)
    reference = Reference(task, sources, residual)
    gate = GATES[_gate(task)]
    if may_fail(task.device):
        compile_all(offers, sources, residual, _spoilt(task))
    made: list[tuple[Candidate, Any]] = []
    passed: list[tuple[Candidate, Any]] = []
    for candidate in offers:
        added = None if residual is None else residual.clone(memory_format=torch.preserve_format)
        log.debug("trying %s for %s", candidate.name, task.key)
        try:
            run = candidate.make()
            found = computed(candidate, run, sources, added, _spoilt(task))
            wait(task.device)  # so that what goes wrong does it here
        except Exception as error:
            if not may_fail(task.device):
                raise
            out[candidate.name] = reason_of(error, candidate.name, task.key, task.device)
            if candidate is offers[-1] and not made:
                raise
            continue
        made.append((candidate, run))
        far = reference.error(found)
        if far.over(gate) <= 1:
            passed.append((candidate, run))
        else:
            out[candidate.name] = f"wrong: RMS {far.rms:.1e}, largest {far.largest:.1e}"
            log.debug("%s is %s", candidate.name, out[candidate.name])
    return passed or made


def may_fail(device: torch.device) -> bool:
    """Whether a candidate may turn out not to run there."""
    return device.type == "cuda"


def compile_all(offers: Sequence[Candidate], sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> None:
    """Compile the kernels of ours that `offers` launch, all at once. Who fails here will where it is tried."""
    from netdsl.kernels.launch import ahead

    with ahead():
        for offer in offers:
            if offer.writes:
                with suppress(Exception):
                    computed(offer, offer.make(), sources, residual, out)


def computed(candidate: Candidate, run: Any, sources: Sequence[Tensor], residual: Tensor | None, out: Tensor) -> Tensor:
    """What a candidate yields: `out`, if it writes where it is told."""
    if not candidate.writes:
        del out  # torch will likely take the same memory for the result: cuDNN's conv + relu reads what it finds there
        found: Tensor = run(sources, residual)
        return found
    run(sources, residual, out)
    return out


def _gate(task: Task) -> str:
    return task.precision if task.dtype is torch.float32 else name_of(task.dtype)


def _spoilt(task: Task) -> Tensor:
    """Where the result will lie, full of NaN."""
    return _like(task.out, task).fill_(torch.nan)


def _random(sketch: Tensor, task: Task, draws: torch.Generator) -> Tensor:
    """Signed numbers that lie as the sketch says."""
    found = _like(sketch, task)
    if found.numel() <= DRAWN:
        return found.normal_(generator=draws)
    drawn = torch.empty(DRAWN, dtype=task.dtype, device=task.device).normal_(generator=draws)
    return found.copy_(drawn.repeat(-(-found.numel() // DRAWN))[: found.numel()].view(found.shape))


def _like(sketch: Tensor, task: Task) -> Tensor:
    return torch.empty_strided(sketch.shape, sketch.stride(), dtype=task.dtype, device=task.device)
