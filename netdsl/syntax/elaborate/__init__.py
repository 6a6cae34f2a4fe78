"""Tree to graph: names, values, blocks, shapes."""

from __future__ import annotations

import netdsl.ops  # noqa: F401 - fills the table of operators
from netdsl.syntax.elaborate.network import Elaboration, check_program, elaborate
from netdsl.syntax.elaborate.program import Program, choose, load, networks

__all__ = ["Elaboration", "Program", "check_program", "choose", "elaborate", "load", "networks"]
