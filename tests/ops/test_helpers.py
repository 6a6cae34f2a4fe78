"""Functions and classes that emitted modules define for themselves are code that we would merge."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from netdsl.ops import OPS
from netdsl.ops.op import Call, Helper, Template
from tests.ops.evaluate import parse, shape_of
from tests.ops.test_against_torch import CASES

HEAD = "from typing import Any\n\nimport torch\nimport torch.nn.functional as F\nfrom torch import Tensor, nn\n"


def helpers_in(code: Any) -> dict[str, Helper]:
    """All helpers that a call or template needs."""
    match code:
        case Helper():
            return {code.name: code}
        case Call():
            parts = (code.target, *code.arguments, *code.keywords.values())
        case Template():
            parts = tuple(code.values.values())
        case tuple():
            parts = code
        case _:
            return {}
    return {name: h for part in parts for name, h in helpers_in(part).items()}


def all_helpers() -> dict[str, Helper]:
    found: dict[str, Helper] = {}
    examples = [
        (cls.example, cls.example_input) for name, cls in OPS.items() if "." not in name and cls.inputs != (0, 0)
    ]
    for text, shapes in [*examples, *((t, tuple(s)) for t, *s in CASES)]:
        op, operands = parse(text)
        wanted = tuple(shape_of(s) for s in shapes)[: len(operands) or None]
        if op.inputs != (0, 0):
            found |= helpers_in((op.module(*wanted), op.expr(*wanted), op.setup(*wanted)))
    return found


def test_helpers_are_formatted_typed_and_documented(tmp_path: Path) -> None:
    found = all_helpers()
    assert len(found) > 15
    for helper in found.values():
        assert '"""' in helper.source, helper.name
    page = tmp_path / "helpers.py"
    page.write_text(HEAD + "".join(f"\n\n{h.source}" for h in found.values()))
    root = Path(__file__).parents[2]
    for command in (
        ["ruff", "check", "--quiet", "--config", str(root / "pyproject.toml")],
        ["ruff", "format", "--quiet", "--check", "--diff", "--config", str(root / "pyproject.toml")],
        ["mypy", "--config-file", str(root / "pyproject.toml"), "--cache-dir", str(root / ".mypy_cache")],
    ):
        done = subprocess.run([sys.executable, "-m", *command, str(page)], capture_output=True, text=True, cwd=root)
        assert done.returncode == 0, f"{command}:\n{done.stdout}{done.stderr}"
