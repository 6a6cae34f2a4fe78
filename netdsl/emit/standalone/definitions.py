"""A file of kernels, read as text: what it defines, and where the names come from that its definitions read.

Nothing of it is imported, so that a compiler without torch can hand kernels on.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from netdsl.diagnostics import InternalError

PACKAGE = "netdsl.kernels"
_FOLDER = Path(__file__).resolve().parents[2] / "kernels"
_FOR_MYPY = re.compile(r"  # type: ignore\[[\w, -]+\]$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Definition:
    """A statement of a file: a function, a class, or an assignment."""

    names: tuple[str, ...]  # that it binds
    reads: frozenset[str]  # names that it speaks of
    reads_at_once: frozenset[str]  # those of them that must be bound when it is executed, not only when it is called
    text: str  # with the comments in front of it, without imports of our own files
    gap: int  # blank lines in front of that
    is_block: bool  # a function or a class, which wants two


@dataclass(frozen=True, slots=True)
class KernelFile:
    name: str  # such as conv_pointer
    title: str  # its docstring
    definitions: tuple[Definition, ...]
    foreign: Mapping[str, str]  # name -> the line that imports it from outside netdsl
    ours: Mapping[str, str]  # name -> the file of kernels that it is imported from

    def definition(self, name: str) -> Definition | None:
        return next((d for d in self.definitions if name in d.names), None)


@cache
def kernel_file(name: str) -> KernelFile:
    """The file of that name in netdsl/kernels."""
    return read((_FOLDER / f"{name}.py").read_text(encoding="utf-8"), name)


def read(source: str, name: str) -> KernelFile:
    """What a file with this text defines. Raises InternalError where a statement cannot be taken out of its file."""
    tree = ast.parse(source)
    lines = source.splitlines()
    foreign: dict[str, str] = {}
    ours: dict[str, str] = {}
    found: list[Definition] = []
    end = 0  # of the statement before
    for statement in tree.body:
        start, end = end, statement.end_lineno or 0
        match statement:
            case ast.Import() | ast.ImportFrom():
                foreign |= foreign_imports(statement)
                ours |= _ours(statement)
            case ast.FunctionDef() | ast.ClassDef() | ast.Assign() | ast.AnnAssign():
                late = [node for node in ast.walk(statement) if _ours(node)]
                for node in late:
                    ours |= _ours(node)
                gap = next(i for i, line in enumerate(lines[start:end]) if line.strip())
                found.append(
                    Definition(
                        names=tuple(bound(statement)),
                        reads=spoken([statement]),
                        reads_at_once=spoken(at_once(statement)),
                        text=_FOR_MYPY.sub("", "\n".join(_without(late, lines, start + gap, end))),
                        gap=gap,
                        is_block=isinstance(statement, ast.FunctionDef | ast.ClassDef),
                    )
                )
            case ast.Expr(value=ast.Constant(value=str())):
                pass
            case _:
                raise InternalError(f"line {statement.lineno} of {name}.py cannot be taken out of its file")
    return KernelFile(name, ast.get_docstring(tree) or "", tuple(found), foreign, ours)


def at_once(statement: ast.stmt) -> Iterator[ast.expr]:
    """The expressions that are evaluated where a statement is executed; annotations are not."""
    match statement:
        case ast.FunctionDef(args=arguments):
            yield from statement.decorator_list
            yield from arguments.defaults
            yield from filter(None, arguments.kw_defaults)
        case ast.ClassDef():
            yield from (*statement.decorator_list, *statement.bases, *(word.value for word in statement.keywords))
            for inner in statement.body:
                yield from at_once(inner)
        case ast.Assign(value=value) | ast.AnnAssign(value=ast.expr() as value) | ast.Expr(value=value):
            yield value


def spoken(nodes: Iterable[ast.AST]) -> frozenset[str]:
    """The names that stand in them."""
    return frozenset(name.id for node in nodes for name in ast.walk(node) if isinstance(name, ast.Name))


def foreign_imports(node: ast.Import | ast.ImportFrom) -> dict[str, str]:
    """The names that an import binds, each with a line that imports it alone; nothing where it imports ours."""
    if _ours(node):
        return {}
    head = f"from {node.module} import " if isinstance(node, ast.ImportFrom) else "import "
    written = {a.asname or a.name: f"{a.name} as {a.asname}" if a.asname else a.name for a in node.names}
    return {name.partition(".")[0]: head + text for name, text in written.items()}


def _ours(node: ast.AST) -> dict[str, str]:
    """The names that an import takes from files of kernels, if it is one; InternalError for what else it may take of
    netdsl."""
    match node:
        case ast.ImportFrom(module=str() as module, names=names) if module.startswith(f"{PACKAGE}."):
            if all(alias.asname is None for alias in names):
                return {alias.name: module.removeprefix(f"{PACKAGE}.") for alias in names}
        case ast.ImportFrom(module=str() as module) if module.partition(".")[0] != "netdsl":
            return {}
        case ast.Import(names=names) if all(alias.name.partition(".")[0] != "netdsl" for alias in names):
            return {}
        case ast.AST() if not isinstance(node, ast.Import | ast.ImportFrom):
            return {}
    raise InternalError(f"`{ast.unparse(node)}` cannot stand in a file without netdsl")


def bound(statement: ast.stmt) -> Iterator[str]:
    """The names that a statement binds, an import aside."""
    match statement:
        case ast.FunctionDef(name=name) | ast.ClassDef(name=name):
            yield name
        case ast.Assign(targets=targets):
            yield from (target.id for target in targets if isinstance(target, ast.Name))
        case ast.AnnAssign(target=ast.Name(id=name)):
            yield name


def _without(imports: list[ast.AST], lines: list[str], start: int, end: int) -> list[str]:
    """Lines `start` to `end` but for those of the imports, and the blank lines behind these."""
    cut: set[int] = set()
    for node in imports:
        assert isinstance(node, ast.ImportFrom)
        last = node.end_lineno or node.lineno
        cut |= set(range(node.lineno - 1, last))
        while last < end and not lines[last].strip():
            cut.add(last)
            last += 1
    return [lines[i] for i in range(start, end) if i not in cut]
