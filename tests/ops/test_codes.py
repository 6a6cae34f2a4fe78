"""The texts of `netdsl explain` for operators: the wrong example gives its code, the right one none."""

from __future__ import annotations

import pytest

import netdsl
from netdsl.codes import names, shapes

CODES = {**shapes.CODES, **{c: names.CODES[c] for c in ("N202", "N203", "N204", "N205")}}


def examples(code: str) -> tuple[str, str]:
    _, _, rest = CODES[code].text.partition("Wrong:\n\n")
    wrong, _, right = rest.partition("\n\nRight:\n\n")
    return wrong.strip(), right.strip()


def codes_of(text: str) -> list[str]:
    if text.startswith("block"):
        text += "\nnet n { input x: 3x8x8; output y = x -> a }"
    try:
        netdsl.compile(text)
    except netdsl.NetdslError as error:
        return [d.code for d in error.diagnostics]
    return []


@pytest.mark.parametrize("code", sorted(set(CODES) - {"N401"}))
def test_examples(code: str) -> None:
    wrong, right = examples(code)
    assert codes_of(wrong) == [code]
    assert codes_of(right) == []


def test_every_code_an_operator_raises_is_explained() -> None:
    import re
    from pathlib import Path

    import netdsl.ops

    folder = Path(netdsl.ops.__path__[0])
    raised = {code for path in folder.glob("*.py") for code in re.findall(r'"(N\d{3})"', path.read_text())}
    assert raised <= set(CODES)
    assert set(CODES) <= raised
