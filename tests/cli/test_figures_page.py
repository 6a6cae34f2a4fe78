"""What docs/figures.md and docs/plan.md show of commands is what they print."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[2] / "docs"
PAGE = "".join((DOCS / name).read_text(encoding="utf-8") for name in ("figures.md", "plan.md"))
SHOWN = re.findall(r"```console\n\$ netdsl ([^\n|]*?)(?: \|[^\n]*)?\n(.*?)```", PAGE, re.DOTALL)


def test_there_is_something_to_check():
    assert len(SHOWN) == 3


@pytest.mark.parametrize(("line", "text"), SHOWN, ids=[line for line, _ in SHOWN])
def test_the_page_is_true(netdsl, line, text):
    printed = netdsl(*shlex.split(line)).stdout
    assert text in printed
    assert text.count("\n") >= 3
