"""The reference is independent: it knows every operator, and neither torch nor netdsl."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

from netdsl.ops import OPS
from tests.reference.interpreter import FAMILIES, OPERATORS

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def test_it_knows_every_operator_in_the_file_of_its_family() -> None:
    ours = {name: cls.family for name, cls in OPS.items() if "." not in name}
    assert set(OPERATORS) == set(ours)
    for family in FAMILIES:
        for function in family.OPERATORS:
            name = function.__name__.rstrip("_")
            assert ours[name] == family.__name__.rpartition(".")[2], name


def test_it_imports_neither_torch_nor_netdsl() -> None:
    code = "import sys, tests.reference.interpreter; print(*{m.split('.')[0] for m in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT, check=True)
    assert "numpy" in done.stdout.split()
    assert not {"torch", "netdsl", "onnx", "onnxruntime"} & set(done.stdout.split())


def test_it_asks_operators_for_nothing_but_their_attributes() -> None:
    """No shape rule, no torch call, no weight's shape is read off the declaration."""
    for path in HERE.glob("*.py"):
        if path.name.startswith("test_"):
            continue
        tree = ast.parse(path.read_text(encoding="utf-8"))
        read = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
        assert not read & {"infer", "module", "expr", "weights", "buffers", "setup", "macs", "shapes"}, path.name
        imports = [node for node in ast.walk(tree) if isinstance(node, ast.Import | ast.ImportFrom)]
        names = {n for i in imports for n in ([a.name for a in i.names] if isinstance(i, ast.Import) else [i.module])}
        allowed = {"numpy", "math", "typing", "functools", "itertools", "collections.abc", "__future__", "netdsl.graph"}
        assert all(name in allowed or str(name).startswith("tests.reference") for name in names), path.name
