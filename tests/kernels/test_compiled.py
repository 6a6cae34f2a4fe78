"""What the kernels compile to: the committed table is whole and spills nothing, and a handful is compiled afresh."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from netdsl.kernels.tuning import TILES, configs

ROOT = Path(__file__).parents[2]
TABLE = ROOT / "benchmarks" / "results" / "kernels_compiled.json"


@pytest.fixture(scope="module")
def rows() -> list[dict[str, object]]:
    found: list[dict[str, object]] = json.loads(TABLE.read_text(encoding="utf-8"))["rows"]
    return found


def key(row: dict[str, object]) -> tuple[object, ...]:
    return tuple(row[name] for name in ("kernel", "arithmetic", "tile", "warps", "stages", "capability"))


@pytest.mark.parametrize("capability", [80, 90, 100])
def test_every_configuration_has_its_rows(rows, capability):
    listed = {
        (name, kind, "x".join(map(str, config.tile)), config.warps, config.stages, capability)
        for name, tiles in TILES.items()
        for kind in tiles
        for config in configs(name, kind, capability)
    }
    conv = {key(row) for row in rows if row["capability"] == capability and row["kernel"] in TILES}
    assert conv == listed, "run benchmarks/compile_kernels.py"
    others = {row["kernel"] for row in rows if row["capability"] == capability} - set(TILES)
    assert others == {"pool", "global_pool", "pointwise", "lrn"}


def test_nothing_fails_and_nothing_spills(rows):
    assert [key(row) for row in rows if row["failed"]] == []
    assert [key(row) for row in rows if row["spilled_bytes"]] == []


def test_hopper_gets_its_instructions(rows):
    here = [row for row in rows if row["capability"] == 90]
    half = [row for row in here if row["arithmetic"] in ("half", "tf32") and str(row["kernel"]).startswith("conv_tma")]
    assert half
    assert all(row["wgmma"] and row["tma"] for row in half)
    pointer = [row for row in here if row["kernel"] == "conv_pointer" and row["arithmetic"] == "half"]
    assert all((row["wgmma"] or row["mma"]) and row["cp_async"] for row in pointer)
    # IEEE products of fp32 are exact products: no matrix unit may round them.
    assert not any(row["wgmma"] or row["mma"] for row in here if row["arithmetic"] == "ieee")


def test_shared_memory_suffices(rows):
    most = {80: 163, 90: 227, 100: 227}
    assert all(row["shared_bytes"] <= most[row["capability"]] * 1024 for row in rows)


def test_compiling_afresh():
    """In a process of its own: here kernels are interpreted."""
    jobs = "(conv_tma_rows half 1x1|conv_depthwise half 3x3 depthwise|others half ) 90"
    command = [sys.executable, "benchmarks/compile_kernels.py", "--only", jobs, "--jobs", "1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in done.stdout.splitlines()]
    assert len(lines) == len(configs("conv_tma_rows", "half")) + len(configs("conv_depthwise", "half")) + 5
    for line in lines:
        registers, spilled = int(line[7]), int(line[8])
        assert 0 < registers <= 255
        assert spilled == 0
