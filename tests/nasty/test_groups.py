"""Each of the seventy-five groups of nasty input is fed to netdsl by some text or test that is there."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

import pytest

from tests.nasty.groups import GROUPS, NOTHING_TO_FEED
from tests.nasty.test_texts import OTHERS, TEXTS

TESTS = Path(__file__).parents[1]


@cache
def functions(path: Path) -> set[str]:
    return {node.name for node in ast.parse(path.read_text()).body if isinstance(node, ast.FunctionDef)}


def is_there(reference: str) -> bool:
    if reference.endswith(".net"):
        return any(path.name == reference for path in (*TEXTS, *OTHERS))
    file, _, function = reference.partition("::")
    return (TESTS / file).is_file() and (not function or function in functions(TESTS / file))


def test_every_group_has_its_number():
    assert sorted([*GROUPS, *NOTHING_TO_FEED]) == list(range(1, 76))


@pytest.mark.parametrize("group", GROUPS)
def test_every_group_is_fed(group):
    texts = [path for path in TEXTS if path.name.startswith(f"{group:02}_")]
    assert texts or GROUPS[group]
    assert [reference for reference in GROUPS[group] if not is_there(reference)] == []


@pytest.mark.parametrize("path", TEXTS, ids=lambda p: p.stem)
def test_every_text_belongs_to_a_group(path):
    assert int(path.name[:2]) in GROUPS


def test_what_is_not_there_is_found_missing():
    assert not is_there("no_such.net")
    assert not is_there("nasty/test_groups.py::test_of_nothing")
    assert not is_there("nasty/test_nothing.py")
    assert is_there("nasty/test_groups.py::test_every_group_is_fed")
