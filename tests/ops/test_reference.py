"""The reference page says what the declarations say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from netdsl.emit.reference import reference
from netdsl.ops import OPS
from netdsl.ops.op import attributes

PAGE = Path(__file__).parents[2] / "docs" / "operators.md"


def test_the_page_is_current(golden: Callable[[Path, str], None]) -> None:
    golden(PAGE, reference())


def test_the_command_prints_the_page() -> None:
    done = subprocess.run([sys.executable, "-m", "netdsl.emit.reference"], capture_output=True, text=True, check=True)
    assert done.stdout == reference()


def test_every_operator_and_attribute_is_there() -> None:
    page = reference()
    for name, cls in OPS.items():
        if "." not in name:
            section = page.split(f"\n### {name}\n")[1].split("\n### ")[0]
            assert all(f"| `{f.name}` |" in section for f in attributes(cls))
