"""Every pattern of fusion, and its near misses: which nodes share a kernel, and why others do not.

The cases are texts. `-- a+b | c` are the kernels with the nodes that they compute, in order; `-- b: why` is the reason
that the plan must hold for node `b`. The traps are those that fusers fall into, with the reports of some that did.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from netdsl.cost import inference_params, macs, params
from netdsl.form import form_of
from netdsl.passes import run
from netdsl.scope import Value
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


def test_attributes_stay_with_their_nodes() -> None:
    """Casebook: apache/mxnet#21122, whose fused norm lost them."""
    body = "output y = x -> c: conv(4, 3) -> n: batch_norm(eps = 0.5, affine = false) -> r: leaky_relu(0.3)"
    (step,) = kernels(run(graph(f"net n {{\n  input x: 4x8x8\n  {body}\n}}\n")))
    assert step.op is not None
    assert step.op.label() == "conv(4, 3) + batch_norm(eps = 0.5, affine = false) + leaky_relu(slope = 0.3)"


def test_a_sum_is_never_written_over_its_residual() -> None:
    """Casebook: intel/ideep#8. A residual in a wider buffer stays where it is; the sum has another place or none."""
    body = """z = x -> a: conv(4, 3)
  s = add { z -> c: conv(4, 3); z }
  output y = concat(z, s) -> p: max_pool(2)"""
    fused = run(graph(f"net n {{\n  input x: 4x8x8\n  {body}\n}}\n"))
    assert fused.plan is not None
    step = next(node for node in kernels(fused) if node.name == "c")
    form = form_of(fused, step)
    assert form is not None
    residual = form.epilogues[0].residual
    assert residual is not None
    places = fused.plan.places
    assert places[step.operands[residual.slot]] == (0, 0)
    assert places[Value(step.number)] == (0, 4)


def test_text_does_not_depend_on_the_hash_seed(tmp_path: Path) -> None:
    """The plan is a function of the text alone."""
    (tmp_path / "n.net").write_text(FUSED[-4].text, encoding="utf-8")
    line = [sys.executable, "-m", "netdsl", "fusion", "n.net", "--json"]
    told = {
        subprocess.run(line, cwd=tmp_path, env={**os.environ, "PYTHONHASHSEED": seed}, capture_output=True).stdout
        for seed in ("0", "1", "2")
    }
    assert len(told) == 1
    assert b"groups" in told.pop()


@pytest.mark.parametrize(
    "body",
    [
        "output y = x -> n: batch_norm -> r: relu -> c: conv(4, 3)",  # nothing before the norm, but `c` behind
        "output y = x -> a: conv(4, 1)\n  output z = x -> b: conv(4, 3)",  # not alike
    ],
)
def test_nobody_is_told_to_stay_apart_for_nothing(body: str) -> None:
    fused = run(graph(f"net n {{\n  input x: 4x8x8\n  {body}\n}}\n"))
    assert fused.plan is not None
    assert fused.plan.reasons == {}
