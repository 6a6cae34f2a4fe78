"""Who offers to compute a task, the best guess first: what is taken where nothing is measured."""

from __future__ import annotations

from netdsl.runtime.engine import onednn, plain
from netdsl.runtime.engine.candidate import Candidate
from netdsl.runtime.engine.task import Task


def candidates(task: Task) -> list[Candidate]:
    """At least one, each with a name of its own."""
    if task.device.type == "cuda":
        from netdsl.runtime.engine import triton

        return [*triton.candidates(task), *plain.candidates(task)]
    return [*onednn.candidates(task), *plain.candidates(task)]
