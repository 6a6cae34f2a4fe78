"""Everything that a fresh machine with an NVIDIA GPU can answer, in order of value, within minutes and over many calls.

    python -m benchmarks.gpu                     at most 9 minutes; writes $OUT/gpu.json, or benchmarks/results/gpu.json
    python -m benchmarks.gpu --resume OLD.json   goes on from the results of an earlier call, on the same kind of GPU
    python -m benchmarks.gpu --only resnet50     jobs whose name this is found in; --list names all, with their limits
    python -m benchmarks.gpu --again "batch 32"  jobs that are measured although they are done, after a change
    python -m benchmarks.gpu --rehearse          no GPU: the same jobs on the CPU, on tiny networks

needs Python 3.12, torch 2.11 and triton 3.6 or later, and the pure-Python packages lark, platformdirs, click and
networkx, pytest and hypothesis, of which a machine for PyTorch lacks the first two (docs/bench.md); JAX for its rows.
Nothing is fetched. Where something is missing, it says so at once and ends with 2.

Jobs: ResNet-50 at batch 32, step by step too; the tests that need a GPU in parts; `netdsl verify --cuda` of each
network; and cells. A cell is first netdsl beside eager PyTorch; then, each as a job of its own, netdsl beside one peer
that takes long to compile, which is measured once and never again. Every job is a process of its own with a limit of
time; what it found is saved before the next begins, with the last lines that it said where it did not end well. Such a
job is tried again, after all others. What netdsl tuned is kept beside the results, in the folder gpu_cache, as soon as
each step is measured, and taken along by --resume. Of the results gpu.md and gpu.svg are made at the end.
"""

from __future__ import annotations

import argparse
import importlib.util
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

# Seconds that a cell beside a peer may take. The first is eager's, in which netdsl is tuned.
LIMITS = {"eager": 240, "inductor": 180, "jax": 120, "reduce-overhead": 180, "max-autotune": 300}
PEERS = ("inductor", "jax", "reduce-overhead")  # that take long to compile, by value
SLOWEST = "max-autotune"
BESIDE_SLOWEST = ("resnet50", "vgg16")
CELLS = [(batch, "float16") for batch in (32, 1, 256)]
RESNET_TOO = [(batch, dtype) for dtype in ("tf32", "float32") for batch in (32, 1, 256)]
WANTS = {("unet", 256): "best with the 140 GB of an H200"}
GRACE = 20.0  # seconds that are kept for the end
# What of the GPU's tests is a job, by name: small enough for its limit, most of which goes into compiling kernels. What
# takes longer is marked nightly.
SUITE = {
    "engine": ("gpu/test_engine.py",),
    "kernels": ("gpu/test_gpu.py", "-k", "every_kernel"),
    "networks": ("gpu/test_gpu.py", "-k", "networks_whole"),
    "modules": ("gpu/test_gpu.py", "-k", "emitted"),
    "launches": ("gpu/test_gpu.py", "-k", "launches"),
    "configurations": ("kernels/test_gpu.py", "-k", "every_configuration and half"),
}
NEEDED = ("triton", "lark", "platformdirs", "click", "networkx", "pytest", "hypothesis")

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
    note: str = ""

    def __str__(self) -> str:
        return f"{self.key}: at most {self.most:.0f} s" + (f"; {self.note}" if self.note else "")


@dataclass(frozen=True, slots=True)
class Plan:
    """What is measured, and where."""

    networks: tuple[Network, ...]
    cells: tuple[tuple[int, str], ...]
    more: tuple[tuple[int, str], ...]  # of the first network
    peers: tuple[str, ...]
    slowest: tuple[Network, ...]  # that are measured beside the slowest peer
    examples: str
    cuda: bool
    pairs: int
    patience: float = 1.0  # of the limits of time

    def jobs(self) -> Iterator[Job]:
        first, *others = self.networks
        batch, dtype = self.cells[0]
        yield self._cell(first, batch, dtype, "eager")
        yield self._profile(first, batch, dtype)
        yield from map(self._tests, ("engine", "kernels"))
        yield self._proof(first)
        for network in others:  # the first figures are worth more than the last proofs
            yield self._cell(network, batch, dtype, "eager")
        yield from map(self._tests, ("launches", "modules", "networks"))
        yield from map(self._proof, others)
        for index, (batch, dtype) in enumerate(self.cells):
            for peer in (*(("eager",) if index else ()), *self.peers):  # of all networks before the next peer of one
                for network in self.networks:
                    yield self._cell(network, batch, dtype, peer)
        for batch, dtype in self.more:
            for peer in ("eager", *self.peers):
                yield self._cell(first, batch, dtype, peer)
        yield self._tests("configurations")
        for batch, dtype in self.cells:
            for network in self.slowest:
                yield self._cell(network, batch, dtype, SLOWEST)

    def _cell(self, network: Network, batch: int, dtype: str, peer: str) -> Job:
        cell = Cell(network, batch, dtype, (peer,), self.cuda)
        command = ("-m", "netdsl", *cell.arguments(self.examples, self.pairs), "--warm")
        least, most = 0.4 * LIMITS[peer], self.patience * LIMITS[peer]
        return Job(f"{cell.key}, {peer}", command, least, most, cell.key, peer, WANTS.get((network.net, batch), ""))

    def _profile(self, network: Network, batch: int, dtype: str) -> Job:
        """Step by step: what was tried, how long it took, and why the others are out."""
        command = ("-m", "netdsl", "run", *self._of(network), "--dtype", dtype, "--batch", str(batch))
        return Job(f"steps of {network.net} batch {batch} {dtype}", (*command, "--profile", "--json"), 30, 180)

    def _proof(self, network: Network) -> Job:
        return Job(f"verify {network.net}", ("-m", "netdsl", "verify", *self._of(network)), 30, 240)

    def _of(self, network: Network) -> tuple[str, ...]:
        return (f"{self.examples}/{network.file}", "--net", network.net, *(["--cuda"] if self.cuda else []))

    def _tests(self, name: str) -> Job:
        file, *chosen = SUITE[name]
        pytest = ("-m", "pytest", "-v", "--tb=short", "--maxfail=8", "-p", "no:cacheprovider")
        marked = ("-m", "gpu and not nightly", "-W", "default")  # what a new driver warns of is no failure
        return Job(f"suite: {name}", (*pytest, *marked, f"tests/{file}", *chosen), 30, 240)


