"""N6: limits and imports."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {}
