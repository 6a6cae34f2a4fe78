"""The arithmetic that `--how` shows is the one that was done: every formula has the value that stands behind it."""

from __future__ import annotations

import re

import pytest

from netdsl.analysis.arithmetic import arithmetic
from tests.examples.networks import FILE
from tests.graphs import graph


def formulas(stage: str, shape: str = "3x224x224") -> list[str]:
    g = graph(f"net n {{\n  input x: {shape}\n  output y = x -> {stage}\n}}\n")
    return [line for node in g.nodes for line in arithmetic(g, node)]


@pytest.mark.parametrize(
    ("stage", "line"),
    [
        ("conv(64, 7, stride = 2)", "⌊(224+2·3−7)/2⌋+1 = 112"),
        ("conv(64, 3, dilation = 2, stride = 2)", "⌊(224+2·2−2·(3−1)−1)/2⌋+1 = 112"),
        ("conv(64, 11, stride = 4, pad = 0)", "⌊(224−11)/4⌋+1 = 54"),
        ("max_pool(2)", "⌊(224−2)/2⌋+1 = 112"),
        ("deconv(8, 2, stride = 2)", "(224−1)·2+2 = 448"),
        ("flatten", "3·224·224 = 150528"),
        ("concat { identity; conv(8, 1) }", "3+8 = 11"),
        ("global_avg_pool -> linear(10, bias = false)", "3·10 = 30 weights"),
        ("conv(6, 3, groups = 3)", "3·3·1·6 + 6 = 60 weights"),
    ],
)
def test_formulas(stage: str, line: str) -> None:
    assert line in formulas(stage)


def test_axes_that_are_computed_differently_are_both_told() -> None:
    assert formulas("conv(8, [3, 5], stride = [1, 2], pad = [0, 2])")[0] == "224−3+1 = 222, ⌊(224+2·2−5)/2⌋+1 = 112"


@pytest.mark.parametrize("stage", ["relu", "conv(8, 1)"])
def test_what_keeps_its_size_needs_no_formula(stage: str) -> None:
    assert all(line.endswith((" weights", " MACs")) for line in formulas(stage))


@pytest.mark.parametrize(
    ("stage", "shape", "line"),
    [
        ("max_pool(2)", "1x5x5", "the last row and column are discarded"),
        ("max_pool(2)", "1x5x6", "the last row is discarded"),
        ("avg_pool(3)", "1x8x8", "the last 2 rows and 2 columns are discarded"),
        ("max_pool(2, stride = 2, ceil = true)", "1x5x5", ""),
        ("max_pool(3, stride = 2, pad = 1)", "1x112x112", ""),
        ("max_pool(3, stride = 2)", "1x112x112", "the last row and column are discarded"),
        ("conv(64, 11, stride = 4, pad = 0)", "3x224x224", "the last row and column are discarded"),
        ("conv(4, 1, stride = 2)", "1x7x7", ""),  # its windows do not touch: every other row is passed over
        ("max_pool(2)", "[1, 5, 4, 5]", "the last plane and column are discarded"),
        ("max_pool(2)", "[1, 7]", "the last column is discarded"),
        ("max_pool(2)", "[1, H, W]", ""),
    ],
)
def test_what_no_window_reads(stage: str, shape: str, line: str) -> None:
    assert [text for text in formulas(stage, shape) if "discarded" in text] == [line] * bool(line)


def test_what_is_said_to_be_discarded_moves_nothing() -> None:
    """Change the rows that no window reads, and then the last one that a window does."""
    import torch
    from torch.nn import functional

    image = torch.arange(9.0 * 9).reshape(1, 1, 9, 9)
    assert formulas("max_pool(3, stride = 3, pad = 1)", "1x9x9")[-1] == "the last row and column are discarded"
    before = functional.max_pool2d(image, 3, 3, 1)
    image[:, :, 8] = 1000
    image[:, :, :, 8] = 1000
    assert functional.max_pool2d(image, 3, 3, 1).equal(before)
    image[:, :, 7] = 1000
    assert not functional.max_pool2d(image, 3, 3, 1).equal(before)


@pytest.mark.parametrize("network", ["googlenet", "alexnet", "unet", "densenet121", "vgg_d"])
def test_every_formula_is_true(network: str) -> None:
    g = graph(FILE[network], network)
    told = 0
    for node in g.nodes:
        for line in arithmetic(g, node):
            if line.endswith("discarded"):
                continue
            for formula in line.split(", ") if "weights" not in line and "MACs" not in line else [line]:
                left, _, right = formula.partition(" = ")
                if right:
                    told += 1
                    value = int(re.sub(r"[^0-9]", "", right))
                    assert evaluated(left) == value, (node.name, formula)
    assert told > len(g.nodes) // 2


def evaluated(text: str) -> int:
    python = text.replace("·", "*").replace("−", "-").replace("⌊", "((").replace("⌋", "))").replace("/", ")//(")
    assert re.fullmatch(r"[0-9+*()/ -]+", python), text
    return int(eval(python))


def test_evaluated_can_tell() -> None:
    assert evaluated("⌊(224+2·3−7)/2⌋+1") == 112
    assert evaluated("⌊(224+2·3−7)/2⌋+2") != 112
