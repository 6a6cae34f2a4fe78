"""The table in a given width: what it drops, what it marks, what it adds up; and its golden texts."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path

import pytest

from netdsl.analysis.summary import Summary, summarise
from netdsl.analysis.table import PRIORITIES, drawn
from netdsl.diagnostics import NetdslError
from netdsl.rendering.columns import width as columns_of
from tests.examples.networks import FILE
from tests.graphs import graph

GOLDEN = Path(__file__).parents[1] / "golden" / "summary"

BROKEN = """
block unit(width, stride = 1) = add {
  conv(width, 3, stride = stride) -> relu -> conv(width, 3)
  identity
} -> relu

net broken {
  input  image: 16x32x32
  output scores = image -> unit(16) -> unit(32, stride = 2) -> tanh
  output side = image -> global_avg_pool -> linear(10)
}
"""


def of(network: str, **options: int | bool) -> Summary:
    return summarise(graph(FILE[network], network), **options)  # type: ignore[arg-type]


def broken() -> Summary:
    with pytest.raises(NetdslError) as error:
        graph(BROKEN)
    assert error.value.partial is not None
    return summarise(error.value.partial, broken=True)


@pytest.fixture(scope="module")
def googlenet() -> Summary:
    return of("googlenet", how=True)


# --------------------------------------------------------------------------------------------------------- widths


@pytest.mark.parametrize("network", ["googlenet", "densenet121", "unet", "siamese", "fcn8s"])
@pytest.mark.parametrize("width", [1, 24, 60, 80, 100, 120, 200, 301])
def test_it_is_as_wide_as_it_is_to_be(network: str, width: int) -> None:
    text = of(network).to_text(width)
    assert max(columns_of(line) for line in text.splitlines()) == width
    assert text.splitlines()[1] == "─" * width


def test_a_narrower_terminal_loses_the_least_telling_column_first() -> None:
    lenet = of("lenet")
    headings = [column for group in PRIORITIES.given_up for column in group if column.isalpha() and column != "bars"]
    shown = [set(lenet.to_text(width).splitlines()[0].split()) for width in range(150, 20, -1)]
    assert shown[0] >= {*headings, "name", "%"}
    lost = [column for before, after in pairwise(shown) for column in sorted(before - after)]
    assert lost == ["line", "stride", "memory", "%", "field", "MACs", "operator", "output", "params"]


def test_bars_use_what_room_there_is() -> None:
    lenet = of("lenet")

    lengths: dict[tuple[str, ...], list[int]] = {}  # with the columns that are shown, as these take room too
    for width in range(60, 190):
        text = lenet.to_text(width)
        lengths.setdefault(tuple(text.splitlines()[0].split()), []).append(max(map(len, re.findall("█*", text))))
    assert all(found == sorted(found) for found in lengths.values())
    first, *_, last = lengths.values()
    assert (first[0], last[-1]) == (0, 24)


def test_the_arithmetic_is_wrapped(googlenet: Summary) -> None:
    assert "7·7·3·64·112·112 = 118,013,952 MACs" in googlenet.to_text(120)
    assert max(map(columns_of, googlenet.to_text(40, how=True).splitlines())) == 40


def test_wide_characters_take_two_columns(tmp_path: Path) -> None:
    (tmp_path / "層.net").write_text("block unit(n) = { conv(n, 1) -> relu }\n", encoding="utf-8")
    (tmp_path / "n.net").write_text(
        'import "層.net" as layers\nnet n { input x: 3x8x8; output y = x -> layers.unit(4) }\n', encoding="utf-8"
    )
    text = summarise(graph(tmp_path / "n.net")).to_text(200)
    assert "層.net:1" in text
    assert len({columns_of(line) for line in text.splitlines() if "層" in line}) == 1
    assert max(map(columns_of, text.splitlines())) == 200


@pytest.mark.parametrize(
    ("share", "bar"),
    [(None, ""), (0.0, ""), (1.0, "████"), (0.5, "██"), (0.03125, "▏"), (0.28125, "█▏"), (0.99, "████")],
)
def test_a_bar_is_as_long_as_the_share(share: float | None, bar: str) -> None:
    assert drawn(share, 4) == bar


# ---------------------------------------------------------------------------------------------------------- shares


def test_the_lecture_s_six_and_ninety_five_percent() -> None:
    """Convolutions: 6 % of AlexNet's parameters, 95 % of its computation, in one column (without the two GPUs)."""
    lines = of("alexnet_single").to_text(200).splitlines()
    totals = [re.sub(r"[█▏▎▍▌▋▊▉ ]+", " ", line).split() for line in lines if re.match("  (conv|linear) ", line)]
    assert totals == [
        ["conv", "5", "nodes", "3,747,200", "6.0", "1,076,634,144", "94.8", "2.5", "MiB"],
        ["linear", "3", "nodes", "58,631,144", "94.0", "58,621,952", "5.2", "35.9", "KiB"],
    ]


