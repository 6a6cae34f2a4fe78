"""Every pattern of fusion, and its near misses: which nodes share a kernel, and why others do not.

The cases are texts. `-- a+b | c` are the kernels with the nodes that they compute, in order; `-- b: why` is the reason
that the plan must hold for node `b`. The traps are those that fusers fall into, with the reports of some that did.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest

from netdsl.cost import inference_params, macs, params
from netdsl.passes import run
from netdsl.step import kernels, parts
from tests.graphs import graph

CASES = Path(__file__).parent / "cases"


class Case(NamedTuple):
    title: str
    text: str
    kernels: str
    reasons: dict[str, str]


def read(name: str) -> list[Case]:
    """The cases of a file."""
    found = []
    for block in (CASES / name).read_text(encoding="utf-8").split("== ")[1:]:
        title, _, rest = block.partition("\n")
        body, first, *others = rest.strip().split("\n-- ")
        text = "net n {\n  input x: 4x8x8\n" + "".join(f"  {line}\n" for line in body.splitlines()) + "}\n"
        reasons = {name: why for name, _, why in (line.partition(": ") for line in others)}
        found.append(Case(title, text, first, reasons))
    return found


FUSED, APART = read("fused.txt"), read("apart.txt")


@pytest.mark.parametrize("case", [*FUSED, *APART], ids=lambda case: case.title)
def test_kernels(case: Case) -> None:
    network = graph(case.text)
    fused = run(network)
    assert fused.plan is not None
    assert " | ".join("+".join(part.name for part in parts(node)) for node in kernels(fused)) == case.kernels
    for name, why in case.reasons.items():
        assert fused.plan.reasons.get(name) == why
    assert macs(fused) == macs(network)
    assert params(fused) == inference_params(network)


def test_there_are_enough_cases() -> None:
    assert len(FUSED) >= 12
    assert len(APART) >= 24
