"""What two networks differ in."""

from __future__ import annotations

from netdsl.analysis.difference.difference import Difference, compare

__all__ = ["Difference", "compare"]
