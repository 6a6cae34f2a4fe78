"""The texts of the examples: short, counted in lines that are neither comment nor blank, and formatted."""

from __future__ import annotations

import pytest

from netdsl.syntax.format import format_text
from netdsl.syntax.read import read_source
from tests.examples.networks import EXAMPLES, FAMILIES
from tests.examples.zoo import code_lines


def until(text: str, mark: str) -> str:
    head, found, _ = text.partition(mark)
    assert found, f"{mark!r} is no longer in the text"
    return head


@pytest.mark.parametrize(
    ("file", "limit", "mark"),
    [
        ("googlenet.net", 45, None),
        ("resnet.net", 45, None),
        ("densenet.net", 35, None),
        ("unet.net", 14, None),
        ("vgg.net", 28, "# torchvision's names"),  # the six columns
    ],
)
def test_example_is_short(file: str, limit: int, mark: str | None) -> None:
    text = (EXAMPLES / file).read_text(encoding="utf-8")
    assert code_lines(until(text, mark) if mark else text) <= limit


@pytest.mark.parametrize("file", FAMILIES)
def test_no_example_is_longer_than_60_lines(file: str) -> None:
    assert code_lines((EXAMPLES / file).read_text(encoding="utf-8")) <= 60


def test_code_lines_leave_out_comments_and_blank_lines_alone() -> None:
    assert code_lines("## doc\n\nnet a {\n  # why\n  input x: [3]  # here\n}\n") == 3


@pytest.mark.parametrize("file", FAMILIES)
def test_example_is_formatted(file: str) -> None:
    source = read_source(EXAMPLES / file)
    assert format_text(source) == source.text
