"""Import lines in the order in which isort has them."""

from __future__ import annotations

import sys
from collections.abc import Iterable

_FIRST = "from __future__"
_TORCH = ("torch", "triton", "netdsl")


def block(lines: Iterable[str]) -> list[str]:
    """The lines, each `import a`, `import a as b` or `from a import b, c`, merged, in groups with a blank between."""
    found: list[str] = []
    wanted = set(lines)
    for group in range(4):
        merged = _merged([line for line in wanted if _group(line) == group])
        found += [*([""] if found and merged else []), *merged]
    return found


def _group(line: str) -> int:
    """What changes the language, Python's own modules, then torch's, then those of plugins."""
    if line.startswith(_FIRST):
        return 0
    module = line.split()[1].split(".")[0]
    return 1 if module in sys.stdlib_module_names else 2 if module.startswith(_TORCH) else 3


def _merged(lines: list[str]) -> list[str]:
    """One line for each module, constants before classes before functions."""
    names: dict[str, list[str]] = {}
    for line in lines:
        if line.startswith("from "):
            module, _, rest = line.removeprefix("from ").partition(" import ")
            names.setdefault(module, []).extend(rest.split(", "))
    plain = sorted(line for line in lines if line.startswith("import "))
    for module in sorted(names):
        found = sorted(set(names[module]), key=lambda n: (not n.isupper(), not n[0].isupper(), n))
        plain.append(f"from {module} import {', '.join(found)}")
    return plain
