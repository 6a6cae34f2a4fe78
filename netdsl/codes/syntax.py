"""N1: syntax."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
    "N105": Code("unknown escape in a string", ""),
    "N106": Code("broken computed part of a string", ""),
    "N149": Code("unexpected text", ""),
}
