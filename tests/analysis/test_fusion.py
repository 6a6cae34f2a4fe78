"""What `netdsl fusion` says: the table, the figures, the groups."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.analysis.fusion import fusion
from netdsl.cost import inference
from netdsl.passes import run
from netdsl.step import kernels
from tests.examples.networks import compiled
from tests.graphs import graph

GOLDEN = Path(__file__).parents[1] / "golden" / "fusion"

SMALL = """
net small {
  input  x: 4x8x8
  target label: class
  a = x -> c: conv(8, 3, stride = 2) -> n: batch_norm -> r: relu
  b = a -> m: batch_norm -> s: relu
  output y = concat { b -> d: conv(8, 3); b -> e: conv(8, 1) } -> p: max_pool(2) -> drop: dropout(0.5)
    -> t: softmax -> u: batch_norm -> f: flatten -> l: linear(3)
  aux output z = a -> g: global_avg_pool -> h: linear(3)
  loss = cross_entropy(y, label)
}
"""


@pytest.mark.parametrize(
    "network", ["resnet18", "googlenet", "densenet40_k12", "unet", "se_resnet50", "shufflenet_v2_x0_5"]
)
def test_tables(network: str, golden: Callable[[Path, str], None]) -> None:
    golden(GOLDEN / f"{network}.txt", compiled(network).fusion().to_text() + "\n")


def test_a_small_table(golden: Callable[[Path, str], None]) -> None:
    found = fusion(run(graph(SMALL)))
    golden(GOLDEN / "small.txt", found.to_text() + "\n")
    golden(GOLDEN / "small.json", found.to_json() + "\n")


@pytest.mark.parametrize(
    "network", ["googlenet_torchvision", "densenet121", "unet", "multitask", "capsnet", "xception"]
)
def test_every_node_is_in_a_group(network: str) -> None:
    """`nodes` are those of inference, each in at least one group; `steps` are the groups that a kernel computes."""
    net = compiled(network)
    told = json.loads(net.fusion().to_json())
    needed = {net.graph.nodes[n].name for n in inference(net.graph) if net.graph.nodes[n].op is not None}
    assert told["nodes"] == len(needed)
    assert {name for group in told["groups"] for name in group["nodes"]} == needed
    steps = [group for group in told["groups"] if group["step"] is not None]
    assert told["steps"] == len(steps) == len(kernels(net.fused))
    assert len({group["step"] for group in steps}) == len(steps)
    assert all(group["fused"] == (len(group["nodes"]) > 1) for group in steps)
    assert all(group["reason"] for group in told["groups"] if group["step"] is None)
    assert told["steps"] <= told["steps_before"]
    assert [row.name for row in net.fusion().rows] == [n.name for n in net.graph.nodes if n.name in needed]


def test_bytes_are_of_values_and_weights() -> None:
    text = "net n { input x: 4x8x8; output y = x -> conv(8, 3) -> batch_norm -> relu }"
    found = fusion(run(graph(text)), batch=3, dtype="fp32")
    values = 4 * 64, 8 * 64
    weights = 8 * 4 * 9 + 8, 2 * 8
    assert found.bytes_after == 4 * (3 * sum(values) + sum(weights))
    assert found.bytes_before == 4 * (3 * (values[0] + 5 * values[1]) + sum(weights))


def test_what_a_stride_leaves_out_is_not_read() -> None:
    text = "net n { input x: 4x8x8; output y = x -> conv(8, 1, stride = 2, bias = false) }"
    assert fusion(run(graph(text)), dtype="bf16").bytes_after == 2 * (4 * 16 + 8 * 16 + 8 * 4)


def test_what_only_lends_its_size_is_not_read() -> None:
    text = "net n { input x: 4x8x8; input z: 4x16x16; output y = resize(x, z) }"
    assert fusion(run(graph(text)), dtype="fp32").bytes_after == 4 * (4 * 64 + 4 * 256)


def test_unknown_sizes_have_no_bytes() -> None:
    text = "net n { input x: [3, H, W]; output y = x -> conv(8, 3) -> relu }"
    found = fusion(run(graph(text)))
    assert (found.steps, found.bytes_before, found.bytes_after) == (1, None, None)
    assert json.loads(found.to_json())["bytes_after"] is None
    assert "--input" in found.to_text()
