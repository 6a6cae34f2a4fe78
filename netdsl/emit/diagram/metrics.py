"""How wide text is, by one table: the picture has the same measures on every machine, whatever fonts it has.

The widths are Helvetica's (Adobe's Core 14 metrics, in thousandths of the size), which Arial and Liberation Sans
share. Where a viewer has another font, the `textLength` that the SVG gives every text keeps it to these.
"""

from __future__ import annotations

import unicodedata

# fmt: off
_ASCII = (  # from space to ~
    278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278,
    556, 556, 556, 556, 556, 556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556,
    1015, 667, 667, 722, 722, 667, 611, 778, 722, 278, 500, 667, 556, 833, 722, 778,
    667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469, 556,
    333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556,
    556, 556, 333, 500, 278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
)
# fmt: on
_WIDTH = {chr(32 + i): width for i, width in enumerate(_ASCII)} | {"×": 584, "·": 278, "…": 1000, "−": 584}
_OTHER, _WIDE = 667, 1000


def text_width(text: str, size: float) -> float:
    """Pixels."""
    return sum(_WIDTH.get(c) or _guess(c) for c in text) * size / 1000


def _guess(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _OTHER
