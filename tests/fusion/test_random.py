"""Random networks through the passes: the fused form is exact, and every fusion fires often and is often in the way."""

from __future__ import annotations

from collections import Counter
from types import ModuleType

import pytest
import torch

import netdsl
from netdsl import NetdslError, Network
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import GATES, measure
from tests.emit.texts import text as strange
from tests.fusion import exact, obstacles, texts
from tests.fusion.patterns import FIRED, blocked, patterns

GATE = GATES["float64"]


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


def run(seeds: range, every: int, made: ModuleType = texts) -> tuple[int, Counter[str]]:
    """How many networks were examined, one in `every` against its emitted module, and what passes did to them.

    `made` is the module whose `text` writes them.
    """
    found: Counter[str] = Counter()
    count = 0
    for seed in seeds:
        try:
            network = netdsl.compile(made.text(seed))
        except NetdslError:
            continue
        count += 1
        try:
            examine(network, emitted=seed % every == 0)
        except Exception as error:
            raise AssertionError(f"python -m {made.__name__} {seed}\n{made.text(seed)}") from error
        found += patterns(network)
    return count, found


def hold(found: dict[str, int] | Counter[str], least: int, counted) -> None:
    """Each was met at least so often."""
    rare = {what: times for what, times in found.items() if times < least}
    assert not rare, f"fewer than {least}: {rare}"
    for what, times in found.items():
        counted(f"  {what}", times)


def test_random_networks_are_fused_exactly(counted):
    count, found = run(range(160), every=16)
    assert count >= 140
    counted("random networks fused exactly", count)
    hold({pattern: found[pattern] for pattern in FIRED}, 50, counted)


def test_every_rule_stands_in_the_way_of_random_fusions(counted):
    count, found = run(range(60), every=20, made=obstacles)
    assert count == 60
    counted("random networks with obstacles fused exactly", count)
    hold(blocked(found), 5, counted)


@pytest.mark.nightly
@pytest.mark.parametrize("block", range(10))
def test_many_random_networks_are_fused_exactly(block, counted):
    count, found = run(range(1000 + 300 * block, 1300 + 300 * block), every=10)
    assert count >= 250
    counted("random networks fused exactly", count)
    hold({pattern: found[pattern] for pattern in FIRED}, 50, counted)


@pytest.mark.nightly
def test_every_rule_stands_in_the_way_of_many_random_fusions(counted):
    count, found = run(range(1000, 1800), every=10, made=obstacles)
    assert count == 800
    counted("random networks with obstacles fused exactly", count)
    hold(blocked(found), 50, counted)


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
