"""`netdsl diff` as a command: how networks are named, what it prints, and its exit status."""

from __future__ import annotations

import json

import pytest

TWO = """
net small(width = 8) {
  input x: 3x16x16
  output y = x -> body: { conv(width, 5) -> relu } -> global_avg_pool -> fc: linear(10)
}
net large = small(width = 16)
net same(width = 8) = small(width)
"""


@pytest.fixture
def two(here):
    (here / "two.net").write_text(TWO)
    (here / "small.net").write_text(TWO.replace("conv(width, 5)", "conv(width, 3) -> relu -> conv(width, 3)"))
    return here


def test_nothing_differs(netdsl, two):
    result = netdsl("diff", "two.net:small", "two.net:same")
    assert (result.exit_code, result.stdout) == (0, "two.net:small → two.net:same: no difference\n")


def test_something_differs(netdsl, two):
    result = netdsl("diff", "two.net:small", "two.net:large")
    assert result.exit_code == 1
    assert "~ body.0" in result.stdout
    assert "conv(out = 8 → 16)" in result.stdout
    assert "keys of the state_dict: 1 same, 3 reshaped" in result.stdout
    assert result.stderr == ""


def test_without_a_file_it_is_the_same(netdsl, two):
    assert netdsl("diff", "two.net:small", ":large").stdout == netdsl("diff", "two.net:small", "two.net:large").stdout


def test_a_parameter_for_one_side(netdsl, two):
    figures = json.loads(netdsl("diff", "two.net:small", ",width=16", "--json").stdout)
    assert [figures[side]["params"] for side in ("old", "new")] == [608 + 90, 1216 + 170]
    assert figures["equal"] is False


def test_a_parameter_for_both_sides(netdsl, two):
    result = netdsl("diff", "two.net:small", ",width=4", "--set", "width=4")
    assert (result.exit_code, result.stdout) == (0, "two.net:small → two.net:small: no difference\n")


def test_a_file_with_one_network_or_one_of_its_name(netdsl, two):
    result = netdsl("diff", "two.net:small", "small.net")
    assert "25 → 18 weights per channel pair, the same field" in result.stdout
    assert netdsl("diff", "tiny.net", "tiny.net").exit_code == 0


def test_a_file_whose_name_has_a_colon_or_a_comma(netdsl, two):
    (two / "odd:name.net").write_text("net f { input x: [3]; output y = x -> relu }\n")
    assert netdsl("diff", "odd:name.net", "odd:name.net").exit_code == 0


@pytest.mark.parametrize(
    "arguments",
    [
        ("two.net:small",),
        (":small", "two.net:large"),
        ("two.net:small", "two.net:large,width"),
        ("two.net:small", "two.net:large,width=}"),
        ("two.net:small", "two.net:small", "--fast"),
    ],
)
def test_misuse(netdsl, two, arguments):
    result = netdsl("diff", *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert "Usage" in result.stderr


@pytest.mark.parametrize(
    ("new", "message"), [("wrong.net", "N201"), ("two.net:smal", "did you mean `small`?"), ("none.net", "N180")]
)
def test_a_side_with_mistakes(netdsl, two, new, message):
    result = netdsl("diff", "two.net:small", new)
    assert (result.exit_code, result.stdout) == (1, "")
    assert message in result.stderr


def test_it_is_as_wide_as_the_terminal(netdsl, two, monkeypatch):
    monkeypatch.setenv("COLUMNS", "70")
    assert max(map(len, netdsl("diff", "two.net:small", ":large").stdout.splitlines())) == 70


def test_a_picture(netdsl, two):
    result = netdsl("diff", "two.net:small", ":large", "-o", "both.svg")
    assert result.exit_code == 1
    assert result.stderr == "wrote both.svg\n"
    assert "~ conv 5×5, 16 (was 5×5, 8)" in (two / "both.svg").read_text()
    assert "~ body.0" in result.stdout


def test_a_picture_is_not_written_over_what_is_not_ours(netdsl, two):
    (two / "both.svg").write_text("mine")
    result = netdsl("diff", "two.net:small", ":large", "-o", "both.svg")
    assert (result.exit_code, (two / "both.svg").read_text()) == (1, "mine")
    assert "N702" in result.stderr
    assert netdsl("diff", "two.net:small", ":large", "-o", "both.jpg").exit_code == 2


def test_passes(netdsl, two):
    import netdsl as library

    stages = library.compile("two.net", "small").stages()
    result = netdsl("diff", "two.net:small", "--passes")
    assert (result.exit_code, result.stdout) == (0, stages.to_text() + "\n")
    assert "= body.0 + body.1" in result.stdout
    assert netdsl("diff", "two.net:small", "--passes", "--json").stdout == stages.to_json() + "\n"
    assert netdsl("diff", "two.net:small", ":large", "--passes").exit_code == 2
