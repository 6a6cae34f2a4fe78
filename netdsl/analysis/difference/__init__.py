"""What two networks differ in."""

from __future__ import annotations

from netdsl.analysis.difference.difference import Difference

__all__ = ["Difference"]
