"""What a network costs at its small size (`running.py`), recorded so that tests choose networks without compiling all.

`python -m tests.examples.costs` writes tests/oracle/costs.json; test_running.py holds it against the networks.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import pytest

from tests.examples.networks import FAMILIES, ORACLE, ZOO, recorded, summary
from tests.examples.running import sized


class Cost(NamedTuple):
    macs: int  # of one pass forward, about
    params: int


def measured(network: str) -> Cost:
    """What it costs as it is now."""
    return Cost(sized(network).macs, summary(network)["params"])


def cost(network: str) -> Cost:
    """What is recorded. Raises LookupError where nothing is."""
    if network not in recorded("costs"):
        raise LookupError(f"{network} has no cost on record: run python -m tests.examples.costs")
    return Cost(*recorded("costs")[network])


def expense(network: str) -> int:
    """What running it takes, in MACs as it were: to draw a weight and to move it costs as much as a hundred."""
    return cost(network).macs + 100 * cost(network).params


def nightly_if(networks: Iterable[str], dear: Callable[[str], bool]) -> list[Any]:
    """Parameters of a test: those that are `dear` wait for the night."""
    return [pytest.param(network, marks=pytest.mark.nightly) if dear(network) else network for network in networks]


def cheapest(file: str) -> str:
    """The network of a family that costs least to run."""
    return min(FAMILIES[file], key=expense)


if __name__ == "__main__":
    lines = [f"{json.dumps(network)}: {json.dumps(measured(network))}" for network in ZOO]
    (ORACLE / "costs.json").write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