@pytest.mark.parametrize("network", ["alexnet", "googlenet", "densenet121", "siamese", "unet", "resnet50"])
def test_shares_add_up(network: str) -> None:
    found = of(network)
    for rows in (found.rows, found.nodes):
        params, macs = zip(*(found.shares(row.needed) for row in rows), strict=True)
        assert sum(share or 0 for share in params) == pytest.approx(1)
        assert sum(share or 0 for share in macs) == pytest.approx(1)
    for figure in (0, 1):
        assert sum(found.shares(total.cost)[figure] or 0 for total in found.totals) == pytest.approx(1)


def test_what_only_training_needs_has_no_share() -> None:
    found = of("googlenet")
    rows = {row.name: row for row in found.rows}
    assert found.shares(rows["head1"].needed) == (None, None)
    assert rows["head1"].cost.params == 3_188_840
    (line,) = (line for line in found.to_text(200, depth=1).splitlines() if line.startswith("more in training"))
    assert line.split()[3:] == ["6,379,728", "8,372,224"]
    assert 6_379_728 + found.inference_params == found.params


def test_a_shared_module_is_charged_to_inference() -> None:
    text = """
net n {
  input x: [4]
  target t: [2]
  shared f = linear(2, bias = false)
  z = x * 2 -> f
  output y = x -> f
  loss = mse(z, t)
}
"""
    found = summarise(graph(text))
    assert found.total.params == found.inference_params == 8


# ------------------------------------------------------------------------------------------------------------ marks


def test_fields_beyond_the_input_are_marked() -> None:
    found = of("googlenet")
    marked = [row.name for row in found.rows if row.exceeds]
    assert marked == [
        *("inception4b", "inception4c", "inception4d", "inception4e"),
        *("max_pool4", "inception5a", "inception5b"),
    ]
    assert "43..235!" in found.to_text(200)
    assert "! a field wider than the input" in found.text
    assert "!" not in of("lenet").text


def test_a_field_as_wide_as_the_input_is_not_beyond_it() -> None:
    for kernel, beyond in ((7, False), (9, True)):
        g = graph(f"net n {{ input x: 1x7x9; output y = x -> conv(1, [{kernel}, 1]) }}\n")
        assert summarise(g).nodes[0].exceeds == beyond


def test_an_input_of_unknown_size_marks_nothing() -> None:
    assert not summarise(graph("net n { input x: [1, H, W]; output y = x -> conv(1, 99) }\n")).nodes[0].exceeds


# ----------------------------------------------------------------------------------------------------------- broken


def test_a_broken_network_is_listed_up_to_the_error() -> None:
    found = broken()
    assert [row.name for row in found.nodes] == [
        *("unit1.conv1", "unit1.relu1", "unit1.conv2", "unit1.add", "unit1.relu2"),
        *("unit2.conv1", "unit2.relu1", "unit2.conv2", "global_avg_pool", "linear", "unit2.add"),
    ]
    last = found.rows[2]
    assert (last.name, last.shapes) == ("unit2", ())
    assert [(row.name, row.broken) for row in last.rows][-1] == ("unit2.add", "N407")
    assert found.params == 2 * (16 * 16 * 9 + 16) + (32 * 16 * 9 + 32) + (32 * 32 * 9 + 32) + 170
    assert "in what could be made of it" in found.text
    assert "\x1b[31m" in found.to_text(color=True)


def test_what_is_broken_stands_behind_what_it_reads() -> None:
    with pytest.raises(NetdslError) as error:
        graph("net n { input x: 3x8x8; a = x -> relu -> conv(3, 5, pad = 0) -> linear(3); output y = x -> tanh }\n")
    assert error.value.partial is not None
    names = [row.name for row in summarise(error.value.partial, broken=True).rows]
    assert names == ["x", "relu", "conv", "linear", "tanh"]


# ----------------------------------------------------------------------------------------------------------- golden


@pytest.mark.parametrize("width", [80, 120, 160])
def test_lenet(golden, width: int) -> None:
    golden(GOLDEN / f"lenet_{width}.txt", of("lenet", how=width == 120).to_text(width) + "\n")


def test_googlenet_folded(golden) -> None:
    golden(GOLDEN / "googlenet_depth1.txt", of("googlenet").to_text(150, depth=1) + "\n")


def test_a_broken_one(golden) -> None:
    golden(GOLDEN / "broken.txt", broken().to_text(100) + "\n")


def test_unknown_sizes(golden) -> None:
    golden(GOLDEN / "fcn8s_120.txt", of("fcn8s").to_text(120) + "\n")
