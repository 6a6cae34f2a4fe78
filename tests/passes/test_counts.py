"""The networks of the lectures: how many kernels they are, that nothing is copied, and what is moved."""

from __future__ import annotations

import pytest

from netdsl.analysis.fusion import fusion
from netdsl.graph import Graph
from netdsl.passes import PIPELINE, run
from netdsl.passes.siblings import merge_siblings
from netdsl.step import kernels
from tests.examples.networks import compiled

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


# MB at batch 1, 32 and 256 in half precision: a hand-made roofline of these networks, with siblings apart, each value
# and weight moved once, pools and classifiers included, batch norms before convolutions in their prologues.
ROOFLINE = {
    "resnet50": (106, 1802, 14055),
    "vgg16": (337, 2217, 15802),
    "googlenet_torchvision": (38.5, 797, 6278),
    "densenet121": (63, 1539, 12201),
    "unet": (676, 19699, 157154),
}


@pytest.mark.parametrize("network", ROOFLINE)
def test_bytes_moved(network: str) -> None:
    fused = run(compiled(network).graph, APART)
    for batch, megabytes in zip((1, 32, 256), ROOFLINE[network], strict=True):
        found = fusion(fused, batch=batch).bytes_after
        assert found is not None
        assert found / 1e6 == pytest.approx(megabytes, rel=0.05)
