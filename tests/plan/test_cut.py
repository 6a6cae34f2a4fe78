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
      c = b -> conv(4, 1) -> relu
      output y = c -> conv(4, 1)
    }
    """).fused
    assert fused.plan is not None
    joined = {value.node for value in fused.plan.places}
    assert len(joined) >= 3
    found = list(cuts(fused))
    assert any(number > max(joined) for number in found)
    assert not any(min(joined) < number <= max(joined) for number in found)


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
    fused = compiled("mobilenet_v2").fused
    found = best_cut(fused, 8, WIDTH, 2)
    assert found is not None
    head, tail = ([node for node in half.nodes if node.op is not None] for half in (found.head, found.tail))
    assert head[0].name == "features.0.0"
    # 96 channels of 112² are 4.8 MB a sample and 38.5 a batch; 320 of 7² are 0.06 MB, beside weights of 1.2 MB.
    assert any(node.shape == (96, 56, 56) for node in head)
    assert {node.shape for node in tail} >= {(320, 7, 7), (1280, 7, 7), (1000,)}


def test_weights_that_each_sample_would_fetch_again_are_shared():
    """A head of VGG-16's would save maps of 28² and 6.4 MB a sample, and fetch up to 9.4 MB of weights for each."""
    assert best_cut(compiled("vgg16").fused, 8, WIDTH, 2) is None


def test_no_cut_is_later_than_allowed():
    fused = compiled("mobilenet_v2").fused
    for before in (0, 1, 5, 9):
        found = best_cut(fused, 8, WIDTH, 2, before)
        assert found is None or len(found.head.nodes) <= before
    assert best_cut(fused, 8, WIDTH, 2, 9) is not None


def test_maps_that_fit_into_a_cache_are_left_together():
    fused = run(netdsl.compile("examples/lenet.net").graph)
    assert best_cut(fused, 2, WIDTH, 2) is None
    assert best_cut(fused, 10_000, WIDTH, 2) is not None
