"""The laws of passes on random networks, in random subsets and orders: the same outputs, shapes, parameters and MACs,
nothing more to do the second time, and the same numbers."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from random import Random

import torch

import netdsl
from netdsl import cost
from netdsl.graph import Graph, leaves
from netdsl.passes import PIPELINE, run
from netdsl.runtime.executor import Executor
from netdsl.text import to_text
from tests.random.legs import Case, Drawn, case, compared, finite
from tests.random.networks import network

SEEDS = range(7000, 7100)


def nets() -> Iterator[tuple[int, netdsl.Network]]:
    for seed in SEEDS:
        try:
            yield seed, netdsl.compile(network(seed), network="f")
        except netdsl.NetdslError:
            continue


def interface(graph: Graph) -> list[object]:
    return [
        (output.name, [tuple(graph.shape(value)) for value in leaves(output.value)])
        for output in graph.outputs
        if not output.aux
    ]


def numbers_of(graph: Graph, found: Case) -> list[str]:
    """Where a graph after passes computes something else than the reference."""
    weights = {path: torch.from_numpy(array) for path, array in found.weights.items()}
    with torch.no_grad(), Drawn():
        results = Executor(graph, weights, "algebra")(
            *(torch.from_numpy(found.inputs[graph.nodes[n].name]) for n in graph.inputs)
        )
    main = [output for output in found.net.graph.outputs if not output.aux]
    return list(compared(found, main, results[0] if len(main) == 1 else results))


def test_any_passes_in_any_order_keep_a_network(counted: Callable[[str, int | str], None]) -> None:
    orders = 0
    for seed, net in nets():
        random = Random(seed)
        chosen = random.sample(PIPELINE, random.randint(1, len(PIPELINE)))
        if PIPELINE[0] not in chosen:  # what only training needs cannot be computed without targets
            chosen.insert(random.randint(0, len(chosen)), PIPELINE[0])
        after = run(net.graph, chosen)  # which verifies after each
        names = ", ".join(step.__name__ for step in chosen)
        told = f"{names}\n{network(seed)}"
        assert interface(after) == interface(net.graph), told
        found = case(net, seed)
        if finite(found):
            assert not numbers_of(after, found), told
            orders += 1
    assert orders >= 100
    counted("random orders of passes that compute the same", orders)


def test_the_pipeline_keeps_parameters_and_macs_and_does_all_at_once() -> None:
    for seed, net in nets():
        once = run(net.graph, PIPELINE)
        needed = run(net.graph, PIPELINE[:1])  # without what only training needs
        assert cost.params(once) == cost.params(needed), network(seed)
        assert cost.macs(once) == cost.macs(needed), network(seed)
        assert to_text(run(once, PIPELINE)) == to_text(once), network(seed)
        assert to_text(run(net.graph, PIPELINE)) == to_text(once), "not the same each time"
