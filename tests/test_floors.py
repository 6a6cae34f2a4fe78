"""Import only downwards: the floors of the house, read off the import statements themselves.

A module belongs to the longest prefix below that fits it. Imports inside functions count too: they are late, not
upward. The torch wing may stand on the compiler's lower floors; the compiler may reach the torch wing from its top
floors only, and only inside functions, so that checking and compiling work without torch.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

PACKAGE = Path(__file__).parents[1] / "netdsl"

FLOORS = {
    "netdsl.codes": 0,
    "netdsl.extent": 0,
    "netdsl.source": 0,
    "netdsl.expression": 0,
    "netdsl.ops": 0,
    "netdsl.diagnostics": 1,
    "netdsl.scope": 1,
    "netdsl.graph": 1,
    "netdsl.step": 1,
    "netdsl.form": 1,
    "netdsl.view": 1,
    "netdsl.blocks": 2,
    "netdsl.cost": 2,
    "netdsl.files": 2,
    "netdsl.text": 2,
    "netdsl.traffic": 2,
    "netdsl.rendering": 2,
    "netdsl.verify": 2,
    "netdsl.syntax": 3,
    "netdsl.passes": 3,
    "netdsl.analysis": 3,
    "netdsl.emit": 3,
    "netdsl.plan": 3,
    "netdsl.kernels": 3,  # T0
    "netdsl.native": 3,  # T0
    "netdsl.runtime": 3.5,  # T1
    "netdsl.drawing": 4,
    "netdsl.compiler": 4,
    "netdsl.display": 4,
    "netdsl.comparison": 4,
    "netdsl": 4,  # the public names, and __init__.py alone
    "netdsl.cli": 5,
    "netdsl.notebook": 5,
    "netdsl.__main__": 6,
}
# They never import each other.
ROOMS = {"netdsl.syntax", "netdsl.passes", "netdsl.analysis", "netdsl.emit", "netdsl.plan", "netdsl.kernels"}
TORCH_WING = {"netdsl.kernels", "netdsl.native", "netdsl.runtime"}
HEAVY = {"torch", "triton", "numpy", "PIL", "safetensors"}  # the torch wing's alone


class Import(NamedTuple):
    importer: str
    imported: str
    late: bool  # inside a function, or for type checkers only
    line: int


def room(module: str) -> str:
    """The entry of FLOORS that `module` belongs to."""
    parts = module.split(".")
    for length in range(len(parts), 0, -1):
        prefix = ".".join(parts[:length])
        if prefix in FLOORS and (prefix != "netdsl" or module == "netdsl"):
            return prefix
    pytest.fail(f"{module} has no floor: give it one in {Path(__file__).name}")


def imports(source: str, module: str, package: str) -> Iterator[Import]:
    def walk(node: ast.AST, late: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(module, alias.name, late, child.lineno)
            elif isinstance(child, ast.ImportFrom):
                assert child.level == 0, f"{module}:{child.lineno}: write the whole name of what is imported"
                assert child.module
                for alias in child.names:
                    name = f"{child.module}.{alias.name}"
                    yield Import(module, name if is_module(name) else child.module, late, child.lineno)
            inner = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            typing_only = isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test)
            yield from walk(child, late or inner or typing_only)

    yield from walk(ast.parse(source), False)


def is_module(name: str) -> bool:
    path = PACKAGE.parent.joinpath(*name.split("."))
    return path.with_suffix(".py").is_file() or (path / "__init__.py").is_file() or path.is_dir()


def faults(found: Import) -> Iterator[str]:
    here = room(found.importer)
    outside = found.imported.split(".")[0]
    where = f"{found.importer}:{found.line} imports {found.imported}"
    if outside != "netdsl":
        if outside in HEAVY and here not in TORCH_WING and not (found.late and FLOORS[here] >= 4):
            yield f"{where}: the compiler knows no {outside}"
        return
    there = room(found.imported)
    if there == here:
        return
    if FLOORS[there] > FLOORS[here]:
        yield f"{where}: upward"
    if here in ROOMS and there in ROOMS:
        yield f"{where}: sideways"
    if there in TORCH_WING and here not in TORCH_WING and not (found.late and FLOORS[here] >= 4):
        yield f"{where}: the compiler reaches torch only late, from its top floors"


def all_faults() -> list[str]:
    found: list[str] = []
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = list(path.relative_to(PACKAGE.parent).with_suffix("").parts)
        if parts[-1] == "__init__":
            parts.pop()
        module = ".".join(parts)
        for each in imports(path.read_text(encoding="utf-8"), module, module):
            found.extend(faults(each))
    return found


def test_imports_go_down():
    assert all_faults() == []


@pytest.mark.parametrize(
    ("module", "statement", "fault"),
    [
        ("netdsl.graph", "from netdsl.syntax import tree", "upward"),
        ("netdsl.source", "def f():\n    import netdsl.compiler", "upward"),
        ("netdsl.emit.module", "from netdsl.analysis.cost import macs", "sideways"),
        ("netdsl.passes.fuse", "import netdsl.syntax.parse", "sideways"),
        ("netdsl.ops.conv", "import torch", "knows no torch"),
        ("netdsl.emit.module", "def f():\n    from torch import nn", "knows no torch"),
        ("netdsl.compiler", "import torch", "knows no torch"),
        ("netdsl.compiler", "from netdsl.runtime import loading", "only late"),
        ("netdsl.analysis.cost", "from netdsl.kernels import conv", "only late"),
    ],
)
def test_a_wrong_import_is_found(module, statement, fault):
    found = [text for each in imports(statement, module, module) for text in faults(each)]
    assert any(fault in text for text in found), found


@pytest.mark.parametrize(
    ("module", "statement"),
    [
        ("netdsl.compiler", "def f():\n    from netdsl.runtime import loading"),
        ("netdsl.runtime.run", "import torch\nfrom netdsl.graph import Graph"),
        ("netdsl.cli.check", "from netdsl import compiler, rendering"),
        ("netdsl.syntax.parse", "from netdsl.syntax.tree import Net\nimport lark"),
    ],
)
def test_a_right_import_is_not(module, statement):
    assert [text for each in imports(statement, module, module) for text in faults(each)] == []


def test_nothing_is_called_after_nothing():
    vague = {"utils", "util", "helpers", "helper", "common", "core", "base", "misc"}
    assert [str(path) for path in PACKAGE.rglob("*.py") if path.stem in vague] == []
