"""Random networks: the reference, the emitted module, the fused network and ONNX Runtime compute the same."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.random.coverage import Coverage
from tests.random.examine import examine, fresh

Counted = Callable[[str, int | str], None]
FIXED = 500


def search(seeds: range, counted: Counted) -> Coverage:
    coverage = Coverage()
    counts = examine(seeds, coverage)
    counted("random networks on which four computations agree", counts["networks"])
    counted("random networks skipped, too large in their numbers", counts["skipped"])
    counted("random networks refused", counts["refused"])
    counted("nodes of random networks compared with ONNX Runtime", counts["compared"])
    assert counts["skipped"] + counts["refused"] <= 0.02 * len(seeds)
    assert counts["compared"] >= 0.9 * (counts["compared"] + counts["untranslated"])
    return coverage


def test_fixed_networks_agree_and_hold_everything(counted: Counted) -> None:
    coverage = search(range(FIXED), counted)
    for what, figure in coverage.told():
        counted(f"random networks: {what}", figure)
    assert not list(coverage.missing())


def test_networks_of_today_agree(counted: Counted) -> None:
    search(range(fresh(), fresh() + FIXED), counted)


@pytest.mark.nightly
@pytest.mark.parametrize("chunk", range(40))
def test_many_networks_agree(chunk: int, counted: Counted) -> None:
    search(range(1_000_000 + 500 * chunk, 1_000_000 + 500 * (chunk + 1)), counted)
