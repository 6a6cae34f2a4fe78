"""Ways of saying a network otherwise.

Each gives two texts that mean the same; None, or the same text twice, where it finds nothing to change. The first is
the network itself, or the network with what the change is about.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random
from typing import TypeAlias

from netdsl.ops.op import Shape
from netdsl.syntax.format import format_text
from netdsl.syntax.read import from_text
from netdsl.text import to_text
from tests.graphs import graph
from tests.random.parts import body_of, defined, draws, needed, pure, read

Pair: TypeAlias = tuple[str, str]
Change: TypeAlias = Callable[[str, Random], Pair | None]

NAME = re.compile(r"\b(x|v|s|t|p|y|h|n|c|block|layer|part|group|label|goal)(\d+)\b")


def renamed(text: str, random: Random) -> Pair:
    return text, NAME.sub(lambda found: f"{found[1]}_{97 * int(found[2]) % 1009}_", text)


def formatted(text: str, random: Random) -> Pair:
    """What has lost its spaces gets them back."""
    squeezed = text.replace(" -> ", "->").replace("; ", ";").replace("  ", "\t")
    return squeezed, format_text(from_text("<text>", squeezed))


def flat(text: str, random: Random) -> Pair:
    """Every block, loop and branch written out."""
    return text, to_text(graph(text, "f"))


def reordered(text: str, random: Random) -> Pair | None:
    """The statements in any order in which none comes before what it needs."""
    parts = read(text)
    left, order = list(parts.statements), []
    while left:
        ready = [line for line in left if not any(needed(line) & defined(other) for other in left if other != line)]
        order.append(random.choice(ready))
        left.remove(order[-1])
    return text, str(parts.but(statements=tuple(order)))


def unrolled(text: str, random: Random) -> Pair | None:
    """`repeat 2 { a }` is `a -> a`."""
    other = text
    while (found := re.search(r"repeat (\d) \{", other)) is not None:
        depth, end = 1, found.end()
        while depth:
            depth += {"{": 1, "}": -1}.get(other[end], 0)
            end += 1
        turns = " -> ".join([other[found.end() : end - 1].strip()] * int(found[1]))
        other = other[: found.start()] + turns + other[end:]
    return text, other


def outlined(text: str, random: Random) -> Pair | None:
    """The pipelines of statements become blocks, where they read nothing but what flows in and have no labels."""
    parts = read(text)
    blocks, statements = list(parts.blocks), []
    for line in parts.statements:
        found = re.fullmatch(r"  (v\d+) = ([xvs]\d+) -> (.*)", line)
        if found is not None and not re.search(r": |\b[pstvx]\d", found[3]):
            blocks.append(f"block outlined{len(blocks)} = {found[3]}")
            line = f"  {found[1]} = {found[2]} -> outlined{len(blocks) - 1}"
        statements.append(line)
    return text, str(parts.but(blocks=tuple(blocks), statements=tuple(statements)))


def with_identities(text: str, random: Random) -> Pair | None:
    """Half of all arrows pass by a stage that does nothing."""
    parts = read(text)

    def passed(found: re.Match[str]) -> str:
        return random.choice((" -> ", " -> identity -> "))

    return text, str(parts.but(statements=tuple(re.sub(" -> ", passed, line) for line in parts.statements)))


def input_of(text: str) -> tuple[str, Shape]:
    """The first input, which has channels."""
    g = graph(text, "f")
    node = g.nodes[g.inputs[0]]
    return node.name, node.shape


def with_dead_branches(text: str, random: Random) -> Pair | None:
    """What reads the input first asks for more channels than there are, and would else do something."""
    parts = read(text)
    name, shape = input_of(text)
    dead = f"{{ if in.channels > 4096 {{ {body_of(shape, random.getrandbits(32))} }} }}"
    statements = tuple(line.replace(f" = {name} -> ", f" = {name} -> {dead} -> ") for line in parts.statements)
    return text, str(parts.but(statements=statements))


def with_auxiliary_output(text: str, random: Random) -> Pair | None:
    """A branch that only training looks at."""
    parts = read(text)
    name, shape = input_of(text)
    more = f"  aux output y999 = {name} -> {body_of(shape, random.getrandbits(32))}"
    place = max(i for i, line in enumerate(parts.tail) if not line.startswith("  loss")) + 1
    return text, str(parts.but(tail=(*parts.tail[:place], more, *parts.tail[place:])))


def duplicated(text: str, random: Random) -> Pair | None:
    """A value is computed twice, and each reader takes one or the other; two more see to it that both are read."""
    parts = read(text)
    chance = {name for line in parts.statements if draws(line) for name in defined(line)}  # modules that draw numbers
    some = [i for i, line in enumerate(parts.statements) if pure(line) and not needed(line) & chance]
    if not some:
        return None
    at = random.choice(some)
    line = parts.statements[at]
    name = line.split()[0]

    def either(reader: str) -> str:
        left, equals, right = reader.partition(" = ")
        return left + equals + re.sub(rf"\b{name}\b", lambda _: random.choice((name, "v998")), right)

    def told(second: str, statements: tuple[str, ...]) -> str:
        outputs = (f"  output y998 = {name} -> neg", f"  output y999 = {second} -> abs")
        return str(parts.but(statements=statements, tail=(*outputs, *parts.tail)))

    twin = line.replace(f"  {name} = ", "  v998 = ")
    after = tuple(map(either, parts.statements[at + 1 :]))
    return told(name, parts.statements), told("v998", (*parts.statements[: at + 1], twin, *after))


def in_braces(text: str, random: Random) -> Pair | None:
    """Braces around a pipeline without labels add nothing."""
    return text, re.sub(r"\n  (v\d+) = (x\d+) -> ([^\n:]*)\n", r"\n  \1 = \2 -> { \3 }\n", text)
