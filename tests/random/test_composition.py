"""More relations on random networks: one cut in two is its parts composed, and a batch is its samples."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any

import numpy as np
import pytest
import torch

import netdsl
from netdsl.graph import Graph
from netdsl.passes.inference import drop
from netdsl.runtime.executor import Executor
from tests.graphs import graph
from tests.random.composition import OUTPUT, composed, cut, renamed
from tests.random.legs import Drawn, case, compared, finite, of, weight
from tests.random.structure import canonical
from tests.random.test_relations import FIXED, NIGHTLY, networks
from tests.reference.agreement import disagreement

Counted = Callable[[str, int | str], None]


# ---------------------------------------------------------------------------------------------- cut and composed


def check_composition(start: int, least: int, every: int, counted: Counted) -> None:
    """Cut `least` networks, and one in `every` of them computes with each part fused by itself."""
    applied = computed = 0
    for tried, (seed, text) in enumerate(networks(start), 1):
        parts = cut(text, Random(seed))
        if parts is not None:
            whole = canonical(graph(text, "f"))
            assert canonical(composed(*(graph(part, "f") for part in parts))) == whole, f"seed {seed}\n{text}\n{parts}"
            applied += 1
            if applied % every == 0:
                computed += compute(text, parts, seed)
        assert tried - applied <= least // 2, f"of {tried} networks only {applied} could be cut"
        if applied == least:
            break
    assert computed >= 0.8 * least / every
    counted("networks on which the composition of its parts is the network", applied)
    counted("networks that computed the same when fused in parts", computed)


def compute(text: str, parts: tuple[str, str], seed: int) -> bool:
    """Hold the outputs of the two fused parts against the reference; False where these are no numbers."""
    whole, first, second = (netdsl.compile(each, network="f") for each in (text, *parts))
    found = case(whole, seed)
    if not finite(found):
        return False
    weights = {path: torch.from_numpy(array) for path, array in found.weights.items()}
    xs = {name: torch.from_numpy(array) for name, array in found.inputs.items()}
    ours, others = renamed(weights, whole.graph, first.graph, second.graph)
    with torch.no_grad(), Drawn():
        between = tuple_of(run(first.fused, ours, xs))
        xs |= {out.name.removeprefix(OUTPUT): value for out, value in zip(first.graph.outputs, between, strict=True)}
        yielded = run(second.fused, others, xs)
    main = [output for output in whole.graph.outputs if not output.aux]
    wrong = list(compared(found, main, yielded[0] if len(main) == 1 else yielded))
    assert not wrong, f"seed {seed}: {wrong[0]}\n{text}\n{parts}"
    return True


def run(g: Graph, weights: dict[str, torch.Tensor], xs: dict[str, torch.Tensor]) -> Any:
    return Executor(g, weights, "algebra")(*(xs[g.nodes[number].name] for number in g.inputs))


def test_a_network_is_the_composition_of_its_parts(counted: Counted) -> None:
    check_composition(FIXED, 100, 10, counted)


@pytest.mark.nightly
def test_many_networks_are_the_compositions_of_their_parts(counted: Counted) -> None:
    check_composition(NIGHTLY, 1000, 1, counted)


# ---------------------------------------------------------------------------------------- a batch and its samples


def over_the_batch(g: Graph) -> bool:
    """Whether samples see one another."""
    return any(not getattr(node.op, "track", True) for node in g.nodes) or any(
        node.op is not None
        and node.shapes
        and not node.shape
        and len(node.operands) == 1
        and not g.shape(node.operands[0])
        for node in g.nodes
    )


def check_batches(start: int, least: int, counted: Counted) -> None:
    applied = outputs = 0
    for tried, (seed, text) in enumerate(networks(start), 1):
        if not over_the_batch(drop(graph(text, "f"))):  # not that of the loss, a mean over it
            compared_outputs = samples(text, seed)
            outputs += compared_outputs
            applied += compared_outputs > 0
        assert tried - applied <= least, f"of {tried} networks only {applied} had samples to compare"
        if applied == least:
            break
    counted("networks on which a batch is its samples", applied)
    counted("outputs of a batch compared with those of its samples", outputs)


def samples(text: str, seed: int) -> int:
    """Compare the outputs of a batch of three with those of its samples; gives how many there were."""
    net = netdsl.compile(text, network="f")
    random = np.random.default_rng(seed)
    module = of(net, plain=True)
    state = module.state_dict()
    module.load_state_dict({path: torch.from_numpy(weight(path, state[path], random)) for path in state})
    shapes: list[Any] = [net.graph.nodes[n].shape for n in net.graph.inputs]
    xs = [torch.from_numpy(random.standard_normal((3, *map(int, shape)))) for shape in shapes]
    with torch.no_grad(), Drawn():
        whole = tuple_of(module(*xs))
        singles = [tuple_of(module(*(x[i : i + 1] for x in xs))) for i in range(3)]
    count = 0
    for place, value in enumerate(whole):
        if value is None or value.dim() == 0 or len(value) != 3 or not value.isfinite().all():
            continue
        alone = np.concatenate([single[place].numpy() for single in singles])
        assert disagreement(alone, value.numpy()) is None, f"seed {seed}\n{text}"
        count += 1
    return count


def tuple_of(outputs: Any) -> tuple[Any, ...]:
    return (outputs,) if isinstance(outputs, torch.Tensor) else tuple(outputs)


def test_a_batch_is_its_samples(counted: Counted) -> None:
    check_batches(FIXED, 100, counted)


@pytest.mark.nightly
def test_batches_of_many_networks_are_their_samples(counted: Counted) -> None:
    check_batches(NIGHTLY, 1000, counted)
