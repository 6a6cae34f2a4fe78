"""`netdsl draw` as a user meets it."""

from __future__ import annotations

import importlib.util
import json

import pytest

from netdsl import compile
from netdsl.diagnostics import NetdslError

TEXT = "net n { input x: 8x8x8; output y = x -> conv(8, 3) -> relu }\n"
BROKEN = "net n { input x: 8x8x8; output y = x -> conv(8, 3) -> add { max_pool(2); identity } -> relu }\n"
STARTS = {
    "svg": b"<svg ",
    "png": b"\x89PNG",
    "pdf": b"%PDF-",
    "dot": b"// Written by netdsl",
    "mmd": b"%% Written by netdsl",
    "txt": b"# Written by netdsl",
    "json": b"{",
}


@pytest.fixture
def folder(here):
    (here / "n.net").write_text(TEXT, encoding="utf-8")
    (here / "broken.net").write_text(BROKEN, encoding="utf-8")
    return here


@pytest.mark.parametrize("format", STARTS)
def test_the_ending_picks_the_format_and_netdsl_overwrites_what_it_wrote(netdsl, folder, format):
    path = folder / f"x.{format}"
    for _ in range(2):
        result = netdsl("draw", "n.net", "-o", str(path))
        assert (result.exit_code, result.stdout) == (0, "")
        assert path.read_bytes().startswith(STARTS[format])


@pytest.mark.parametrize("format", STARTS)
def test_a_file_of_somebody_elses_stays_unless_forced(netdsl, folder, format):
    path = folder / f"x.{format}"
    path.write_text("<svg>drawn by hand</svg>\n", encoding="utf-8")
    result = netdsl("draw", "n.net", "-o", str(path))
    assert result.exit_code == 1
    assert "N702" in result.stderr
    assert "by hand" in path.read_text(encoding="utf-8")
    assert netdsl("draw", "n.net", "-o", str(path), "--force").exit_code == 0
    assert path.read_bytes().startswith(STARTS[format])


def test_without_an_output_the_tree_goes_to_the_terminal(netdsl, folder):
    result = netdsl("draw", "n.net")
    assert result.exit_code == 0
    assert result.stdout.splitlines() == [
        "n",
        "x                           8×8×8",
        "conv: conv 3×3, 8 · relu    8×8×8",
        "y (output)",
    ]


def test_a_format_goes_to_stdout(netdsl, folder):
    assert json.loads(netdsl("draw", "n.net", "--format", "json").stdout)["network"] == "n"
    assert netdsl("draw", "n.net", "--format", "svg", "--theme", "dark").stdout.startswith("<svg ")


def test_an_ending_that_is_none_is_misuse(netdsl, folder):
    result = netdsl("draw", "n.net", "-o", "x.gif")
    assert result.exit_code == 2
    assert ".svg" in result.stderr


def test_a_broken_network_draws_as_far_as_it_goes(netdsl, folder):
    result = netdsl("draw", "broken.net", "-o", "b.svg")
    assert result.exit_code == 1
    assert "N407" in result.stderr
    svg = (folder / "b.svg").read_text(encoding="utf-8")
    assert ">N407</text>" in svg
    assert svg.count('class="edge bad"') + svg.count('class="edge skip bad"') == 2
    assert "conv 3×3, 8" in svg


def test_drawing_from_python(folder):
    network = compile("n.net")
    data = network.draw("x.svg")
    assert (folder / "x.svg").read_bytes() == data == network.draw(format="svg")
    with pytest.raises(ValueError, match="'gif' is none of"):
        network.draw("x.gif")
    (folder / "y.svg").write_text("by hand", encoding="utf-8")
    with pytest.raises(NetdslError):
        network.draw("y.svg")


def test_without_any_graphviz_the_message_has_a_way_out(folder, monkeypatch):
    monkeypatch.setenv("PATH", str(folder))
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *a: None if name == "pygraphviz" else find(name, *a))
    with pytest.raises(NetdslError) as error:
        compile("n.net").draw(format="svg")
    (found,) = error.value.diagnostics
    assert found.code == "N741"
    assert compile("n.net").draw(format="txt")
