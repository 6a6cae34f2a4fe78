"""Long statements are split as `ruff format` splits them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

from netdsl.emit import python

LINES = Path(__file__).parents[1] / "golden" / "lines.py"
INDENT = 2  # of a method's body


def filled(text: str, length: int) -> str:
    """`text` with as many letters in the place of `~` as make it so long."""
    return text.replace("~", "n" * (length - len(text) + 1))


def statements() -> Iterator[str]:
    inner = python.WIDTH - 4 * (INDENT + 1)  # what a line inside of brackets holds
    for more in (-1, 0, 1, 2):
        whole = python.WIDTH - 4 * INDENT + more
        yield filled("self.conv = nn.Conv2d(channels, ~, stride=(2, 2))", whole)
        yield filled("return self.relu(x + self.branch[0](~))", whole)
        yield filled("x, y = self.block(self.head(x), torch.cat((x, y), 1), [1, ~])", whole)
        yield filled("x = first + self.second - ~", whole)
        yield filled("sizes = [in_channels, ~]", whole)
        yield filled("self.layers = nn.Sequential(~)", whole)
        yield filled("sizes = (1, ~)", whole)
        # The arguments on a line of their own, or one a line.
        yield f"x = self.layer({filled('x, y, alpha=~, beta=(1, 2)', inner + more)})"
        yield f"x = {filled('first + self.second - third * ~', inner + more)}"
        yield filled('raise ValueError(f"of [{x}, (but no sizes, ~", 4)', whole)
        # An argument that is arithmetic, at its weakest operators.
        for item in (
            "channels - growth * (index + 1) + widths[2 - index] + ~",
            "channels * (first + second) // ~",
            "channels * growth + ~ if index > 0 and growth > 1 else max(growth, channels) - 1",
            "index > 0 or ~ != channels",
            "index > 0 and (stride > 1 or ~ != channels) and channels > 1",
        ):
            yield f"self.conv = nn.Conv2d(channels, {filled(item, inner - 1 + more)}, kernel, bias=False)"
        yield f"self.conv = nn.Conv2d(channels, {filled('take(first + 1, second, ~)', inner - 1 + more)}, kernel)"


def shown() -> str:
    lines = ["class Block(nn.Module):", "    def forward(self, x):"]
    for statement in statements():
        lines += python.wrapped(statement, INDENT)
    return "\n".join(lines) + "\n"


def test_long_statements_are_split(golden: Callable[[Path, str], None]) -> None:
    golden(LINES, shown())


def test_the_formatter_leaves_them_alone() -> None:
    line = [sys.executable, "-m", "ruff", "format", "--isolated", "--line-length", str(python.WIDTH), "--diff", "-"]
    done = subprocess.run(line, input=shown(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
