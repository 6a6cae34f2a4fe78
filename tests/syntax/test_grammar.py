"""The grammar, its tables, and where they are kept."""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.syntax import grammar
from netdsl.syntax.build import Builder
from netdsl.syntax.grammar import Tables, compile_grammar, grammar_text


@pytest.fixture
def cache_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(grammar, "_cache_folder", lambda: tmp_path / "cache")
    return tmp_path / "cache"


def _load() -> Tables:
    return grammar.tables.__wrapped__()


def test_the_grammar_is_lalr_without_a_conflict(caplog: pytest.LogCaptureFixture) -> None:
    from lark import Lark, logger

    logger.setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG, logger="lark"):
        logger.propagate = True
        Lark(grammar_text(), parser="lalr", start=["start", "expr"], debug=True)
        clean = "Shift/Reduce" not in caplog.text
        Lark('start: "a" | x "a"\nx: ["a"]', parser="lalr", debug=True)
    logger.setLevel(logging.CRITICAL)
    assert clean
    assert "Shift/Reduce" in caplog.text  # so the first answer means something


def test_every_rule_has_its_builder() -> None:
    names = {name for _, _, name, _ in compile_grammar(grammar_text())["rules"] if name and not name.startswith("_")}
    assert names
    assert [name for name in sorted(names) if not hasattr(Builder, name)] == []


def test_tables_are_made_once_and_read_afterwards(cache_dir: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = _load()
    (path,) = cache_dir.iterdir()
    monkeypatch.setattr(grammar, "compile_grammar", lambda text: pytest.fail("the cache was not read"))
    assert _load() == made
    assert json.loads(path.read_text())["grammar"] == grammar_text()


def _other(text: str) -> str:
    return json.dumps({**json.loads(text), "grammar": "another"})


def _short(text: str) -> str:
    return json.dumps({"grammar": json.loads(text)["grammar"], "terminals": [["A", "("]]})


@pytest.mark.parametrize(
    "damage",
    [lambda text: "", lambda text: "[1]", lambda text: "\x80not json", lambda text: text[:-100], _other, _short],
    ids=["empty", "list", "bytes", "cut", "of another grammar", "short"],
)
def test_a_damaged_cache_is_made_anew(cache_dir: Path, damage: Callable[[str], str]) -> None:
    _load()
    (path,) = cache_dir.iterdir()
    path.write_bytes(damage(path.read_text()).encode("latin-1"))
    again = _load()
    assert len(again.states) > 200
    assert json.loads(path.read_text())["states"] == again.states


@pytest.mark.skipif(not hasattr(os, "getuid"), reason="the rights of POSIX")
def test_a_cache_that_others_may_write_is_not_believed(cache_dir: Path) -> None:
    _load()
    (path,) = cache_dir.iterdir()
    path.write_text(path.read_text().replace("block", "bl0ck"))
    path.chmod(0o666)
    assert "bl0ck" not in _load().literals.values()
    assert path.stat().st_mode & 0o022 == 0


def test_a_cache_that_cannot_be_written_is_done_without(cache_dir: Path) -> None:
    cache_dir.write_text("a file where the folder should be")
    assert _load().states


def test_parsing_from_the_cache_does_not_import_lark() -> None:
    code = (
        "import sys; from netdsl.syntax.parse import parse; from netdsl.source import Source;"
        "parse(Source('a', 'block a = relu')); parse(Source('a', 'block a = relu'));"
        "print('lark' in sys.modules)"
    )
    run = [subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True) for _ in range(2)]
    assert run[1].stdout.strip() == "False"


def test_an_installation_without_a_grammar_is_our_mistake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from netdsl.diagnostics import InternalError

    monkeypatch.setattr(grammar, "__file__", str(tmp_path / "netdsl" / "syntax" / "grammar.py"))
    with pytest.raises(InternalError, match="damaged"):
        grammar_text()
    inside = tmp_path / "netdsl" / "grammars"
    inside.mkdir(parents=True)
    (inside / "netdsl.lark").write_text("wheel")
    assert grammar_text() == "wheel"
