"""Texts derived from the grammar: right in their syntax, and in nothing else."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Iterator

from lark import Lark
from lark.grammar import Symbol
from lark.lexer import PatternStr

from netdsl.ops import OPS
from netdsl.syntax.grammar import grammar_text

# What stands for the terminals that are patterns. Few names, so that some of them are defined.
WORDS = {
    "NAME": [*"abxyncH" * 12, "aux", "loss", "class", "params", *OPS],
    "INT": ["0", "1", "2", "3", "8", "64", "1_000"],
    "FLOAT": ["0.5", "1e-3", "2.0"],
    "SIZE": ["3x3", "1x7", "3x8x8"],
    "STRING": ['"a"', '"layer{a + 1}"', '"0"', '""', '"b.net"'],
    "COMPARE": ["==", "<", ">="],
    "_NL": ["\n"],
}


def derived(seed: int, count: int, size: int = 60) -> Iterator[str]:
    """`count` texts, the same for the same seed. After `size` steps a derivation takes the shortest way to its end."""
    source = random.Random(seed)
    grammar = Lark(grammar_text(), parser="lalr")
    rules: dict[str, list[list[Symbol]]] = defaultdict(list)
    for rule in grammar.rules:
        rules[rule.origin.name].append(list(rule.expansion))
    fixed = {t.name: t.pattern.value for t in grammar.terminals if isinstance(t.pattern, PatternStr)}
    depth = _depths(rules)
    for _ in range(count):
        # The top of a file may be empty, and most often would be: begin with some items.
        stack, steps, words = ["block", "net"][:: source.choice((1, -1))] + ["net"] * source.randrange(2), 0, []
        stack = [name for item in stack for name in (item, "_NL")]
        while stack:
            name = stack.pop(0)
            if name not in rules:
                words.append(fixed.get(name) or source.choice(WORDS[name]))
                continue
            steps += 1
            ways = rules[name]
            if steps > size:
                ways = [min(ways, key=lambda way: max((depth.get(s.name, 0) for s in way), default=0))]
            stack[:0] = [symbol.name for symbol in source.choice(ways)]
        yield " ".join(words)


def _depths(rules: dict[str, list[list[Symbol]]]) -> dict[str, int]:
    """The least height of a derivation of each rule."""
    depth: dict[str, int] = {}
    while len(depth) < len(rules):
        for name, ways in rules.items():
            known = [way for way in ways if all(s.name not in rules or s.name in depth for s in way)]
            if known and name not in depth:
                depth[name] = 1 + min(max((depth.get(s.name, 0) for s in way), default=0) for way in known)
    return depth
