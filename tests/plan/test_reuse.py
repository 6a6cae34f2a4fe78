"""Computing in the planned memory: the same results, though what is no longer needed is overwritten at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
import torch
from torch import Tensor

import netdsl
from netdsl.graph import Graph, leaves
from netdsl.plan.memory import MemoryPlan, memory
from netdsl.runtime.arena import Arena
from netdsl.runtime.executor import Executor
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.extents import smallest
from netdsl.runtime.proof.gates import GATES, WHOLE, measure
from netdsl.runtime.values import Values, channels_together
from netdsl.scope import Value
from tests.examples.networks import compiled
from tests.fusion.exact import leaves as tensors
from tests.fusion.exact import state_of
from tests.random.networks import network

SEEDS = range(7300, 7350)


def poisoned(executor: Executor, inputs: list[Tensor], plan: MemoryPlan) -> list[Tensor]:
    """The outputs, computed in an arena that holds NaN wherever nothing lives."""
    arena = Arena(plan, executor.dtype, executor.device)
    values = Values(executor.graph, plan.batch, executor.dtype, executor.device, arena)
    for number, given in zip(executor.graph.inputs, inputs, strict=True):
        values.hold(Value(number), (channels_together(given),))
    poison(arena, range(len(plan.storages)))
    for node in executor.graph.nodes:
        if node.op is not None:
            executor.step(node, values)
        poison(arena, [i for i, storage in enumerate(plan.storages) if storage.last == node.number])
    found: list[Tensor] = [values.tensor(v) for o in executor.graph.outputs for v in leaves(o.value)]
    poison(arena, range(len(plan.storages)))  # what the caller has is not in it
    return found


def poison(arena: Arena, storages: range | list[int]) -> None:
    for number in storages:
        held = arena.storage(number)
        if held is not None:
            held.fill_(torch.nan)


def same(found: list[Tensor], wanted: list[Tensor]) -> bool:
    """But for the order in which torch adds up what lies otherwise in memory."""
    return all(measure(a, b).over(WHOLE) <= 1 for a, b in zip(found, wanted, strict=True))


def both(fused: Graph, state: dict[str, Tensor], inputs: list[Tensor]) -> bool:
    executor = Executor(fused, state, "algebra")
    plan = memory(fused, len(inputs[0]), 8)
    with torch.no_grad():
        torch.manual_seed(0)
        wanted = tensors(executor(*inputs))
        torch.manual_seed(0)
        found = poisoned(executor, inputs, plan)
        torch.manual_seed(0)
        reused = tensors(Executor(fused, state, "algebra", reuse=True)(*inputs))
    return same(found, wanted) and same(reused, wanted)


def test_random_networks(counted: Callable[[str, int | str], None]) -> None:
    computed = 0
    for seed in SEEDS:
        try:
            net = netdsl.compile(network(seed), network="f")
        except netdsl.NetdslError:
            continue
        inputs = draw.inputs([net.graph.nodes[number] for number in net.graph.inputs], 2)
        assert both(net.fused, state_of(net), inputs), f"seed {seed}\n{network(seed)}"
        computed += 1
    assert computed > 40
    counted("networks computed in reused memory", computed)


@pytest.mark.parametrize("name", ["densenet40_k12", "shufflenet_v1_g3", "vae"])
def test_examples(name: str) -> None:
    """On the smallest maps that they take."""
    net = compiled(name)
    found = smallest(net.fused)
    assert found is not None
    (small,) = found
    inputs = draw.inputs([small.nodes[number] for number in small.inputs], 2)
    assert both(small, state_of(net), inputs)


LIVES = """
net n {
  input x: 4x8x8
  a = x -> conv(8, 3) -> relu
  b = a -> conv(8, 3) -> tanh -> conv(8, 3)
  c = b + a
  d = concat(c -> conv(4, 3), a -> crop(size = [8, 8]))
  output y = d -> conv(8, 3) -> softmax -> neg
  output z = c -> transpose
}
"""


def test_kernels() -> None:
    """In Triton's interpreter."""
    net = netdsl.compile(LIVES)
    inputs = draw.inputs([net.fused.nodes[number] for number in net.fused.inputs], 2)
    state = state_of(net)
    with torch.no_grad():
        wanted = tensors(Executor(net.fused, state, "algebra")(*inputs))
        kernels = Executor(net.fused, state, "kernels", dtype=torch.float32)
        found = poisoned(kernels, [given.float() for given in inputs], memory(net.fused, 2, 4))
    assert all(measure(a, b).over(GATES["ieee"]) <= 1 for a, b in zip(found, wanted, strict=True))


def test_a_life_that_ends_too_early_is_noticed() -> None:
    net = netdsl.compile(LIVES)
    executor = Executor(net.fused, state_of(net), "algebra")
    inputs = draw.inputs([net.fused.nodes[number] for number in net.fused.inputs], 2)
    plan = memory(net.fused, 2, 8)
    right = poisoned(executor, inputs, plan)
    assert not any(tensor.isnan().any() for tensor in right)
    shortened = 0
    for number, storage in enumerate(plan.storages):
        if number in plan.offsets:
            storages = list(plan.storages)
            readers = [n.number for n in net.fused.nodes if n.number < storage.last]
            storages[number] = replace(storage, last=readers[-1])
            wrong = replace(plan, lifetimes=replace(plan.lifetimes, storages=tuple(storages)))
            assert not same(poisoned(executor, inputs, wrong), right), f"storage {number}"
            shortened += 1
    assert shortened > 5
