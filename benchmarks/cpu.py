"""The engine beside eager PyTorch, Inductor, ONNX Runtime and OpenVINO on this processor: eight networks, batch 1, 8.

    python -m benchmarks.cpu                   all cells, the most telling first; said again, it goes on
    python -m benchmarks.cpu --minutes 30      begins no cell that would not be done by then
    python -m benchmarks.cpu --pairs 8 --only unet
    python -m benchmarks.cpu --report          writes the table and the picture of what there is, and measures nothing

needs the extra `bench` (`pip install -c constraints.txt -e '.[bench]'`), an otherwise idle machine, and about an hour
and a quarter on two cores. Each cell is one `netdsl bench` in a fresh process, whose peers take turns in a new order
each round (docs/bench.md). It writes benchmarks/results/cpu.json after every cell, then cpu.md and cpu.svg.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
import time
from pathlib import Path

from benchmarks import child, report
from benchmarks.book import Book
from benchmarks.networks import NETWORKS, Cell
from benchmarks.picture import picture

RESULTS = child.ROOT / "benchmarks" / "results"
PEERS = ("eager", "inductor", "onnxruntime", "openvino")
BATCHES = (1, 8)
RATE = 80.0  # GMAC/s of two cores, of which the time of a cell is guessed
COMPILE = 240.0  # seconds that compiling and tuning may take
BF16 = ("avx512_bf16", "amx_bf16")  # what a processor that computes in bf16 has of


def cells(dtypes: tuple[str, ...]) -> list[Cell]:
    """Batch 1 first; U-Net at batch 8, which takes as long as all others, last."""
    found = [
        Cell(network, batch, dtype, _peers(dtype)) for dtype in dtypes for batch in BATCHES for network in NETWORKS
    ]
    return sorted(found, key=lambda cell: cell.batch > 1 and cell.network.net == "unet")


def _peers(dtype: str) -> tuple[str, ...]:
    return PEERS if dtype == "float32" else tuple(peer for peer in PEERS if peer != "onnxruntime")


def guess(cell: Cell, pairs: int) -> float:
    """Seconds that a cell may well take."""
    one = max(cell.batch * cell.network.gmacs / RATE, 0.6)
    return COMPILE + one * (len(cell.peers) + 2) * (pairs + 8)


def has_bf16() -> bool:
    try:
        flags = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    except OSError:
        return False
    return any(re.search(rf"\b{flag}\b", flags) for flag in BF16)


def main(argv: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=float("inf"), help="begin nothing that would end later")
    parser.add_argument("--pairs", type=int, default=20, help="rounds of a cell (20)")
    parser.add_argument("--only", help="cells whose name this is found in, such as 'batch 1 ' or resnet")
    parser.add_argument("--again", action="store_true", help="measure also what was measured before")
    parser.add_argument("--report", action="store_true", help="measure nothing")
    parser.add_argument("--results", type=Path, default=RESULTS / "cpu.json")
    options = parser.parse_args(argv)
    book, begin = Book(options.results), time.monotonic()
    dtypes = ("float32", "bfloat16") if has_bf16() else ("float32",)
    if len(dtypes) == 1:
        book.about["bf16"] = "not measured: this processor has no bf16 instructions"
    chosen = [cell for cell in cells(dtypes) if options.only is None or options.only in cell.key]
    left = [cell for cell in chosen if options.again or not book.done(cell.key)]
    for number, cell in enumerate([] if options.report else left, 1):
        remaining = 60 * options.minutes - (time.monotonic() - begin)
        needed = guess(cell, options.pairs)
        # Guesses are high, most of all of quick cells: one is begun where half of its guess fits.
        if remaining < needed / 2:
            print(f"no time for {cell.key}", flush=True)
            continue
        load = os.getloadavg()[0]
        found = child.bench(cell.arguments("examples", options.pairs), min(remaining, 3 * needed))
        book.put(cell.key, {**found, "load_before": round(load, 2)})
        print(f"{number}/{len(left)} {cell.key}, {found['seconds']:.0f} s: {report.brief(found)}", flush=True)
    book.save()
    keys = [cell.key for cell in cells(dtypes)]
    text = report.page(book, keys, "python -m benchmarks.cpu")
    options.results.with_suffix(".md").write_text(text, encoding="utf-8")
    options.results.with_suffix(".svg").write_text(picture(book, keys), encoding="utf-8")
    print(text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
