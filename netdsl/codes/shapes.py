"""N4: shapes and operators."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {}
