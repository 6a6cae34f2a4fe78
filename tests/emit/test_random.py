"""Random texts: what is emitted computes the graph, is the same each time, and reads as the formatter writes it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import netdsl
from netdsl import NetdslError, Network
from tests.emit.nodewise import check
from tests.emit.texts import text
from tests.emit.twins import assert_same

ROOT = Path(__file__).parents[2]
# What ruff is told besides our own settings: in a user's project, netdsl is a package among others.
AS_USERS = ("--config", 'lint.isort.known-third-party = ["netdsl"]')
NODES = 1200  # larger networks only take longer


def compiled(seed: int) -> Network | None:
    """The network of one text; None where the compiler refuses it, or it has grown out of hand."""
    try:
        net = netdsl.compile(text(seed), network="f")
    except NetdslError:
        return None
    return net if len(net.graph.nodes) <= NODES else None


def examine(seeds: range, folder: Path) -> int:
    """Check every network, and all files together with ruff; gives how many there were."""
    found = 0
    for seed in seeds:
        net = compiled(seed)
        if net is None:
            continue
        found += 1
        source = net.source()
        again = compiled(seed)
        assert again is not None
        assert again.source() == source, f"python -m tests.emit.texts {seed}"
        try:
            check(net, zeros=True)
            assert_same(net)
        except Exception as error:
            raise AssertionError(f"python -m tests.emit.texts {seed}\n{text(seed)}\n{source}") from error
        (folder / f"seed{seed}.py").write_text(source, encoding="utf-8")
    for command in (("check",), ("format", "--check", "--diff")):
        config = ("--config", str(ROOT / "pyproject.toml"), *AS_USERS)
        line = [sys.executable, "-m", "ruff", *command, "--no-cache", *config]
        done = subprocess.run([*line, str(folder)], capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
    return found


def test_random_networks_are_emitted_as_they_are(tmp_path: Path) -> None:
    assert examine(range(70), tmp_path) > 50


@pytest.mark.nightly
@pytest.mark.parametrize("block", range(40))
def test_many_random_networks_are_emitted_as_they_are(block: int, tmp_path: Path) -> None:
    assert examine(range(1000 + 250 * block, 1250 + 250 * block), tmp_path) > 180
