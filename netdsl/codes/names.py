"""N2: names and arguments."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {}
