"""N6: limits and imports."""

from __future__ import annotations

from netdsl.codes.entry import Code

CODES: dict[str, Code] = {
    "N602": Code("", ""),
    "N603": Code("", ""),
    "N604": Code("", ""),
    "N605": Code("", ""),
    "N606": Code("", ""),
    "N610": Code("", ""),
    "N611": Code("", ""),
    "N612": Code("", ""),
    "N613": Code("", ""),
    "N614": Code("", ""),
    "N615": Code("", ""),
}
