"""How long netdsl itself takes: whole processes, one network beside torch.fx, and growth with the number of nodes.

    python benchmarks/compile_time.py

writes benchmarks/results/compile_time.json and .md. Both sides of a ratio are measured in the same process, on one
thread each, and alternate, so that a slow or busy machine is slow for both.
"""

from __future__ import annotations

import gc
import importlib.metadata
import importlib.util
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
EXAMPLES = ROOT / "examples"
PACKAGES = ("lark", "networkx", "click", "torch")

PROCESSES = {  # arguments of `python -m netdsl` -> what is aimed at, in seconds
    "compile examples/googlenet.net": 0.4,
    "--help": 0.1,
}
NETWORKS = {"resnet50": ("resnet.net", 25.0), "densenet121": ("densenet.net", 60.0)}  # aims in milliseconds
SIZES = (100, 500, 1000, 2000, 5000, 10_000, 20_000)
LARGEST_AIM = 8.0  # seconds for the last of SIZES


def spread(times: list[float]) -> dict[str, float]:
    ordered = sorted(times)
    return {"median": statistics.median(ordered), "least": ordered[0], "greatest": ordered[-1], "runs": len(ordered)}


def timed(action: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    gc.collect()
    start = clock()
    action()
    return clock() - start


def cpu(action: Callable[[], Any]) -> float:
    """Seconds of the processor, on one thread: what else the machine does counts less."""
    return timed(action, time.process_time)


# ------------------------------------------------------------------------------------------------ whole processes


def process(arguments: list[str], runs: int = 9) -> dict[str, float]:
    """Seconds from start to end of `python arguments`; the first run, which warms the disk, is left out."""
    command = [sys.executable, *arguments]
    times, busy = [], []
    for _ in range(runs + 1):
        before = os.times()
        times.append(timed(lambda: subprocess.run(command, cwd=ROOT, check=True, capture_output=True)))
        after = os.times()
        busy.append(after.children_user + after.children_system - before.children_user - before.children_system)
    return {**spread(times[1:]), "cpu": statistics.median(busy[1:])}


def processes() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = [{"command": "python -c pass", "aim": None, **process(["-c", "pass"])}]
    with tempfile.TemporaryDirectory() as folder:
        for arguments, aim in PROCESSES.items():
            words = arguments.split()
            if words[0] == "compile":
                words += ["-o", str(Path(folder) / "out.py"), "--force"]
            rows.append({"command": f"netdsl {arguments}", "aim": aim, **process(["-m", "netdsl", *words])})
    return rows


# ------------------------------------------------------------------------------------------- beside torch.fx


def module_of(source: str, folder: Path) -> Any:
    """The network of an emitted file, built."""
    path = folder / f"emitted_{abs(hash(source))}.py"
    path.write_text(source, encoding="utf-8")
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return getattr(module, module.__all__[0])()


def beside_fx(runs: int = 15) -> list[dict[str, Any]]:
    """Parse, elaborate, verify and emit, beside symbolic_trace and ShapeProp of the module that came out."""
    import torch
    from torch.fx import symbolic_trace
    from torch.fx.passes.shape_prop import ShapeProp

    import netdsl

    rows = []
    torch.manual_seed(0)
    torch.set_num_threads(1)
    with tempfile.TemporaryDirectory() as folder, torch.no_grad():
        for network, (file, aim) in NETWORKS.items():
            path = EXAMPLES / file
            shape: Any = next(iter(netdsl.compile(path, network=network).summary().inputs.values()))
            model = module_of(netdsl.compile(path, network=network).source(plain=True), Path(folder)).eval()
            image = torch.zeros(1, *map(int, shape))
            ours, trace, propagate = [], [], []
            for turn in range(runs + 1):
                mine = cpu(lambda: netdsl.compile(path, network=network).source(plain=True))  # noqa: B023
                traced: list[Any] = []
                first = cpu(lambda: traced.append(symbolic_trace(model)))  # noqa: B023
                second = cpu(lambda: ShapeProp(traced[0]).propagate(image))  # noqa: B023
                if turn:
                    ours.append(1e3 * mine)
                    trace.append(1e3 * first)
                    propagate.append(1e3 * second)
            total = statistics.median(a + b for a, b in zip(trace, propagate, strict=True))
            rows.append(
                {
                    "network": network,
                    "aim": aim,
                    "netdsl": spread(ours),
                    "symbolic_trace": spread(trace),
                    "shape_prop": spread(propagate),
                    "fx": total,
                    "ratio": total / statistics.median(ours),
                }
            )
    return rows


# -------------------------------------------------------------------------------------------------- growth


def written_out(nodes: int) -> str:
    """A text with a line for every node; its input is a node too."""
    lines = ["net chain {", "  input x: 8x16x16", "  output y = x"]
    stages = ("    -> conv(8, 3)", "    -> batch_norm", "    -> relu")
    lines += [stages[i % 3] for i in range(nodes - 1)]
    return "\n".join([*lines, "}", ""])


def repeated(nodes: int) -> str:
    """A short text with as many nodes, of blocks in loops."""
    return f"""
block unit = add {{ conv(8, 3) -> batch_norm -> relu; identity }}
net chain {{
  input x: 8x16x16
  output y = x -> repeat {max((nodes - 1) // 100, 1)} {{ repeat 25 {{ unit }} }}
}}
"""


def growth(runs: int = 3) -> list[dict[str, Any]]:
    """Parse, elaborate, verify and emit texts of more and more nodes."""
    import netdsl

    rows = []
    for kind, text in (("written out", written_out), ("repeated", repeated)):
        for nodes in SIZES:
            source = text(nodes)
            compiled = netdsl.compile(source)
            count = len(compiled.graph.nodes)
            compiling = spread([cpu(lambda: netdsl.compile(source)) for _ in range(runs)])  # noqa: B023
            emitting = spread([cpu(lambda: netdsl.compile(source).source(plain=True)) for _ in range(runs)])  # noqa: B023
            rows.append({"text": kind, "nodes": count, "check": compiling, "compile": emitting})
    return rows


# -------------------------------------------------------------------------------------------------- the report


def report(found: dict[str, Any]) -> str:
    about = found["about"]
    lines = [
        "# Compile time",
        "",
        f"{about['date']}, Python {about['python']}, {about['cores']} cores of {about['machine']}; "
        + ", ".join(f"{name} {version}" for name, version in about["packages"].items())
        + ". Made by `python benchmarks/compile_time.py`. Medians; least and greatest in brackets.",
        "",
        "## Whole processes",
        "",
        "| command | seconds | above `python -c pass` | of the processor | aim |",
        "|---|---:|---:|---:|---:|",
    ]
    bare = found["processes"][0]["median"]
    for row in found["processes"]:
        aim = "" if row["aim"] is None else f"{row['aim']:.1f}"
        lines.append(f"| `{row['command']}` | {span(row, 3)} | {row['median'] - bare:.3f} | {row['cpu']:.3f} | {aim} |")
    lines += [
        "",
        "## In one process: text to PyTorch source, beside torch.fx on the module that came out",
        "",
        "netdsl parses, elaborates with shapes, verifies and emits; torch.fx traces (`symbolic_trace`) and finds the",
        "shapes by running the module once (`ShapeProp`), on one thread. Milliseconds of the processor.",
        "",
        "| network | netdsl | aim | symbolic_trace | ShapeProp | both | both / netdsl |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
    for row in found["networks"]:
        cells = (
            span(row["netdsl"], 1),
            f"{row['aim']:.0f}",
            span(row["symbolic_trace"], 1),
            span(row["shape_prop"], 1),
        )
        lines.append(f"| {row['network']} | {' | '.join(cells)} | {row['fx']:.1f} | {row['ratio']:.1f} |")
    lines += [
        "",
        "## Growth",
        "",
        f"Seconds of the processor; the aim is under {LARGEST_AIM:.0f} s for {SIZES[-1]:,} nodes,",
        "and linear growth: the last column stays level.",
        "",
        "| text | nodes | check | compile | µs per node |",
        "|---|---:|---:|---:|---:|",
    ]
    for row in found["growth"]:
        each = 1e6 * row["compile"]["median"] / row["nodes"]
        times = f"{row['check']['median']:.3f} | {span(row['compile'], 3)}"
        lines.append(f"| {row['text']} | {row['nodes']:,} | {times} | {each:.0f} |")
    return "\n".join([*lines, ""])


def span(row: dict[str, float], digits: int) -> str:
    return f"{row['median']:.{digits}f} ({row['least']:.{digits}f}–{row['greatest']:.{digits}f})"


def main() -> None:
    found: dict[str, Any] = {
        "about": {
            "date": time.strftime("%Y-%m-%d"),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "cores": os.cpu_count(),
            "packages": {name: importlib.metadata.version(name) for name in PACKAGES},
        },
        "processes": processes(),
        "networks": beside_fx(),
        "growth": growth(),
    }
    RESULTS.mkdir(parents=True, exist_ok=True)
    (RESULTS / "compile_time.json").write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
    text = report(found)
    (RESULTS / "compile_time.md").write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
