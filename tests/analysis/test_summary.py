"""Summaries: the figures of known networks, the table, and the JSON."""

from __future__ import annotations

import json
import re

import pytest

from netdsl.analysis.summary import Row, Summary, summarise
from netdsl.ops import OPS
from tests.examples.networks import FILE, recorded
from tests.graphs import graph
from tests.ops.test_through_the_compiler import text_of

GOLDEN = recorded("golden")

BRANCHES = """
## Two branches and a head that only training needs.
block unit(c, stride = 1) = add {
  conv1: conv(c, 3, stride = stride, bias = false) -> bn1: batch_norm
  down: conv(c, 1, stride = stride)
} -> relu

net branches(classes = 10) {
  input  image: 3x32x32
  target label: class
  x = image -> stem: conv(8, 3, frozen = true) -> stage: { unit(8) -> unit(16, stride = 2) }
  output scores = x -> global_avg_pool -> fc: linear(classes)
  aux output side = x -> flatten -> side: linear(classes)
  loss = cross_entropy(scores, label) + 0.3 * cross_entropy(side, label)
}
"""


def summary(*, how: bool = False) -> Summary:
    return summarise(graph(BRANCHES), how=how)


@pytest.mark.parametrize("network", ["lenet", "googlenet", "vgg_a_lrn", "resnet50", "densenet121", "unet", "siamese"])
def test_figures_are_the_references(network: str) -> None:
    found = summarise(graph(FILE[network], network))
    golden = GOLDEN[network]
    assert (found.params, found.inference_params, found.macs) == (
        golden["params"],
        golden["inference_params"],
        golden["macs"],
    )
    assert found.frozen == 0


def test_figures_by_hand() -> None:
    found = summary()
    stem = 8 * 3 * 9 + 8
    first = 8 * 8 * 9 + 16 + 8 * 8 + 8
    second = 16 * 8 * 9 + 32 + 16 * 8 + 16
    head, side = 16 * 10 + 10, 16 * 256 * 10 + 10
    assert found.frozen == stem
    assert found.params == first + second + head + side
    assert found.inference_params == first + second + head
    macs = 1024 * 8 * 3 * 9 + 1024 * (8 * 8 * 9 + 8 * 8) + 256 * (16 * 8 * 9 + 16 * 8) + 160
    assert found.macs == macs


def test_json_is_what_the_page_of_the_commands_says() -> None:
    found = json.loads(summary().to_json())
    assert list(found) == [
        *("network", "params", "inference_params", "frozen", "macs", "inputs", "outputs", "nodes"),
    ]
    assert found["inputs"] == {"image": [3, 32, 32]}
    assert found["outputs"] == {"scores": [10], "side": [10]}
    for node in found["nodes"]:
        assert list(node)[:7] == ["name", "op", "shape", "params", "macs", "receptive_field", "line"]
    stem, *_ = found["nodes"]
    assert stem == {
        "name": "stem",
        "op": "conv",
        "shape": [8, 32, 32],
        "params": 0,
        "macs": 221_184,
        "receptive_field": [3, 3],
        "line": 11,
        "receptive_field_min": [3, 3],
        "exceeds_input": False,
        "stride": [1, 1],
        "memory": 4 * 8 * 32 * 32,
    }
    fc = next(node for node in found["nodes"] if node["name"] == "fc")
    assert fc["receptive_field"] == [None, None]


def test_values_that_are_lists_have_several_shapes() -> None:
    g = graph("net n {\n  input x: [6, 8, 8]\n  a, b = x -> split(2)\n  output y = a * b\n}\n")
    (split, _) = json.loads(summarise(g).to_json())["nodes"]
    assert split["shape"] == [[3, 8, 8], [3, 8, 8]]


def test_shared_weights_are_counted_once_and_their_macs_each_time() -> None:
    g = graph(
        "net n {\n  input x, y: [8]\n  shared f = linear(8, bias = false)\n  output z = (x -> f) + (y -> f) -> f\n}\n"
    )
    found = summarise(g)
    assert found.params == 64
    assert found.macs == 3 * 64
    assert [row.cost.params for row in found.nodes if row.op == "linear"] == [64, 0, 0]


@pytest.mark.parametrize("operator", sorted(name for name in OPS if "." not in name))
def test_every_operator_can_be_summarised(operator: str) -> None:
    found = summarise(graph(f"net n {{\n{text_of(operator)[0]}\n}}\n"), how=True)
    row = next(row for row in found.nodes if row.op == operator)
    assert row.cost.elements
    assert f" {operator}" in found.text
    weights = [line for line in row.how if line.endswith(" weights")]
    assert bool(weights) == bool(row.cost.params)


