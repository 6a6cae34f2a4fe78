"""Every diagnostic code, with its title and the text of `netdsl explain`.

Codes are stable: one is never used again for something else. N1 syntax, N2 names and arguments, N3 values and
structure, N4 shapes and operators, N5 expectations, N6 limits and imports, N7 files, weights and images.
"""

from __future__ import annotations

from netdsl.codes import files, limits, meaning, names, shapes, syntax
from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
    **syntax.CODES,
    **names.CODES,
    **meaning.CODES,
    **shapes.CODES,
    **limits.CODES,
    **files.CODES,
}

__all__ = ["CODES", "Code"]
