"""Commands on nasty input: each in a child of its own, that must answer soon, in little memory, and in our words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cache

import pytest

from netdsl.cli.group import COMMANDS
from netdsl.native import library
from tests.children import Job, Outcome, Parent

SECONDS, MEMORY = 2.0, 512 << 20
WITH_TORCH = frozenset({"run", "verify"})


@pytest.fixture(scope="session")
def parents() -> Iterator[Callable[[bool], Parent]]:
    """The processes that fork, one without torch and one with it, made when they are first asked for."""

    @cache
    def parent(torch: bool) -> Parent:
        made.append(Parent(*(f"netdsl.cli.{name}" for name in COMMANDS), *COMPILER, *(RUNTIME if torch else ())))
        return made[-1]

    made: list[Parent] = []
    library()  # the engine's kernels are compiled once on a machine, and not while an answer is waited for
    yield parent
    for each in made:
        each.close()


COMPILER = (
    "netdsl.compiler",
    "netdsl.rendering",
    "netdsl.cli.failure",
    "netdsl.syntax.recover",
    "netdsl.syntax.format",
)
RUNTIME = ("netdsl.runtime.run", "safetensors.torch")


@pytest.fixture
def answers_to(parents, tmp_path) -> Callable[..., list[Outcome]]:
    """`answers_to([("check", "a.net"), ..])` runs the command lines, all at once, in an empty folder.

    Fails where one is not answered as promised.
    """

    def answer(lines: Sequence[tuple[str, ...]], **how) -> list[Outcome]:
        how.setdefault("cwd", str(tmp_path))
        outcomes: dict[int, Outcome] = {}
        for torch in (False, True):
            chosen = [i for i, line in enumerate(lines) if (line[0] in WITH_TORCH) == torch]
            if chosen:
                done = parents(torch).run(*(Job(tuple(lines[i]), **how) for i in chosen))
                outcomes |= dict(zip(chosen, done, strict=True))
        for number, outcome in outcomes.items():
            assert_answered(lines[number], outcome)
        return [outcomes[number] for number in range(len(lines))]

    return answer


@pytest.fixture
def answers(answers_to) -> Callable[..., Outcome]:
    """`answers("check", "a.net")`: as `answers_to`, for one line."""

    def answer(*line: str, **how) -> Outcome:
        (outcome,) = answers_to([line], **how)
        return outcome

    return answer


def assert_answered(line: tuple[str, ...], outcome: Outcome) -> None:
    said = outcome.stdout + outcome.stderr
    assert outcome.status in (0, 1, 2), (line, said[-2000:])
    assert "Traceback" not in said, line
    assert "internal error" not in said, line
    assert outcome.status == 0 or re.search(r"\bN\d{3}\b|Error: |would reformat", said), (line, said)
    assert outcome.seconds < SECONDS, line
    assert outcome.peak < MEMORY, line


def codes(outcome: Outcome) -> list[str]:
    """The codes of all the errors and warnings that were printed, in order."""
    return re.findall(r"^(?:.*: )?(?:error|warning)\[(N\d+)\]", outcome.stdout + outcome.stderr, re.MULTILINE)
