"""The networks of the lectures: how many kernels they are, that nothing is copied, what is computed and moved, and how
long that takes at least."""

from __future__ import annotations

import re
from typing import cast

import pytest

import netdsl
from netdsl.analysis.fusion import fusion
from netdsl.graph import Graph
from netdsl.passes import PIPELINE, run
from netdsl.passes.siblings import merge_siblings
from netdsl.plan.device import DEVICES
from netdsl.plan.execution import plan
from netdsl.step import kernels
from tests.examples.networks import FILE, compiled

APART = tuple(step for step in PIPELINE if step is not merge_siblings)

# An operator of the network -> the kernels that computing it alone would take: launches that only move numbers.
COPIES = {"concat", "crop", "slice", "split", "flatten", "reshape", "unflatten", "identity", "dropout", "pad"}


def launches(graph: Graph) -> int:
    assert not COPIES & {node.op.name for node in kernels(graph) if node.op is not None}
    return len(kernels(graph))


@pytest.mark.parametrize(
    ("network", "most"),
    [
        ("resnet50", 56),
        ("googlenet_torchvision", 54),
        ("densenet121", 126),
        ("vgg16", 21),
        ("unet", 27),
        ("unet_flat", 27),
        ("mobilenet_v2", 54),
        ("preact_resnet200", 206),
        ("inception_v3", 90),
    ],
)
def test_kernels_of_a_network(network: str, most: int) -> None:
    assert launches(compiled(network).fused) <= most


def test_kernels_without_merging_siblings() -> None:
    assert launches(run(compiled("googlenet_torchvision").graph, APART)) == 72


# GFLOP, MB and milliseconds at batch 1, 32 and 256 in half precision: a hand-made roofline of these networks at 790
# TFLOP/s and 4.3 TB/s, with siblings apart, each value and weight moved once, pools and classifiers included, batch
# norms before convolutions in their prologues. Its GoogLeNet is torchvision's with the paper's 5x5.
ROOFLINE = {
    "resnet50": ((8.2, 106, 0.0252), (262, 1802, 0.533), (2094, 14055, 4.250)),
    "vgg16": ((30.9, 337, 0.101), (990, 2217, 1.458), (7921, 15802, 11.28)),
    "googlenet_torchvision": ((3.2, 38.5, 0.0098), (101, 797, 0.244), (810, 6278, 1.943)),
    "densenet121": ((5.7, 63, 0.0150), (181, 1539, 0.381), (1451, 12201, 3.030)),
    "unet": ((301, 676, 0.421), (9627, 19699, 13.46), (77019, 157154, 107.6)),
}


def modelled(network: str) -> Graph:
    if network != "googlenet_torchvision":
        return cast(Graph, compiled(network).graph)
    text = FILE[network].read_text(encoding="utf-8")
    assert "conv_bn(n5, 3)" in text
    text = re.sub(r"\n *expect.*", "", text.replace("conv_bn(n5, 3)", "conv_bn(n5, 5)"))
    return netdsl.compile(text).graph


@pytest.mark.parametrize("network", ROOFLINE)
def test_roofline(network: str) -> None:
    fused = run(modelled(network), APART)
    for batch, (gigaflops, megabytes, milliseconds) in zip((1, 32, 256), ROOFLINE[network], strict=True):
        found = plan(fused, batch, "fp16", DEVICES["h200"])
        assert found.flops / 1e9 == pytest.approx(gigaflops, rel=0.05)
        assert found.bytes / 1e6 == pytest.approx(megabytes, rel=0.05)
        assert found.seconds * 1e3 == pytest.approx(milliseconds, rel=0.05)
        assert found.bytes == fusion(fused, batch=batch).bytes_after
