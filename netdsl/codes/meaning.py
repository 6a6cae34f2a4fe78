"""N3 and N5: values, structure, expectations."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {}
