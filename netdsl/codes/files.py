"""N7: files, weights, images."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {}
