"""Graphs in two: both halves together are the network, and the cut is where it says that it should be."""

from __future__ import annotations

import pytest
import torch

import netdsl
from netdsl import NetdslError
from netdsl.passes import run
from netdsl.plan.cut import best_cut, cut, cuts
from netdsl.plan.memory import memory
from netdsl.runtime.executor import Executor
from netdsl.runtime.proof import draw
from netdsl.runtime.proof.gates import measure, worst
from tests.examples.networks import compiled
from tests.examples.running import results
from tests.fusion.exact import state_of
from tests.plan.test_memory import clashes
from tests.random.networks import network as text_of

WIDTH = 4
EXACT = 1e-13  # in float64, in which sums may be taken in another order


def test_the_halves_of_random_networks_compute_the_whole(counted):
    compared = 0
    for seed in range(60):
        try:
            network = netdsl.compile(text_of(seed), network="f")
        except NetdslError:
            continue
        fused = network.fused
        if any(node.op is not None and node.op.name == "noise" for node in fused.nodes):
            continue
        state, given = state_of(network), draw.inputs([fused.nodes[number] for number in fused.inputs], 2)
        with torch.inference_mode():
            wanted = results(Executor(fused, state)(*given))
            for number in cuts(fused):
                halves = cut(fused, number)
                assert [node.name for node in (*halves.head.nodes, *halves.tail.nodes) if node.op is not None] == [
                    node.name for node in fused.nodes if node.op is not None
                ]
                for half in (halves.head, halves.tail):
                    assert clashes(memory(half, 2, WIDTH)) == []
                found = results(Executor(halves.tail, state)(*Executor(halves.head, state)(*given)))
                assert worst(measure(*pair) for pair in zip(found, wanted, strict=True)).rms < EXACT, (seed, number)
                compared += 1
    counted("random networks cut in two", compared)
    assert compared > 60


def test_no_cut_parts_what_is_joined_in_place():
    fused = netdsl.compile("""
    net f {
      input x: 3x8x8
      a = x -> conv(8, 3) -> relu
      b = concat(a -> conv(8, 3) -> relu, a -> conv(8, 1) -> relu, a -> max_pool(3, stride = 1, pad = 1))
      output y = b -> conv(4, 1)
    }
    """).fused
    assert fused.plan is not None
    assert fused.plan.places
    for number in cuts(fused):
        sides = {place.buffer: set() for place in fused.plan.places.values()}
        for value, place in fused.plan.places.items():
            sides[place.buffer].add(value.node < number)
        assert all(len(side) == 1 for side in sides.values())


@pytest.mark.parametrize(
    "text",
    [
        "net f { input x: 3x8x8; output y = x -> conv(8, 3) }",
        "net f { input x: 3x8x8; a = x -> conv(8, 3); output y = a; output z = a -> relu -> conv(4, 1) }",
    ],
    ids=["one step", "an output first"],
)
def test_where_there_is_nothing_between_inputs_and_outputs_there_is_no_cut(text):
    assert list(cuts(netdsl.compile(text).fused)) == []


def test_large_maps_come_first_and_large_weights_last():
    fused = compiled("vgg16").fused
    found = best_cut(fused, 8, WIDTH)
    assert found is not None
    head, tail = ([node.name for node in half.nodes if node.op is not None] for half in (found.head, found.tail))
    assert head[0] == "features.0"
    assert {"classifier.0", "classifier.3", "classifier.6"} <= set(tail)
    # 64 channels of 224² are 12.8 MB a sample; 512 channels of 14² are 0.4 MB, beside weights of 9.4 MB.
    assert "features.5" in head
    assert "features.28" in tail


def test_maps_that_fit_into_a_cache_are_left_together():
    fused = run(netdsl.compile("examples/lenet.net").graph)
    assert best_cut(fused, 2, WIDTH) is None
    assert best_cut(fused, 10_000, WIDTH) is not None
