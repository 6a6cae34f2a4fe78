"""CUDA graphs: work recorded once, replayed in one launch, and timed so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import torch

T = TypeVar("T")

COLD = 32  # samples in a batch from which on a step finds nothing of what it reads in the L2
FLUSHED = 2**28  # bytes that are written over so that the L2 holds nothing else: several times the largest
REPLAYS = 15
CALLS = 20  # in a graph that is timed warm


def record(work: Callable[[], T], device: torch.device) -> tuple[T, Callable[[], None]]:
    """What `work` yields, and a function that does it anew, on the current stream, into the same tensors.

    The work is done twice before, on a stream aside, so that nothing is compiled, tuned or looked up in the recording.
    Raises RuntimeError where something in it cannot be recorded.
    """
    current = torch.cuda.current_stream(device)
    with torch.cuda.device(device), torch.cuda.stream(current):  # torch leaves another set where recording fails
        aside = torch.cuda.Stream(device)  # type: ignore[no-untyped-call]
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            work()
            work()
        current.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        torch._C._cuda_clearCublasWorkspaces()  # the graph must have its own: two may be replayed at once
        # thread_local: what other threads do meanwhile, such as allocating, spoils nothing
        with torch.cuda.graph(graph, stream=aside, capture_error_mode="thread_local"):
            result = work()
        torch._C._cuda_clearCublasWorkspaces()
    return result, graph.replay


def nanoseconds(work: Callable[[], Any], device: torch.device, cold: bool, replays: int = REPLAYS) -> list[int]:
    """Of one call, by events around replays of a graph: of several calls in a row, or where `cold` of one with nothing
    in the L2. Work that cannot be recorded is timed as it is issued. Raises what the work does."""
    calls = 1 if cold else CALLS

    def several() -> None:
        for _ in range(calls):
            work()

    try:
        _, replay = record(several, device)
    except Exception:  # of whatever raises in a recording: if it does elsewhere too, it does so here
        replay = several
    return [round(time / calls) for time in spent(replay, device, cold, replays)]


def spent(work: Callable[[], Any], device: torch.device, cold: bool, times: int) -> list[int]:
    """Nanoseconds of each of so many calls, by events; the first is to warm up and not counted."""
    with torch.cuda.device(device):
        flush = torch.empty(FLUSHED, dtype=torch.uint8, device=device) if cold else None
        pairs = []
        for _ in range(1 + times):
            start, end = (torch.cuda.Event(enable_timing=True) for _ in range(2))  # type: ignore[no-untyped-call]
            if flush is not None:
                flush.zero_()
            start.record()
            work()
            end.record()
            pairs.append((start, end))
        torch.cuda.synchronize(device)
    return [round(1e6 * start.elapsed_time(end)) for start, end in pairs[1:]]
