"""Input that no file of this folder can hold: too large, too odd, or no file at all (groups 6, 11, 12, 15, 28, 35)."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch

import netdsl
from netdsl.diagnostics import NetdslError
from tests.nasty.conftest import codes
from tests.nasty.test_texts import READERS, line

GOOD = "net n { input x: 3x8x8; output y = x -> conv(4, 3) -> relu }\n"

LARGE = {
    "comment of a million characters": ("/*" + "a" * 1_000_000 + "\n" + GOOD, "N142"),
    "comment that goes on": ("# " + "a" * 1_000_000 + "\n" + GOOD, None),
    "line of five million characters": ("# " + "a" * 5_000_000, "N160"),
    "a mebibyte of names": ("net n { input x: [3]; output y = x " + "-> relu " * 120_000 + "}", "N161"),
    "a million digits": ("let a = " + "9" * 1_000_000, "N165"),
    "a million quotes": ("let a = " + '"' * 1_000_001, "N161"),
    "a million lines": ("\n" * 1_000_000 + GOOD, None),
    "a hundred thousand lines of comment": ("# a\n" * 100_000 + GOOD, None),
    "twenty thousand stages": ("net n { input x: [3]; output y = x" + " -> relu" * 20_001 + " }", "N612"),
    "three thousand blocks": ("".join(f"block b{i} = relu\n" for i in range(3000)) + GOOD, None),
}


@pytest.mark.parametrize("name", LARGE)
def test_a_large_text(name, answers_to, tmp_path):
    text, code = LARGE[name]
    (tmp_path / "n.net").write_text(text)
    for outcome in answers_to([("check", "n.net"), ("compile", "n.net")]):
        assert code in codes(outcome) if code else outcome.status == 0, outcome.stderr[:500]


@pytest.mark.parametrize("kind", ["folder", "pipe", "device", "sparse", "missing"])
def test_what_is_no_text(kind, answers_to, tmp_path):
    path, wanted = tmp_path / "in" / "n.net", "N181"
    path.parent.mkdir()
    match kind:
        case "folder":
            path.mkdir()
        case "pipe":
            os.mkfifo(path)
        case "device":
            path = Path("/dev/zero")
        case "sparse":
            with path.open("wb") as file:
                file.truncate(2 << 30)
            wanted = "N160"
        case _:
            wanted = "N180"
    outcomes = answers_to([line(command, path) for command in READERS])
    assert [wanted in codes(outcome) for outcome in outcomes] == [True] * len(READERS)


@pytest.mark.parametrize("text", ["\ud800", "# \udfff\n" + GOOD, GOOD.replace("relu", "rel\udc00u")], ids=ascii)
def test_a_lone_surrogate_from_a_program(text):
    """No file holds one; a string of Python may."""
    with pytest.raises(NetdslError) as caught:
        netdsl.compile(text + "\n")
    assert {d.code for d in caught.value.diagnostics} & {"N102"}
    str(caught.value).encode("utf-8", "backslashreplace")


PATHS = [
    "../../etc/passwd",
    "/etc/passwd",
    "a/../../b.net",
    "C:\\x.net",
    "~/x.net",
    "$HOME/x.net",
    "x\\y.net",
    "b.net/",
    "",
]


@pytest.mark.parametrize("path", PATHS)
def test_an_import_that_leads_elsewhere(path, answers_to, tmp_path):
    (tmp_path / "n.net").write_text(f'import "{path}" as p\n{GOOD}'.replace("\\", "\\\\"))
    for outcome in answers_to([line(command, tmp_path / "n.net") for command in READERS if command != "fmt"]):
        assert {"N602", "N606"} & set(codes(outcome)), outcome


def test_twice_the_same_value_is_twice_the_value():
    text = "net n { input x: [3]; output s = add(x, x); output c = concat(x, x); output d = x - x; output p = x * x }"
    x = torch.randn(2, 3, dtype=torch.float64)
    total, joined, difference, product = netdsl.compile(text).module()(x)
    assert torch.equal(total, 2 * x)
    assert torch.equal(joined, torch.cat([x, x], 1))
    assert torch.equal(difference, torch.zeros_like(x))
    assert torch.equal(product, x**2)


@pytest.mark.parametrize("name", ["<b>x", "</svg><script>", "x\\", "a:b", "\\N", "&amp;"])
def test_a_name_of_a_file_in_a_diagram(name, answers, tmp_path):
    (tmp_path / f"{name.replace('/', '_')}.net").write_text(GOOD)
    outcome = answers("draw", f"{name.replace('/', '_')}.net", "-o", "out.dot")
    assert outcome.status == 0
    assert "<script" not in (tmp_path / "out.dot").read_text()


def test_three_thousand_nodes_in_a_diagram(answers, tmp_path):
    (tmp_path / "n.net").write_text("net n { input x: [3]; output y = x -> repeat 1500 { relu -> tanh } }\n")
    assert answers("draw", "n.net", "-o", "out.dot").status == 0
    assert (tmp_path / "out.dot").stat().st_size < 1 << 20
