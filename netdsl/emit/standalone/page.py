"""The text of a standalone file.

The network stands first, as always; below it, file by file, what its call sites reach in netdsl/kernels, as it is
written there. What the classes of the network must find when they are defined, such as a base, stands before them.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from textwrap import wrap

from netdsl.diagnostics import InternalError
from netdsl.emit.callsites import IMPORTED, MODULE
from netdsl.emit.imports import block
from netdsl.emit.standalone.definitions import Definition, KernelFile, at_once, bound, foreign_imports, spoken
from netdsl.emit.standalone.reach import Reached, reach

WIDTH = 120
OPERATOR = '"netdsl::fused_conv"'
FUTURE = "from __future__ import annotations"  # so that an annotation may speak of what stands further down
BELOW = "# Below stands the part of netdsl that the network above calls, under netdsl's licence, Apache-2.0."


def names() -> frozenset[str]:
    """All that kernels and their imports can be called in such a file: no class of a network may have such a name."""
    return reach(IMPORTED).names


def standalone(source: str) -> str:
    """The emitted `source` with the kernels that its call sites need; as it is where it has no call site.

    Raises InternalError where a name would mean two things.
    """
    tree = ast.parse(source)
    sites = {
        alias.name
        for statement in tree.body
        if isinstance(statement, ast.ImportFrom) and statement.module == MODULE
        for alias in statement.names
    }
    if not sites:
        return source
    reached = reach(sites)
    _single(tree, reached, source)
    bases = reached.at_once(spoken(e for statement in tree.body for e in at_once(statement)))
    text = "".join(f"{line}\n" for line in _page(source, tree, reached, bases))
    # Like no other operator that may be there: that of netdsl itself, or of another such file.
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    return text.replace(OPERATOR, f'"netdsl_{digest}::fused_conv"')


def _single(tree: ast.Module, reached: Reached, source: str) -> None:
    """InternalError where a name is one thing to the network and another to the kernels."""
    homes: dict[str, str] = {}
    for statement in tree.body:
        homes |= dict.fromkeys(bound(statement), "the network")
        if isinstance(statement, ast.Import | ast.ImportFrom):
            homes |= foreign_imports(statement)
    for name, home in homes.items():
        if reached.homes.get(name, home) != home:
            raise InternalError(f"`{name}` is of {home} and of the kernels", source)


def _page(source: str, tree: ast.Module, reached: Reached, bases: list[Definition]) -> Iterator[str]:
    lines = source.removesuffix("\n").split("\n")
    imports = [s for s in tree.body if isinstance(s, ast.Import | ast.ImportFrom)]
    own = [ast.unparse(s) for s in imports if not (isinstance(s, ast.ImportFrom) and s.module == MODULE)]
    yield from lines[: imports[0].lineno - 1]
    yield from block({FUTURE, *own, *reached.imports})
    exported, network = (statement.end_lineno or 0 for statement in (imports[-1], tree.body[len(imports) + 1]))
    yield from lines[exported:network]
    for base in bases:
        yield from ("", "", *base.text.splitlines())
    yield from lines[network:]
    yield from ("", "", BELOW)
    for file in reached.files:
        if rest := [d for d in reached.of(file) if d not in bases]:
            yield from _section(file, rest)


def _section(file: KernelFile, definitions: list[Definition]) -> Iterator[str]:
    """What was reached of a file, under its title."""
    yield from ("", "", f"# {f' {file.name}.py':->{WIDTH - 2}}")
    for paragraph in file.title.split("\n\n"):
        formula = paragraph.startswith(" ")
        yield "#"
        yield from (
            f"# {line}"
            for line in (paragraph.splitlines() if formula else wrap(paragraph, WIDTH - 2, break_on_hyphens=False))
        )
    after_block = True
    for definition in definitions:
        yield from [""] * (2 if after_block or definition.is_block else definition.gap)
        yield from definition.text.splitlines()
        after_block = definition.is_block
