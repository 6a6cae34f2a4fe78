"""netdsl's engine beside its peers: the same weights, inputs, precision and threads, right before fast, turn by turn.

Every peer is set up as its users would have it fastest (its file says how), checked against float64 (correct.py), and
timed in rounds of all (measure.py); docs/bench.md says what the figures mean.
"""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Sequence
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import torch
from torch import nn

from netdsl.graph import Graph
from netdsl.ops.op import Classes
from netdsl.runtime.bench.case import DTYPES, Case, drawn, pinned, prepared, threads
from netdsl.runtime.bench.contender import Contender, Unfit
from netdsl.runtime.bench.correct import Truth
from netdsl.runtime.bench.measure import fastest, ratio, rounds, spread
from netdsl.runtime.bench.peers import OURS, PEERS, usual, ways
from netdsl.runtime.bench.report import Bench, Row
from netdsl.runtime.device import gpu, kept_random
from netdsl.runtime.engine.cache import device_name
from netdsl.runtime.inputs import fixed, inputs_of
from netdsl.runtime.memory import peak_elements, refuse_unless_it_fits

PAIRS = 20
Tell = Callable[[str], None]


def bench(
    graph: Graph,
    build: Callable[[], nn.Module],
    engine: Callable[..., Any],
    *,
    batches: Sequence[int] = (1,),
    dtype: str = "float32",
    peers: Sequence[str] | None = None,
    pairs: int = PAIRS,
    cuda: bool = False,
    warm: bool = False,
    tell: Tell = lambda text: None,
) -> Bench:
    """Measure the `engine` of a network beside `peers`, in `pairs` rounds for each batch.

    `build` makes the plain module. Peers that are not named are those usual on the device; one that is named and cannot
    take part has a row that says why. `warm` takes earlier tuning and compiling from the caches; else nothing is known
    in advance. `tell` hears what is being done. Raises NetdslError of the N7 family, ValueError where there is no such
    peer.
    """
    if unknown := sorted(set(peers or ()) - set(PEERS)):
        raise ValueError(f"there is no peer {', '.join(unknown)}: there are {', '.join(PEERS)}")
    device = gpu() if cuda else torch.device("cpu")
    absent: list[str] = []
    if peers is None:
        peers, absent = usual(device.type)
    names = [OURS, *(name for name in dict.fromkeys(peers) if name != OURS)]
    nodes = inputs_of(graph)
    for node in nodes:
        fixed(node)
    rows: list[Row] = []
    with kept_random(), pinned(dtype):
        tell("weights")
        module = prepared(build, nodes)
        for batch in batches:
            refuse_unless_it_fits(_held(graph, module, len(names), batch, dtype), device)
            inputs = tuple(
                x.to(device, None if isinstance(n.shape, Classes) else DTYPES[dtype])
                for n, x in zip(nodes, drawn(nodes, batch), strict=True)
            )
            case = Case(graph, module, inputs, batch, dtype, device, warm, engine)
            rows += _rows(case, names, pairs, tell)
    return Bench(
        network=graph.name,
        device=torch.cuda.get_device_name(device) if cuda else "cpu",
        rows=tuple(rows),
        machine=device_name(torch.device("cpu")),
        threads=threads(),
        date=time.strftime("%Y-%m-%d"),
        versions=_versions(names),
        notes=tuple(f"{name} was left out: {PEERS[name].missing()}" for name in absent),
    )


def _held(graph: Graph, module: nn.Module, contenders: int, batch: int, dtype: str) -> int:
    """Bytes: each contender keeps weights and the values of a pass of its own, and beside them there is the truth."""
    parameters, width = sum(p.numel() for p in module.parameters()), DTYPES[dtype].itemsize
    each = width * (parameters + batch * peak_elements(graph))
    return contenders * each + 4 * parameters + 8 * (parameters + peak_elements(graph))


def _rows(case: Case, names: Sequence[str], pairs: int, tell: Tell) -> list[Row]:
    """Those of one case, netdsl's first."""
    tell(f"batch {case.batch}: the truth, in float64")
    truth = Truth(case)
    contenders: dict[str, Contender] = {}
    found: dict[str, dict[str, Any]] = {}
    for name in names:
        tell(f"batch {case.batch}: setting up {name}")
        found[name] = _set_up(name, case, truth, contenders)
    times = rounds(contenders, pairs, lambda done: tell(f"batch {case.batch}: round {done} of {pairs}"))
    for name, seconds in times.items():
        found[name] |= _figures(case.batch, seconds, times.get(OURS))
    return [Row(name, case.batch, case.dtype, **found[name]) for name in names]


def _set_up(name: str, case: Case, truth: Truth, contenders: dict[str, Contender]) -> dict[str, Any]:
    """Enter a peer among the contenders, unless it is unfit; what is known of it by then."""
    gc.collect()
    try:
        contender, seconds = fastest(ways(name, case))
        off = truth.check(contender)
    except Unfit as why:
        return {"error": str(why)}
    except Exception as error:  # of whatever a peer is made: its row says so, and the others go on
        first = (str(error).strip().splitlines() or [""])[0]
        return {"error": f"{type(error).__name__}: {first}"[:300]}
    contenders[name] = contender
    return {"compile_s": seconds, "off": off, "note": contender.note}


def _figures(batch: int, seconds: list[float], ours: list[float] | None) -> dict[str, Any]:
    middle = statistics.median(seconds)
    return {
        "median_ms": 1e3 * middle,
        "spread": 1e3 * spread(seconds),
        "images_per_s": batch / middle,
        "rounds": len(seconds),
        "ratio": None if ours is None or ours is seconds else ratio(seconds, ours),
    }


def _versions(names: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in dict.fromkeys(["netdsl", "torch", *(PEERS[name].package for name in names)]):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


__all__ = ["PAIRS", "PEERS", "Bench", "Row", "bench"]