def test_symbolic_counts_are_null_and_text() -> None:
    text = "net n {\n  input x: [3, H, W]\n  output y = x -> conv(4, 3) -> conv(8, 3, stride = 2)\n}\n"
    found = summarise(graph(text))
    assert found.macs is None
    assert str(found.total.macs) == "288·((H + 1) // 2)·((W + 1) // 2) + 108·H·W"
    data = json.loads(found.to_json())
    assert data["macs"] is None
    assert data["inputs"] == {"x": [3, "H", "W"]}
    assert data["nodes"][0]["shape"] == [4, "H", "W"]
    assert data["params"] == 4 * 27 + 4 + 8 * 36 + 8
    assert "108·H·W" in found.text


def test_symbolic_counts_are_right_for_sizes() -> None:
    text = "net n {{\n  input x: {}\n  output y = x -> conv(4, 3) -> deconv(2, 2, stride = 2)\n}}\n"
    symbolic = summarise(graph(text.format("[3, 8*h, 8*w]")))
    known = summarise(graph(text.format("[3, 16, 24]")))
    total = 0
    for extents, factor in symbolic.total.macs.terms.items():
        product = factor
        for extent in extents:
            product *= eval(extent, {"h": 2, "w": 3})
        total += product
    assert total == known.macs


# ------------------------------------------------------------------------------------------------------- the table


def lines(text: str) -> list[str]:
    return [line.rstrip() for line in text.splitlines()]


def test_the_table_is_aligned() -> None:
    rows = summary().to_text(200).splitlines()
    end = rows[0].index("params") + len("params")
    fc = next(row for row in rows if row.startswith("fc "))
    assert fc[:end].endswith(" 170")


def test_blocks_have_subtotals_and_their_nodes_stand_below() -> None:
    rows = lines(summary().text)
    at = next(i for i, row in enumerate(rows) if row.startswith("stage "))
    inside = [row for row in rows[at + 1 :] if row.startswith("  ")]
    assert rows[at].split()[0] == "stage"
    assert f"{8 * 8 * 9 + 16 + 8 * 8 + 8 + 16 * 8 * 9 + 32 + 16 * 8 + 16:,}" in rows[at]
    assert inside[0].startswith("  0 ")
    assert " unit(8) " in inside[0]
    assert inside[1].startswith("    conv1 ")


def test_depth_folds_blocks() -> None:
    found = summary()
    assert sum(" unit(" in row for row in lines(found.to_text(depth=1))) == 0
    two = lines(found.to_text(depth=2))
    assert sum(" unit(" in row for row in two) == 2
    assert not any("conv1" in row for row in two)
    assert any("conv1" in row for row in lines(found.to_text(depth=3)))


def test_folded_blocks_add_up() -> None:
    def total(rows: tuple[Row, ...]) -> int:
        return sum(row.cost.params for row in rows)

    def check(rows: tuple[Row, ...]) -> None:
        for row in rows:
            if row.rows:
                assert row.cost.params == total(row.rows)
                check(row.rows)

    found = summary()
    assert total(found.rows) == found.params
    check(found.rows)


def test_totals_stand_below() -> None:
    found = summary()
    text = found.text
    assert f"branches: {found.params:,} parameters, {found.macs:,} MACs" in text
    assert f"{found.inference_params:,} parameters without what only aux outputs need" in text
    assert f"{found.frozen:,} frozen parameters" in text
    assert str(found) == text


def test_colour_is_only_added() -> None:
    found = summary()
    colored = found.to_text(color=True)
    assert "\x1b[1m" in colored
    assert re.sub(r"\x1b\[\d+m", "", colored) == found.to_text(color=False)


def test_how_shows_the_arithmetic() -> None:
    text = summarise(graph(FILE["googlenet"], "googlenet"), how=True).text
    for line in (
        "⌊(224+2·3−7)/2⌋+1 = 112",
        "7·7·3·64 + 64 = 9,472 weights",
        "7·7·3·64·112·112 = 118,013,952 MACs",
        "64+128+32+32 = 256",
        "1·1·832·384 + 384 = 319,872 weights",
    ):
        assert f"    {line}\n" in text, line
    assert " MACs\n" not in summarise(graph(FILE["googlenet"], "googlenet")).text.partition("googlenet:")[0]