def run(job: Job, seconds: float, environment: dict[str, str]) -> dict[str, Any]:
    """What came of it. Proofs and tests are finished where they said how it ended, well or badly; what faulted, or
    lacked a package, is not."""
    if job.cell:
        return child.bench(job.command[2:], seconds, environment)
    status, out, err, took = child.run([sys.executable, *job.command], seconds, environment)
    found = {"status": status, "seconds": round(took, 1), "unfinished": status not in (0, 1) or not out.strip()}
    if "--json" in job.command and (told := child.printed(out)) is not None:
        return {**found, "json": told, "said": [f"{told['milliseconds']:.2f} ms"]}
    return {**found, "said": [*child.end(err), *child.end(out)]}


def joined(book: Book, plan: Plan) -> tuple[Book, list[str]]:
    """Cells as they are reported: netdsl beside eager with the rows that its other peers have from their own jobs."""
    whole = Book(Path(os.devnull).with_name("nothing"))
    whole.about = book.about
    cells = [job for job in plan.jobs() if job.cell]
    for job in cells:
        found = book.cells.get(job.key, {})
        if not found.get("rows"):
            continue
        mine = whole.cells.setdefault(
            job.cell, {**found, "rows": [row for row in found["rows"] if row["peer"] == "netdsl"]}
        )
        mine["rows"] += [row for row in found["rows"] if row["peer"] == job.peer]
    for job in cells:  # that have no rows at all say why
        if job.key in book.cells:
            whole.cells.setdefault(job.cell, book.cells[job.key])
    return whole, list(dict.fromkeys(job.cell for job in cells))


def environment(folder: Path) -> dict[str, str]:
    """What is tuned goes beside the results, which are carried to the next machine; large caches stay on this one."""
    scratch = Path(tempfile.gettempdir()) / "netdsl_gpu"
    return {
        "NETDSL_CACHE": str(folder.resolve() / "gpu_cache"),
        "TRITON_CACHE_DIR": str(scratch / "triton"),
        "TORCHINDUCTOR_CACHE_DIR": str(scratch / "inductor"),
        "NETDSL_PROGRESS": "1",
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


def unfit() -> str | None:
    """Why nothing can be measured here, in words."""
    import torch

    if not torch.cuda.is_available():
        return "torch sees no NVIDIA GPU here; --rehearse does without"
    if missing := [name for name in NEEDED if importlib.util.find_spec(name) is None]:
        return f"not installed: {', '.join(missing)}"
    status, _, err, _ = child.run([sys.executable, "-m", "netdsl", "bench", "--help"], 60)
    return None if status == 0 else f"`netdsl bench` does not start: {(child.end(err) or ['it says nothing'])[-1]}"


def whole_plan() -> Plan:
    slowest = tuple(network for network in NETWORKS if network.net in BESIDE_SLOWEST)
    return Plan(NETWORKS, tuple(CELLS), tuple(RESNET_TOO), PEERS, slowest, "examples", True, 20)


def rehearsal(folder: Path) -> Plan:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "tiny.net").write_text(TINY, encoding="utf-8")
    cells, peers = ((2, "float32"), (1, "float32")), ("inductor", "jax")
    return Plan(TINY_NETWORKS, cells, (), peers, (), str(folder), False, 2, patience=6.0)


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
        print(*jobs, sep="\n")
        return 0
    here = about()
    before = Book(options.resume or options.out / "gpu.json").about.get("GPU", here["GPU"])
    why_not = None if options.rehearse else unfit()
    if why_not is None and before != here["GPU"]:
        why_not = f"the results are of {before} and this is {here['GPU']}: begin others with --out"
    if why_not is not None:
        print(why_not, file=sys.stderr)
        return 2
    if options.resume is not None:
        _take(options.resume, options.out)
    book = Book(options.out / "gpu.json")
    book.about |= here
    again = {job.key for job in jobs if options.again is not None and options.again in job.key}
    left = [job for job in jobs if job.key in again or not book.done(job.key)]
    for job in sorted(left, key=lambda job: book.tried(job.key) and job.key not in again):
        remaining = 60 * options.minutes - (time.monotonic() - begin) - GRACE
        if remaining < job.least:
            continue
        found = run(job, min(job.most, remaining), environment(options.out))
        hurried = found.get("status", 0) is None and remaining < job.most
        book.put(job.key, {**found, "hurried": True} if hurried else found)
        said = report.brief(found) if job.cell else " | ".join(found["said"][-2:])
        print(f"{job.key}, {found['seconds']:.0f} s: {said}", flush=True)
    book.save()
    whole, keys = joined(book, plan)
    page = report.page(whole, keys, "python -m benchmarks.gpu", cold=False)
    (options.out / "gpu.md").write_text(page, encoding="utf-8")
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
