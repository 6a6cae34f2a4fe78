"""The passes themselves: their docstrings are true, and any of them in any order leave a graph right."""

from __future__ import annotations

import importlib
import textwrap
from collections.abc import Mapping
from random import Random

import pytest

from netdsl.compiler import compile
from netdsl.cost import inference_params, macs
from netdsl.diagnostics import NetdslError
from netdsl.graph import Graph
from netdsl.passes import PIPELINE, Pass, run
from netdsl.passes.concats import place_concats
from netdsl.passes.inference import drop
from netdsl.passes.siblings import merge_siblings
from netdsl.step import kernels
from netdsl.text import to_text
from tests.emit.texts import text as strange_text
from tests.examples.networks import FAMILIES, compiled
from tests.graphs import graph
from tests.passes.texts import text


@pytest.mark.parametrize("step", PIPELINE, ids=lambda step: step.__name__)
def test_docstrings_show_what_passes_do(step: Pass) -> None:
    """`before:`, run through the pipeline up to the pass, prints as `after:`; and the pass did something."""
    told = importlib.import_module(step.__module__).__doc__ or ""
    before, after = (textwrap.dedent(part.rstrip() + "\n") for part in told.partition("before:\n")[2].split("after:\n"))
    place = PIPELINE.index(step)
    so_far = run(graph(before), PIPELINE[:place])
    now = run(so_far, (step,))
    assert to_text(now) == after
    assert now is not so_far


@pytest.mark.parametrize("family", FAMILIES)
def test_examples_are_fused(family: str) -> None:
    """The verifier accepts every pass on every family; nothing more is found the second time; counts stay."""
    network = compiled(FAMILIES[family][0])
    fused = network.fused
    check(network.graph, fused)
    assert run(fused, PIPELINE) is fused


def test_concats_of_symbols_and_in_another_order() -> None:
    """Reasons that need symbolic channels, or siblings that are merged before what stands behind them is gone."""
    symbols = graph(
        "net n { input x: [c, 8, 8]; output y = concat { x -> m: max_pool(2); x -> avg_pool(2) } -> t: tanh }"
    )
    assert reasons(run(symbols))["concat"] == "how many channels `m` has is not known; `t` reads it in one piece"
    arms = "x -> a: conv(2, 1) -> dropout(0.5); x -> conv(3, 3); x -> conv(4, 1) -> dropout(0.5)"
    early = run(
        graph(f"net n {{ input x: 4x8x8; output y = concat {{ {arms} }} }}"), (merge_siblings, drop, place_concats)
    )
    assert reasons(early)["concat"].startswith("what is computed with `a` does not fit beside it")


def reasons(fused: Graph) -> Mapping[str, str]:
    assert fused.plan is not None
    return fused.plan.reasons


def check(network: Graph, fused: Graph) -> None:
    assert len(kernels(fused)) <= len(kernels(network))
    assert macs(fused) == macs(network)
    assert inference_params(fused) == inference_params(network)
    assert [o.name for o in fused.outputs if not o.aux] == [o.name for o in network.outputs if not o.aux]


def examine(seed: int) -> tuple[int, int]:
    """One random network under random passes in a random order, some twice; gives kernels before and after."""
    network = graph(text(seed))
    shuffled = list(PIPELINE) + Random(seed).choices(PIPELINE, k=4)
    Random(seed).shuffle(shuffled)
    some = tuple(shuffled[: Random(seed).randint(1, len(shuffled))])
    try:
        odd = run(network, some)
        if not any(output.aux for output in network.outputs):  # else siblings may have been merged with one of its own
            check(network, odd)
        for step in dict.fromkeys(some):
            once = run(odd, (step,))
            assert run(once, (step,)) is once, f"{step.__name__} twice is not once"
        fused = run(network)
        check(network, fused)
        assert run(fused) is fused
        assert len(kernels(run(odd))) <= len(kernels(odd))
        assert macs(graph(to_text(fused))) == macs(fused)
    except Exception as error:
        raise AssertionError(f"python -m tests.passes.texts {seed}\n{text(seed)}\n{some}") from error
    return len(kernels(network)), len(kernels(fused))


def test_random_networks(counted) -> None:
    totals = [examine(seed) for seed in range(150)]
    before, after = (sum(part) for part in zip(*totals, strict=True))
    assert after < 0.8 * before  # they hold what can be fused
    counted("random networks fused, by passes in any order", len(totals))


@pytest.mark.nightly
@pytest.mark.parametrize("block", range(20))
def test_many_random_networks(block: int) -> None:
    for seed in range(1000 + 200 * block, 1200 + 200 * block):
        examine(seed)


def test_strange_networks_are_fused() -> None:
    """The emitter's random texts: control and sharing of every kind."""
    found = 0
    for seed in range(40):
        try:
            network = compile(strange_text(seed), network="f")
        except NetdslError:
            continue
        if len(network.graph.nodes) < 600:
            check(network.graph, network.fused)
            found += 1
    assert found > 25


def test_a_long_chain_is_fused_in_seconds() -> None:
    network = graph(
        "net n {\n  input x: 4x8x8\n  output y = x -> repeat 1500 { conv(4, 3) -> batch_norm -> relu }\n}\n"
    )
    assert len(kernels(run(network))) == 1500
