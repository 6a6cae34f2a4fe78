"""The texts of `netdsl explain` for names, meaning and limits: the wrong example gives its code, the right one none."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import netdsl.syntax.elaborate
from netdsl.codes import limits, meaning, names
from tests.elaborate.texts import codes

CODES = {**names.CODES, **meaning.CODES, **limits.CODES}
EXPLAINED = sorted(code for code in CODES if "\nWrong:\n\n" in CODES[code].text)


def examples(code: str) -> tuple[str, str]:
    _, _, rest = CODES[code].text.partition("Wrong:\n\n")
    wrong, _, right = rest.partition("\n\nRight:\n\n")
    return re.sub(r"(?m)^    ", "", wrong), re.sub(r"(?m)^    ", "", right)


@pytest.mark.parametrize("code", EXPLAINED)
def test_the_wrong_example_gives_the_code_and_the_right_one_none(code: str) -> None:
    wrong, right = examples(code)
    assert codes(wrong) == [code]
    assert codes(right) == []


def test_every_code_that_elaboration_gives_is_explained_and_every_one_explained_is_given() -> None:
    folder = Path(netdsl.syntax.elaborate.__path__[0])
    given = {code for path in folder.glob("*.py") for code in re.findall(r'"(N[2356]\d\d)"', path.read_text())}
    assert given == set(CODES)
    assert all(code.title and code.text for code in CODES.values())
