"""What a proof found: one record for every step and every way it was computed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from netdsl.graph import Graph, Node
from netdsl.runtime.proof.gates import Error, Gate


@dataclass(frozen=True, slots=True)
class Check:
    """A step (or `whole network`) computed one way, against torch's own operators.

    `way` names the arithmetic: `algebra float64`, `kernel ieee`. `place` is where the step's first operator stands in
    the text. `same` counts the steps that this one stands for. `note` says what else went wrong, or what was reduced.
    """

    step: str
    label: str
    place: str
    way: str
    error: Error
    gate: Gate
    same: int = 1
    note: str = ""

    @property
    def over(self) -> float:
        """The error in gates: up to 1 passes."""
        return self.error.over(self.gate)

    @property
    def passed(self) -> bool:
        return self.over <= 1

    def json(self) -> dict[str, Any]:
        return {
            "step": self.step,
            "label": self.label,
            "place": self.place,
            "way": self.way,
            "rms": _number(self.error.rms),
            "max": _number(self.error.largest),
            "gate": {"rms": self.gate.rms, "max": self.gate.largest},
            "passed": self.passed,
            "same": self.same,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True)
class Proof:
    """All checks of a network, in the order of its steps within each way; `steps` is how many kernels it launches."""

    network: str
    device: str
    steps: int
    operators: int
    checks: tuple[Check, ...]
    notes: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return all(check.passed for check in self.checks)

    @property
    def failures(self) -> tuple[Check, ...]:
        return tuple(check for check in self.checks if not check.passed)

    @property
    def worst(self) -> Check:
        return max(self.checks, key=lambda check: check.over)

    def ways(self) -> dict[str, tuple[Check, ...]]:
        """The checks by the way they computed, in the order they were made."""
        return {
            way: tuple(check for check in self.checks if check.way == way)
            for way in dict.fromkeys(check.way for check in self.checks)
        }

    def json(self) -> dict[str, Any]:
        return {
            "network": self.network,
            "device": self.device,
            "steps": self.steps,
            "operators": self.operators,
            "passed": self.passed,
            "worst": self.worst.json() if self.checks else None,
            "notes": list(self.notes),
            "first_failure": self.failures[0].json() if self.failures else None,
            "checks": [check.json() for check in self.checks],
        }


def place(node: Node) -> str:
    """`resnet.net:14:5`."""
    return str(node.spans.whole)


def label(graph: Graph, node: Node) -> str:
    return node.op.label() if node.op is not None else node.role


def _number(value: float) -> float | None:
    """JSON knows no infinity."""
    return value if value != float("inf") else None
