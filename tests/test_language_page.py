"""Every text of docs/language.md compiles, in all its networks, without an error or a warning."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import netdsl
from netdsl.ops import OPS

PAGE = (Path(__file__).parents[1] / "docs" / "language.md").read_text(encoding="utf-8")
TEXTS = re.findall(r"^```net\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("text", TEXTS, ids=lambda text: re.findall(r"^net (\w+)", text, re.MULTILINE)[0])
def test_the_text_compiles(text: str) -> None:
    assert netdsl.check(text) == ()
    for name in re.findall(r"^net (\w+)", text, re.MULTILINE):
        assert "Written by netdsl" in netdsl.compile(text, network=name).source()


def test_the_page_has_texts_and_knows_the_operators_it_names() -> None:
    assert len(TEXTS) >= 5
    for word in re.findall(r"`(conv|linear|crop|concat|add|mul|lrn|batch_norm|split)`", PAGE):
        assert word in OPS
