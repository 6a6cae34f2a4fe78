"""The memory plan: what lives at once lies apart, views keep what they read, and little is wasted."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from itertools import combinations

import pytest

import netdsl
from netdsl.graph import Graph, leaves
from netdsl.passes import run
from netdsl.plan.memory import ALIGNMENT, MemoryPlan, memory
from netdsl.scope import Value
from netdsl.traffic import only_measured
from tests.examples.networks import ZOO, compiled
from tests.graphs import graph
from tests.random.networks import network

SEEDS = range(7200, 7300)
SOME = ("resnet50", "densenet121", "googlenet_torchvision", "unet", "shufflenet_v1_g3", "fcn8s")


def behind(fused: Graph, value: Value) -> Iterator[Value]:
    """The values written by steps that a value is a view of."""
    node = fused.nodes[value.node]
    if fused.plan is None or node.name not in fused.plan.views:
        yield value
        return
    for slot, operand in enumerate(node.operands):
        if not only_measured(node, slot):
            yield from behind(fused, operand)


def needed(fused: Graph) -> dict[Value, tuple[int, int]]:
    """For each value that a step writes: the number of that step, and of the last that reads it through any views."""
    found = {
        Value(node.number, i): (node.number, node.number)
        for node in fused.nodes
        for i in range(len(node.shapes))
        if fused.plan is None or node.name not in fused.plan.views
    }
    reads = [
        (node.number, v) for node in fused.nodes for s, v in enumerate(node.operands) if not only_measured(node, s)
    ]
    reads += [(len(fused.nodes), v) for o in fused.outputs if not o.aux for v in leaves(o.value)]
    for reader, value in reads:
        for source in behind(fused, value):
            found[source] = found[source][0], max(reader, found[source][1])
    return found


def clashes(plan: MemoryPlan) -> list[tuple[Value, Value]]:
    """Pairs of values that are needed at once and share bytes of the arena, each storage dense with channels last."""
    lives = needed(plan.graph)
    held = [value for value in plan.lifetimes.channel if plan.offset(value) is not None]
    return [
        (a, b)
        for a, b in combinations(held, 2)
        if lives[a][0] <= lives[b][1] and lives[b][0] <= lives[a][1] and share(plan, a, b)
    ]


def share(plan: MemoryPlan, a: Value, b: Value) -> bool:
    if plan.storage(a) == plan.storage(b):  # rows of one map, where each has its channels
        (a0, a1), (b0, b1) = channels(plan, a), channels(plan, b)
    else:
        (a0, a1), (b0, b1) = span(plan, a), span(plan, b)
    return a0 < b1 and b0 < a1


def channels(plan: MemoryPlan, value: Value) -> tuple[int, int]:
    begin = plan.lifetimes.channel[value]
    return begin, begin + extents(plan.graph, value)[0]


def span(plan: MemoryPlan, value: Value) -> tuple[int, int]:
    """From the first byte of the storage that a value is written to, to behind the last."""
    begin = plan.offset(value)
    assert begin is not None
    begin -= plan.lifetimes.channel[value] * plan.width
    end = begin + size(plan, plan.storages[plan.storage(value)].values)
    assert begin % ALIGNMENT == 0
    assert begin >= 0
    assert end <= plan.size
    return begin, end


def size(plan: MemoryPlan, values: tuple[Value, ...]) -> int:
    """The bytes of values that lie in one storage."""
    return plan.batch * plan.width * sum(math.prod(extents(plan.graph, value)) for value in values)


def most_alive(plan: MemoryPlan, unit: int) -> int:
    """The largest sum of what is needed in one step, each storage in whole units."""
    lives = needed(plan.graph)
    held = {plan.storages[number].values for number in plan.offsets}
    spans = [(min(lives[v][0] for v in values), max(lives[v][1] for v in values), values) for values in held]
    spans = [(-1 if plan.graph.nodes[values[0].node].op is None else a, b, values) for a, b, values in spans]
    sums = (
        sum(-(-size(plan, values) // unit) * unit for a, b, values in spans if a <= step <= b)
        for step in range(-1, len(plan.graph.nodes) + 1)
    )
    return max(sums)


def extents(fused: Graph, value: Value) -> tuple[int, ...]:
    shape = fused.shape(value)
    assert all(isinstance(extent, int) for extent in shape)
    return tuple(map(int, shape))  # type: ignore[arg-type]


def test_random_networks(counted: Callable[[str, int | str], None]) -> None:
    planned = 0
    for seed in SEEDS:
        try:
            fused = netdsl.compile(network(seed), network="f").fused
        except netdsl.NetdslError:
            continue
        for batch, width, inputs, outputs in ((1, 2, False, False), (3, 4, True, True)):
            plan = memory(fused, batch, width, inputs=inputs, outputs=outputs)
            assert not clashes(plan), network(seed)
            assert plan.size <= 1.05 * most_alive(plan, ALIGNMENT), network(seed)
            assert plan.peak_of_live == most_alive(plan, ALIGNMENT), network(seed)
            planned += 1
    assert planned > 150
    counted("memory plans of random networks", planned)


def fits(name: str) -> None:
    for batch, width in ((1, 2), (32, 4)):
        plan = memory(compiled(name).fused, batch, width)
        assert not clashes(plan)
        assert plan.size <= 1.05 * most_alive(plan, ALIGNMENT)


@pytest.mark.parametrize("name", SOME)
def test_an_example(name: str) -> None:
    fits(name)


@pytest.mark.nightly
@pytest.mark.parametrize("name", ZOO)
def test_every_example(name: str) -> None:
    fits(name)


def test_a_chain_needs_two_maps() -> None:
    text = "net n { input x: 4x8x8; output y = x -> conv(4, 3) -> tanh" + " -> conv(4, 3) -> tanh" * 5 + " }"
    plan = memory(run(graph(text)), 2, 4)
    assert plan.size == plan.peak_of_live == 2 * (2 * 4 * 64 * 4)
    assert [storage.role for storage in plan.storages] == ["input", *["inner"] * 5, "output"]


def test_it_is_the_same_each_time() -> None:
    text = network(SEEDS[0])
    first, second = (memory(netdsl.compile(text, network="f").fused, 2, 2) for _ in range(2))
    assert (first.offsets, first.size, first.lifetimes) == (second.offsets, second.size, second.lifetimes)
