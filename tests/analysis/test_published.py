"""What papers and lectures print, against what the summary shows."""

from __future__ import annotations

import pytest

from netdsl.analysis.receptive_field import receptive_fields
from netdsl.analysis.summary import Row, Summary, summarise
from tests.examples.networks import FILE
from tests.graphs import graph

# ------------------------------------------------------------------------------------------------ GoogLeNet, table 1

# Szegedy et al. (2014): rows of the network, output (height, width, channels), parameters in K = 1024 without biases,
# and operations in millions.
TABLE_1 = [
    (("conv1",), (112, 112, 64), 2.7, 34),
    (("max_pool1",), (56, 56, 64), None, None),
    (("reduce2", "conv2"), (56, 56, 192), 112, 360),
    (("max_pool2",), (28, 28, 192), None, None),
    (("inception3a",), (28, 28, 256), 159, 128),
    (("inception3b",), (28, 28, 480), 380, 304),
    (("max_pool3",), (14, 14, 480), None, None),
    (("inception4a",), (14, 14, 512), 364, 73),
    (("inception4b",), (14, 14, 512), 437, 88),
    (("inception4c",), (14, 14, 512), 463, 100),
    (("inception4d",), (14, 14, 528), 580, 119),
    (("inception4e",), (14, 14, 832), 840, 170),
    (("max_pool4",), (7, 7, 832), None, None),
    (("inception5a",), (7, 7, 832), 1072, 54),
    (("inception5b",), (7, 7, 1024), 1388, 71),
    (("global_avg_pool",), (1, 1, 1024), None, None),
    (("fc",), (1, 1, 1000), 1000, 1),
]
# What its authors counted otherwise. The first row is a separable convolution of eight maps to a channel, which this
# network's is not; from 4a on the parameters do not follow from the widths of the same row.
OTHERWISE_PARAMS = {"conv1", "inception4a", "inception4c", "inception4d", "inception4e", "inception5a", "inception5b"}
OTHERWISE_OPS = {"conv1", "inception5a"}


@pytest.fixture(scope="module")
def googlenet() -> Summary:
    return summarise(graph(FILE["googlenet"], "googlenet"), depth=1)


def biases(row: Row) -> int:
    """A bias for each output channel of a convolution or linear layer; nothing else in GoogLeNet has weights."""
    return sum(biases(part) for part in row.rows) if row.rows else int(bool(row.cost.params)) * int(row.shapes[0][0])  # type: ignore[arg-type]


@pytest.mark.parametrize(("names", "size", "params", "ops"), TABLE_1, ids=[row[0][-1] for row in TABLE_1])
def test_googlenet_is_table_1(googlenet: Summary, names, size, params, ops) -> None:
    rows = [row for row in googlenet.rows if row.name in names]
    assert len(rows) == len(names)
    height, width, channels = size
    assert rows[-1].shapes[0] in [(channels, height, width), (channels,)]
    weights = sum(row.cost.params - biases(row) for row in rows) / 1024
    macs = sum(row.cost.macs.number or 0 for row in rows) / 1e6
    if params is not None and rows[-1].name not in OTHERWISE_PARAMS:
        assert weights == pytest.approx(params, abs=1.01)
    if ops is not None and rows[-1].name not in OTHERWISE_OPS:
        assert macs == pytest.approx(ops, abs=0.75)
    if params is None:
        assert (weights, macs) == (0, 0)


def test_the_rows_that_table_1_counts_otherwise_do_differ(googlenet: Summary) -> None:
    for names, _, params, ops in TABLE_1:
        row = next(row for row in googlenet.rows if row.name == names[-1])
        weights, macs = (row.cost.params - biases(row)) / 1024, (row.cost.macs.number or 0) / 1e6
        assert (row.name in OTHERWISE_PARAMS) == (
            params is not None and len(names) == 1 and abs(weights - params) > 1.01
        )
        assert (row.name in OTHERWISE_OPS) == (ops is not None and len(names) == 1 and abs(macs - ops) > 0.75)


def test_depth_1_prints_the_rows_of_table_1(googlenet: Summary) -> None:
    printed = [line.split()[0] for line in googlenet.to_text(200).splitlines()[2:]]
    rows = [name for names, *_ in TABLE_1 for name in names]
    assert [name for name in printed if name in rows] == rows


# ------------------------------------------------------------------------------------------------- receptive fields

CONV3, POOL2 = (3, 1), (2, 2)


def closed_form(layers: list[tuple[int, int]]) -> tuple[int, int]:
    """Field and stride behind layers of (window, stride): `1 + Σ (k_l - 1) · Π_{i<l} s_i` and `Π s_i`."""
    field = stride = 1
    for window, step in layers:
        field += (window - 1) * stride
        stride *= step
    return field, stride


def resnet(units: list[int], at: int) -> list[tuple[int, int]]:
    """The widest path: conv1, the pool, and in each unit its three convolutions, the one numbered `at` strided."""
    layers = [(7, 2), (3, 2)]
    for stage, count in enumerate(units):
        for unit in range(count):
            step = 2 if stage and not unit else 1
            layers += [(window, step if place == at else 1) for place, window in enumerate((1, 3, 1))]
    return layers


# Along the widest branch of each module, from table 1 and figures 5 to 7 of Rethinking the Inception architecture:
# the stem, A with two 3x3, the first reduction, C with two 1x7 and 7x1 pairs, the second reduction, E with a 3x3
# before the 1x3 and 3x1.
INCEPTION_V3 = [
    *((3, 2), (3, 1), (3, 1), (3, 2), (1, 1), (3, 1), (3, 2)),
    *[(1, 1), (3, 1), (3, 1)] * 3,
    *((1, 1), (3, 1), (3, 2)),
    *[(1, 1), (7, 1), (7, 1)] * 4,
    *((1, 1), (7, 1), (3, 2)),
    *[(1, 1), (3, 1), (3, 1)] * 2,
]

# The published figures: Araujo, Norris and Sim, Computing receptive fields of convolutional neural networks (2019).
FIELDS = {
    "alexnet_torchvision": ([(11, 4), (3, 2), (5, 1), (3, 2), CONV3, CONV3, CONV3, (3, 2)], 195),
    "vgg16": ([CONV3, CONV3, POOL2] * 2 + [CONV3, CONV3, CONV3, POOL2] * 3, 212),
    "resnet50_paper": (resnet([3, 4, 6, 3], at=0), 483),
    "resnet101_paper": (resnet([3, 4, 23, 3], at=0), 1027),
    "resnet152_paper": (resnet([3, 8, 36, 3], at=0), 1507),
    "resnet50": (resnet([3, 4, 6, 3], at=1), None),
    "inception_v3": (INCEPTION_V3, 1311),
    "mobilenet_v1": ([(3, 2)] + [(3, step) for step in (1, 2, 1, 2, 1, 2, 1, 1, 1, 1, 1, 2, 1)], 315),
}


@pytest.mark.parametrize("network", FIELDS)
def test_fields_follow_from_the_published_layers(network: str) -> None:
    layers, published = FIELDS[network]
    field, stride = closed_form(layers)
    g = graph(FILE[network], network)
    spatial = [f for f in receptive_fields(g) if f is not None and f.extents and None not in f.extents]
    assert spatial[-1].extents == (field, field)
    assert spatial[-1].strides == (stride, stride) == (32, 32)
    assert published in (field, None)
