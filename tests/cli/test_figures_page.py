"""What docs/figures.md shows of commands is what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

PAGE = (Path(__file__).parents[2] / "docs" / "figures.md").read_text(encoding="utf-8")
SHOWN = re.findall(r"```console\n\$ netdsl ([^\n|]*?)(?: \|[^\n]*)?\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_something_to_check():
    assert len(SHOWN) == 2


@pytest.mark.parametrize(("line", "text"), SHOWN, ids=[line for line, _ in SHOWN])
def test_the_page_is_true(netdsl, line, text):
    printed = netdsl(*shlex.split(line)).stdout
    assert text in printed
    assert text.count("\n") >= 3
