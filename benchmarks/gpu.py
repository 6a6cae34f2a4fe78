"""Everything that a fresh machine with an NVIDIA GPU can answer, in order of value, within minutes and over many calls.

    python -m benchmarks.gpu                     at most 9 minutes; writes $OUT/gpu.json, or benchmarks/results/gpu.json
    python -m benchmarks.gpu --resume OLD.json   goes on from the results of an earlier call
    python -m benchmarks.gpu --only resnet50     jobs whose name this is found in; --list names all, with their limits
    python -m benchmarks.gpu --again "batch 32"  jobs that are measured although they are done, after a change
    python -m benchmarks.gpu --rehearse          no GPU: the same jobs on the CPU, on tiny networks

needs Python 3.12, torch 2.11 and triton 3.6 or later, and the pure-Python packages lark, click, networkx and
platformdirs; pytest and hypothesis for the suite, JAX for its rows. Nothing is fetched.

Jobs: the tests that need a GPU in five parts, `netdsl verify --cuda` of each network, and cells. A cell is first netdsl
beside eager PyTorch; then, each as a job of its own, netdsl beside one peer that takes long to compile, which is
measured once and never again. Every job is a process of its own with a limit of time; what it found is saved before the
next begins. What netdsl tuned is kept beside the results, in the folder gpu_cache, and taken along by --resume. Of the
results gpu.md and gpu.svg are made at the end.
"""

from __future__ import annotations

import argparse
import os
import platform
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import child, report
from benchmarks.book import Book
from benchmarks.networks import NETWORKS, Cell, Network
from benchmarks.picture import picture

SLOW_PEERS = {"inductor": 110, "jax": 90, "max-autotune": 240, "reduce-overhead": 110}  # seconds at most, by value
CELLS = [(batch, "float16") for batch in (32, 1, 256)]
RESNET_TOO = [(batch, dtype) for dtype in ("tf32", "float32") for batch in (32, 1, 256)]
GRACE = 20.0  # seconds that are kept for the end
# What of tests/gpu is a job, by name: small enough for its limit, most of which goes into compiling kernels. What takes
# longer is marked nightly.
SUITE = {
    "engine": ("test_engine.py",),
    "kernels": ("test_gpu.py", "-k", "every_kernel"),
    "networks": ("test_gpu.py", "-k", "networks_whole"),
    "modules": ("test_gpu.py", "-k", "emitted"),
    "launches": ("test_gpu.py", "-k", "launches"),
}

# For rehearsals: the same kinds of layers, small enough for a busy CPU.
TINY = """\
net residual {
  input image: 3x16x16
  a = image -> conv(8, 3, bias = false) -> batch_norm -> relu
  b = a -> conv(8, 3, bias = false) -> batch_norm
  output y = add(a, b) -> relu -> global_avg_pool -> linear(5)
}
net dense {
  input image: 3x16x16
  a = image -> conv(8, 3)
  b = a -> batch_norm -> relu -> conv(8, 1, bias = false) -> batch_norm -> relu -> conv(4, 3)
  output y = concat(a, b) -> batch_norm -> relu -> avg_pool(2) -> flatten -> linear(5)
}
"""
TINY_NETWORKS = (Network("residual", "tiny.net", "residual", 0.0), Network("dense", "tiny.net", "dense", 0.0))


