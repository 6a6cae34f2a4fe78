"""Texts that nobody should write: texts/*.net with the page of each beside it, NN being the group in groups.py.

Every command answers every text, these and the other wrong texts of the tests, within two seconds and 512 MiB.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from netdsl.cli.group import COMMANDS

HERE = Path(__file__).parent
TEXTS = sorted((HERE / "texts").glob("*.net"))
OTHERS = [
    *sorted((HERE.parent / "elaborate" / "errors").glob("*.net")),
    *sorted((HERE.parent / "mistakes").glob("*.net")),
]

# What follows a command on a text; {} is the text. A command that reads no network, or takes its time, says None.
LINES: dict[str, tuple[str, ...] | None] = {
    "compile": ("{}", "-o", "out.py"),
    "check": ("{}",),
    "summary": ("{}",),
    "draw": ("{}", "-o", "out.svg"),
    "fusion": ("{}",),
    "plan": ("{}",),
    "diff": ("{}", "{}"),
    "run": ("{}",),
    "verify": ("{}",),
    "bench": None,  # reads as `run` does, and what it then measures takes its time
    "fmt": ("{}", "--check"),
    "explain": None,
    "doctor": None,
}
READERS = [name for name in COMMANDS if LINES[name] is not None]
OUTPUTS = {"compile": "out.py", "draw": "out.svg"}


def line(command: str, text: Path) -> tuple[str, ...]:
    return (command, *(part.format(text) for part in LINES[command] or ()))


def networks(text: Path) -> list[str]:
    return re.findall(r"^net (\w+)", text.read_bytes().decode("latin-1"), re.MULTILINE)


@pytest.mark.parametrize("text", TEXTS, ids=lambda p: p.stem)
def test_the_page_is_the_one_that_was_reviewed(text: Path, answers, golden: Callable[[Path, str], None]) -> None:
    outcome = answers("check", text.name, cwd=str(text.parent))
    golden(text.with_suffix(".txt"), outcome.stdout + outcome.stderr)
    assert outcome.status == (1 if "error[" in outcome.stdout else 0)


@pytest.mark.parametrize("text", [*TEXTS, *OTHERS], ids=lambda p: p.stem)
def test_every_command_answers(text: Path, answers_to, tmp_path, counted) -> None:
    outcomes = answers_to([line(command, text) for command in READERS])
    counted("command lines on nasty texts", len(outcomes))
    refused = {command for command, outcome in zip(READERS, outcomes, strict=True) if outcome.status}
    refused -= {"draw"}  # which draws as much as there is
    assert {path.name for path in tmp_path.iterdir()} <= {OUTPUTS[name] for name in OUTPUTS if name not in refused}


@pytest.mark.parametrize("text", [text for text in TEXTS if len(networks(text)) > 1], ids=lambda p: p.stem)
def test_every_network_of_a_text_is_answered(text: Path, answers_to, counted) -> None:
    """A mistake in one must not hide what becomes of the others; and what compiles runs."""
    names = networks(text)
    outcomes = answers_to([(*line(command, text), "--net", name) for name in names for command in ("compile", "run")])
    counted("command lines on nasty texts", len(outcomes))
    assert [o.status for o in outcomes[::2]] == [o.status for o in outcomes[1::2]]
