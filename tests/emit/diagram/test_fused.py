"""Drawings of fused networks: a box is a kernel, in the block that its core came from."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import netdsl
from netdsl.emit.diagram import diagram
from netdsl.step import kernels

EXAMPLES = Path(__file__).parents[3] / "examples"
NETWORKS = [("lenet", None), ("resnet", "resnet18"), ("googlenet_torchvision", None), ("unet", None), ("siamese", None)]


@pytest.mark.parametrize(("name", "network"), NETWORKS)
def test_every_kernel_and_view_is_a_box(name: str, network: str | None) -> None:
    fused = netdsl.compile(EXAMPLES / f"{name}.net", network).fused
    found = diagram(fused)
    assert fused.plan is not None
    operators = [box for box in found.boxes if box.kind != "data"]
    assert sorted(n for box in operators for n in {n for part in box.parts for n in part.nodes}) == [
        node.number for node in fused.nodes if node.op is not None
    ]
    launched = [box for box in operators if not box.note.startswith("no kernel: ")]
    assert len(launched) == len(kernels(fused))


def test_a_kernel_lists_what_it_computes() -> None:
    text = """
    block unit = add { conv1: conv(8, 3) -> bn1: batch_norm -> relu -> conv2: conv(8, 3) -> bn2: batch_norm
                       identity } -> relu
    net n { input x: 8x6x6; output y = x -> unit -> unit -> global_avg_pool -> linear(3) }
    """
    found = diagram(netdsl.compile(text).fused)
    told = [[(part.label, part.shown) for part in box.parts] for box in found.boxes if box.kind != "data"]
    unit = [
        [("conv 3×3, 8", "conv1"), ("batch_norm", "bn1"), ("relu", "")],
        [("conv 3×3, 8", "conv2"), ("batch_norm", "bn2"), ("add", ""), ("relu", "")],
    ]
    assert told == [*unit, *unit, [("global_avg_pool", "")], [("linear 3", "linear")]]
    assert [cluster.name for cluster in found.clusters] == ["unit1", "unit2"]


def test_equal_blocks_of_kernels_fold() -> None:
    fused = netdsl.compile(EXAMPLES / "resnet.net", "resnet50").fused
    assert [box.times for box in diagram(fused, fold=True).boxes if box.times > 1] == [2, 3, 5, 2]


def test_a_page_shows_no_kernels(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="as written"):
        netdsl.compile(EXAMPLES / "lenet.net").draw(tmp_path / "x.html", fused=True)


@pytest.mark.parametrize("fold", [False, True])
@pytest.mark.parametrize("network", ["resnet18", "resnet50"])
def test_boxes_tell_what_kernels_compute_and_move(network: str, fold: bool) -> None:
    """With three digits, so that their sums are nearly those of the plan."""
    net = netdsl.compile(EXAMPLES / "resnet.net", network)
    told = json.loads(net.draw(format="json", fused=True, fold=fold))
    notes = [re.fullmatch(r"(?:([\d.]+) (.?)FLOP, )?([\d.]+) (.?)B(?: in all)?", box["note"]) for box in told["boxes"]]
    scale = {"": 1, "k": 1e3, "M": 1e6, "G": 1e9}
    flops = sum(float(n[1]) * scale[n[2]] for n in notes if n and n[1])
    moved = sum(float(n[3]) * scale[n[4]] for n in notes if n)
    assert flops == pytest.approx(net.plan().flops, rel=0.005)
    assert moved == pytest.approx(net.plan().bytes, rel=0.005)
    assert any("one sample" in note for note in told["notes"])


def test_boxes_of_unknown_sizes_tell_no_figures() -> None:
    net = netdsl.compile("net n { input x: [3, H, W]; output y = x -> conv(8, 3) -> relu }")
    assert b"FLOP" not in net.draw(format="json", fused=True)