@dataclass(frozen=True, slots=True)
class Job:
    """`command` is of this Python; `cell` is of `netdsl bench`. A job that would be cut off is not begun below `least`
    seconds and is ended after `most`."""

    key: str
    command: tuple[str, ...]
    least: float
    most: float
    cell: str = ""
    peer: str = ""


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and where."""

    networks: tuple[Network, ...]
    cells: tuple[tuple[int, str], ...]
    more: tuple[tuple[int, str], ...]  # of the first network
    peers: tuple[str, ...]
    examples: str
    cuda: bool
    pairs: int
    patience: float = 1.0  # of the limits of time

    def jobs(self) -> Iterator[Job]:
        flags = ["--cuda"] if self.cuda else []
        proofs = []
        for network in self.networks:
            file = f"{self.examples}/{network.file}"
            command = ("-m", "netdsl", "verify", file, "--net", network.net, *flags)
            proofs.append(Job(f"verify {network.net}", command, 10, 90))
        pytest = ("-m", "pytest", "-q", "-m", "gpu and not nightly", "-p", "no:cacheprovider")
        suite = [
            Job(f"suite: {name}", (*pytest, f"tests/gpu/{file}", *chosen), 30, 180)
            for name, (file, *chosen) in SUITE.items()
        ]
        yield suite[0]
        yield proofs[0]
        for index, (batch, dtype) in enumerate(self.cells):
            for network in self.networks:
                yield self._cell(network, batch, dtype, "eager", 120)
            if not index:  # the first figures are worth more than the last proofs
                yield from (*proofs[1:], *suite[1:])
            for peer in self.peers:  # of all networks before the next peer of one
                for network in self.networks:
                    yield self._cell(network, batch, dtype, peer, SLOW_PEERS[peer])
        for batch, dtype in self.more:
            for peer in ("eager", *self.peers):
                yield self._cell(self.networks[0], batch, dtype, peer, SLOW_PEERS.get(peer, 120))

    def _cell(self, network: Network, batch: int, dtype: str, peer: str, most: float) -> Job:
        cell = Cell(network, batch, dtype, (peer,), self.cuda)
        command = ("-m", "netdsl", *cell.arguments(self.examples, self.pairs), "--warm")
        return Job(f"{cell.key}, {peer}", command, 0.4 * most, most * self.patience, cell.key, peer)


def run(job: Job, seconds: float, environment: dict[str, str]) -> dict[str, Any]:
    if job.cell:
        return child.bench(job.command[2:], seconds, environment)
    status, out, err, took = child.run([sys.executable, *job.command], seconds, environment)
    said = [*out.strip().splitlines(), *err.strip().splitlines()]
    return {"status": status, "said": said[-40:], "seconds": round(took, 1), "unfinished": status is None}


def joined(book: Book, plan: Plan) -> tuple[Book, list[str]]:
    """Cells as they are reported: netdsl beside eager with the rows that its other peers have from their own jobs."""
    whole = Book(Path(os.devnull).with_name("nothing"))
    whole.about = book.about
    for job in plan.jobs():
        found = book.cells.get(job.key, {})
        if not job.cell or not found.get("rows"):
            continue
        mine = whole.cells.setdefault(
            job.cell, {**found, "rows": [row for row in found["rows"] if row["peer"] == "netdsl"]}
        )
        mine["rows"] += [row for row in found["rows"] if row["peer"] == job.peer]
    return whole, list(dict.fromkeys(job.cell for job in plan.jobs() if job.cell))


def environment(folder: Path) -> dict[str, str]:
    """What is tuned goes beside the results, which are carried to the next machine; large caches stay on this one."""
    scratch = Path(tempfile.gettempdir()) / "netdsl_gpu"
    return {
        "NETDSL_CACHE": str(folder / "gpu_cache"),
        "TRITON_CACHE_DIR": str(scratch / "triton"),
        "TORCHINDUCTOR_CACHE_DIR": str(scratch / "inductor"),
    }


def about() -> dict[str, Any]:
    import torch

    name = torch.cuda.get_device_name() if torch.cuda.is_available() else "no GPU: a rehearsal"
    return {
        "GPU": name,
        "Python": platform.python_version(),
        "torch": torch.__version__,
        "CUDA": str(torch.version.cuda),
    }


def whole_plan() -> Plan:
    return Plan(NETWORKS, tuple(CELLS), tuple(RESNET_TOO), tuple(SLOW_PEERS), "examples", True, 20)


def rehearsal(folder: Path) -> Plan:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.net").write_text(TINY, encoding="utf-8")
    return Plan(
        TINY_NETWORKS, ((2, "float32"), (1, "float32")), (), ("inductor", "jax"), str(folder), False, 2, patience=6.0
    )


def main(argv: list[str] | None = None) -> int:
    out = Path(os.environ.get("OUT") or child.ROOT / "benchmarks" / "results")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=9, help="for everything (9)")
    parser.add_argument("--out", type=Path, default=out, help="the folder of the results")
    parser.add_argument("--resume", type=Path, help="results of an earlier call; gpu_cache beside it is taken too")
    parser.add_argument("--only", default="", help="jobs whose name this is found in")
    parser.add_argument("--again", help="jobs that are measured again although they are done")
    parser.add_argument("--list", action="store_true", help="name the jobs and measure nothing")
    parser.add_argument("--rehearse", action="store_true", help="without a GPU")
    options = parser.parse_args(argv)
    begin = time.monotonic()
    plan = rehearsal(options.out) if options.rehearse else whole_plan()
    jobs = [job for job in plan.jobs() if options.only in job.key]
    if options.list:
        print(*(f"{job.key}: at most {job.most:.0f} s" for job in jobs), sep="\n")
        return 0
    if options.resume is not None:
        _take(options.resume, options.out)
    book = Book(options.out / "gpu.json")
    book.about |= about()
    again = {job.key for job in jobs if options.again is not None and options.again in job.key}
    left = [job for job in jobs if job.key in again or not book.done(job.key)]
    for job in left:
        remaining = 60 * options.minutes - (time.monotonic() - begin) - GRACE
        if remaining < job.least:
            continue
        found = run(job, min(job.most, remaining), environment(options.out))
        book.put(job.key, found)
        said = report.brief(found) if job.cell else " | ".join(found["said"][-2:])
        print(f"{job.key}, {found['seconds']:.0f} s: {said}", flush=True)
    book.save()
    whole, keys = joined(book, plan)
    (options.out / "gpu.md").write_text(report.page(whole, keys, "python -m benchmarks.gpu"), encoding="utf-8")
    (options.out / "gpu.svg").write_text(picture(whole, keys), encoding="utf-8")
    rest = [job.key for job in jobs if not book.done(job.key)]
    print(f"{len(jobs) - len(rest)} of {len(jobs)} jobs done in {time.monotonic() - begin:.0f} s")
    return 0


def _take(results: Path, folder: Path) -> None:
    """Copy what an earlier call left to where this one writes."""
    folder.mkdir(parents=True, exist_ok=True)
    if results.resolve() != (folder / "gpu.json").resolve():
        shutil.copyfile(results, folder / "gpu.json")
        for cache in (results.parent / "gpu_cache").glob("*.json"):
            (folder / "gpu_cache").mkdir(exist_ok=True)
            shutil.copyfile(cache, folder / "gpu_cache" / cache.name)


if __name__ == "__main__":
    sys.exit(main())
