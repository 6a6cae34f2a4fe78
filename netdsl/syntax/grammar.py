"""The grammar, and the LALR tables that Lark makes of it.

Importing Lark and computing the tables takes a seventh of a second, more than all the rest of a compilation, so the
tables are kept in the user's cache directory, together with the grammar that they were made of. They are JSON: reading
them runs nothing. A file that is damaged, or that somebody else could have written, is made anew.
"""

from __future__ import annotations

import json
import os
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zlib import crc32

from netdsl.diagnostics import InternalError

STARTS = ("start", "expr")
_FORMAT = 1
"""Grows when what is kept changes its form, or when a newer Lark should make it again."""


@dataclass(frozen=True, slots=True)
class Rule:
    """`origin: size symbols`. `name` is the builder's method; `None` where the one symbol stands for the rule.

    The symbols at the places `spliced` are lists (of the rules that begin with `_`), to be handed up part by part.
    """

    origin: str
    size: int
    name: str | None
    spliced: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tables:
    """`states[n]` gives for a terminal the state to shift to or `~rule` to reduce by; for a rule, its next state."""

    pattern: re.Pattern[str]
    ignored: frozenset[str]
    literals: dict[str, str]
    rules: tuple[Rule, ...]
    states: list[dict[str, int]]
    starts: dict[str, int]
    ends: dict[str, int]

    @property
    def keywords(self) -> frozenset[str]:
        """The kinds of the reserved words."""
        return frozenset(kind for kind, text in self.literals.items() if text.isalpha())


def grammar_text() -> str:
    """The text of `netdsl.lark`: inside the package where that was built, else beside it, as in a checkout."""
    package = Path(__file__).resolve().parent.parent
    for folder in (package / "grammars", package.parent / "grammars"):
        path = folder / "netdsl.lark"
        if path.is_file():
            return path.read_text(encoding="utf-8")
    raise InternalError(f"the grammar is neither in {package} nor beside it: the installation is damaged")


@cache
def tables() -> Tables:
    """The tables of the grammar, from the cache where it has them."""
    text = grammar_text()
    path = _cache_folder() / f"grammar-{_FORMAT}-{crc32(text.encode()):08x}.json"
    kept = _read(path, text)
    if kept is not None:
        return kept
    data = {"grammar": text, **compile_grammar(text)}
    _write(path, data)
    return _tables(data)


def compile_grammar(text: str) -> dict[str, Any]:
    """What `Tables` is made of, as JSON can hold it. Lark does the work."""
    from lark import Lark
    from lark.grammar import NonTerminal
    from lark.lexer import PatternStr
    from lark.parsers.lalr_analysis import Shift

    class KeepAll:
        """Keeps the terminals that no rule uses: the mistakes that have a message of their own."""

        always_accept = tuple(re.findall(r"^([A-Z_]+)(?:\.-?[0-9]+)?\s*:", text, re.MULTILINE))

        def process(self, stream: Any) -> Any:
            return stream

    def reads(symbol: Any) -> bool:
        return isinstance(symbol, NonTerminal) and symbol.name.startswith("_")

    lark = Lark(text, parser="lalr", lexer="basic", start=list(STARTS), maybe_placeholders=False, postlex=KeepAll())
    terminals = sorted(
        lark.terminals,
        key=lambda t: (-t.priority, -t.pattern.max_width, -len(t.pattern.value), t.name),
    )
    interactive = {start: lark.parse_interactive(start=start).parser_state.parse_conf for start in STARTS}
    table = interactive[STARTS[0]].parse_table
    order = {rule: number for number, rule in enumerate(lark.rules)}
    rules = []
    for rule in lark.rules:
        passes = rule.options.expand1 and not rule.alias and len(rule.expansion) == 1
        name = None if passes else str(rule.alias or rule.origin.name)
        spliced = [place for place, symbol in enumerate(rule.expansion) if reads(symbol)]
        rules.append([str(rule.origin.name), len(rule.expansion), name, spliced])
    states = [
        {str(symbol): target if action is Shift else ~order[target] for symbol, (action, target) in sorted(row.items())}
        for _, row in sorted(table.states.items())
    ]
    return {
        "terminals": [[str(t.name), t.pattern.to_regexp()] for t in terminals],
        "ignored": [str(name) for name in lark.ignore_tokens],
        "literals": {str(t.name): t.pattern.value for t in terminals if isinstance(t.pattern, PatternStr)},
        "rules": rules,
        "states": states,
        "starts": {start: conf.start_state for start, conf in interactive.items()},
        "ends": {start: conf.end_state for start, conf in interactive.items()},
    }


def _tables(data: dict[str, Any]) -> Tables:
    terminals: list[list[str]] = data["terminals"]
    return Tables(
        pattern=re.compile("|".join(f"(?P<{name}>{regexp})" for name, regexp in terminals)),
        ignored=frozenset(data["ignored"]),
        literals=data["literals"],
        rules=tuple(Rule(origin, size, name, tuple(spliced)) for origin, size, name, spliced in data["rules"]),
        states=data["states"],
        starts=data["starts"],
        ends=data["ends"],
    )


def _cache_folder() -> Path:
    import platformdirs

    return Path(platformdirs.user_cache_dir("netdsl", appauthor=False))


def _read(path: Path, grammar: str) -> Tables | None:
    try:
        with path.open("rb") as file:
            status = os.fstat(file.fileno())
            if hasattr(os, "getuid") and (status.st_uid != os.getuid() or status.st_mode & 0o022):
                return None
            data = json.load(file)
        return _tables(data) if data["grammar"] == grammar else None
    except (OSError, ValueError, TypeError, KeyError, re.error):
        return None


def _write(path: Path, data: dict[str, Any]) -> None:
    """Whole or not at all; a cache that cannot be written is not needed."""
    import tempfile

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.stem)
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(data, file, separators=(",", ":"))
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink()
            raise
    except OSError:
        return
