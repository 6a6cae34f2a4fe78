"""Random networks through the passes: the fused form is exact, and every fusion fires often and is often in the way."""

from __future__ import annotations

import re
from collections import Counter

import pytest
import torch

import netdsl
from netdsl import NetdslError, Network
from netdsl.form import form_of
from netdsl.ops.norm import BatchNorm
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import GATES, measure
from netdsl.step import Step, kernels
from tests.emit.texts import text as strange
from tests.fusion import exact
from tests.fusion.texts import text

GATE = GATES["float64"]


def patterns(network: Network) -> Counter[str]:
    """Which fusions fired in a network, and which were refused for what reason (without the names)."""
    found: Counter[str] = Counter()
    for node in kernels(network.fused):
        form = form_of(network.fused, node)
        if not isinstance(node.op, Step) or form is None:
            continue
        ends = form.epilogues
        found["a norm folded"] += any(end.norm is not None for end in ends) and bool(form.cores)
        found["a sum in a kernel"] += any(end.add is not None for end in ends) and bool(form.cores)
        found["an activation in a kernel"] += any(end.activation is not None for end in ends)
        found["a norm as prologue"] += any(isinstance(part.op, BatchNorm) for part in form.prologue)
        found["an activation as prologue"] += bool(form.prologue) and not isinstance(form.prologue[-1].op, BatchNorm)
        found["a map read by a linear layer"] += form.flatten is not None
        found["siblings merged"] += len(form.cores) > 1
    plan = network.fused.plan
    if plan is not None:
        found.update(f"concat {why}" for name, why in plan.views.items() if "written" in why or "read where" in why)
        found["dropped"] += len(plan.dropped)
        for why in plan.reasons.values():
            found.update("refused: " + re.sub(r"`[^`]*`|\d+", "..", part) for part in why.split("; "))
    return +found


def examine(network: Network, emitted: bool) -> None:
    """Hold the fused network against the network as written, or against its emitted module."""
    if emitted:
        found = exact.error(network)
        assert found.over(GATE) <= 10, found
        return
    state = exact.state_of(network)
    given = draw.inputs([network.graph.nodes[number] for number in network.graph.inputs], 2)
    with torch.no_grad():
        wanted = exact.leaves(exact.by_nodes(network, state, given))
        from netdsl.runtime.executor import Executor

        found_ = exact.leaves(Executor(network.fused, state, "algebra")(*given))
    for ours, theirs in zip(found_, wanted, strict=True):
        assert measure(ours, theirs).over(GATE) <= 10, measure(ours, theirs)


def run(seeds: range, every: int) -> tuple[int, Counter[str]]:
    """How many networks were examined, one in `every` against its emitted module, and what passes did to them."""
    found: Counter[str] = Counter()
    count = 0
    for seed in seeds:
        try:
            network = netdsl.compile(text(seed))
        except NetdslError:
            continue
        count += 1
        try:
            examine(network, emitted=seed % every == 0)
        except Exception as error:
            raise AssertionError(f"python -m tests.fusion.texts {seed}\n{text(seed)}") from error
        found += patterns(network)
    return count, found


FIRED = (
    "a norm folded",
    "a sum in a kernel",
    "an activation in a kernel",
    "a norm as prologue",
    "an activation as prologue",
    "a map read by a linear layer",
    "siblings merged",
    "concat written in place",
    "concat read where its parts are",
    "dropped",
)


def test_random_networks_are_fused_exactly(counted):
    count, found = run(range(160), every=16)
    assert count >= 140
    for pattern in FIRED:
        assert found[pattern] >= 5, f"{pattern} fired {found[pattern]} times"
    refused = {pattern: times for pattern, times in found.items() if pattern.startswith("refused")}
    assert sum(refused.values()) >= 100
    counted("random networks fused exactly", count)
    for pattern, times in found.most_common(24):
        counted(f"  {pattern[:70]}", times)


@pytest.mark.nightly
@pytest.mark.parametrize("block", range(10))
def test_many_random_networks_are_fused_exactly(block, counted):
    count, found = run(range(1000 + 300 * block, 1300 + 300 * block), every=10)
    assert count >= 250
    counted("random networks fused exactly", count)
    for pattern in FIRED:
        counted(f"  {pattern}", found[pattern])


@pytest.mark.nightly
def test_strange_texts_are_fused_exactly(counted):
    """The emitter's random texts: blocks, loops, recursion, one to three axes."""
    count = 0
    for seed in range(300):
        try:
            network = netdsl.compile(strange(seed), network="f")
        except NetdslError:
            continue
        if len(network.graph.nodes) > 400:
            continue
        count += 1
        try:
            examine(network, emitted=False)
        except Exception as error:
            raise AssertionError(f"python -m tests.emit.texts {seed}\n{strange(seed)}") from error
    assert count > 150
    counted("strange networks fused exactly", count)
