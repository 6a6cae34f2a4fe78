"""What all tests share: golden files, what a run counted, the gpu marker, one profile of Hypothesis, one thread."""

from __future__ import annotations

import difflib
import gc
import os
import signal
import tempfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

import hypothesis
import pytest

from tests import turns

# The same examples everywhere and every time; `-m nightly` searches further.
hypothesis.settings.register_profile("fixed", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.load_profile("fixed")

# Before torch is imported, here and in subprocesses: the networks of the tests are small, and threads that wait for one
# another on a busy machine make them a hundred times slower.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# Tables are as wide as where there is no terminal, whoever runs the tests.
os.environ.pop("COLUMNS", None)


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--update-golden", action="store_true", help="rewrite the golden files instead of comparing")


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--update-golden") and os.environ.get("CI"):
        raise pytest.UsageError("golden files are not updated in CI")
    # A shell has its jobs in the background ignore this, and so would all that they start.
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    # What engines remember is kept apart from what those of the user do, here and in subprocesses.
    if "NETDSL_CACHE" not in os.environ:
        folder = tempfile.TemporaryDirectory(prefix="netdsl-tests-")
        config.add_cleanup(folder.cleanup)
        os.environ["NETDSL_CACHE"] = folder.name
    # Before triton is imported: its kernels run on the CPU, in its interpreter, unless the GPU's tests are asked for.
    if config.getoption("markexpr") not in ("gpu", "gpu and not nightly"):
        os.environ.setdefault("TRITON_INTERPRET", "1")


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    return turns.scheduler(config, log) if config.getoption("dist") == "load" else None  # what `-n` alone asks for


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: turns.rank(item.nodeid))
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if not marked:
        return
    import torch

    if not torch.cuda.is_available():
        for item in marked:
            item.add_marker(pytest.mark.skip(reason="needs an NVIDIA GPU"))


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[Path, str], None]:
    """`golden(path, text)` compares `text` with the file at `path` and fails with the difference.

    With --update-golden it writes the file instead.
    """

    def compare(path: Path, text: str) -> None:
        if request.config.getoption("--update-golden"):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.exists(), f"no golden file {path}; make it with --update-golden"
        wanted = path.read_text(encoding="utf-8")
        if text != wanted:
            lines = difflib.unified_diff(wanted.splitlines(), text.splitlines(), str(path), "now", lineterm="")
            pytest.fail("\n".join(lines), pytrace=False)

    return compare


@pytest.fixture
def unburdened() -> Iterator[None]:
    """A collection of garbage looks at what the test makes alone, and not at all that tests before it keep."""
    gc.freeze()
    yield
    gc.unfreeze()


# -------------------------------------------------------------------------------------------------- what was counted


@pytest.fixture
def counted(request: pytest.FixtureRequest) -> Callable[[str, int | str], None]:
    """`counted("mutated texts", 10_000)` has the end of the run say how many there were, all tests together.

    Texts are shown as they are: `counted("deletions reported within a line", "97.3 %")`.
    """

    def count(what: str, figure: int | str) -> None:
        request.node.user_properties.append(("counted", (what, figure)))  # reaches the terminal through xdist too

    return count


def totals(properties: Iterable[tuple[str, Any]]) -> dict[str, str]:
    """What tests counted, by what it was: numbers added up, of texts each that differs."""
    numbers: dict[str, int] = {}
    texts: dict[str, dict[str, None]] = {}
    for name, value in properties:
        if name != "counted":
            continue
        what, figure = value
        if isinstance(figure, int):
            numbers[what] = numbers.get(what, 0) + figure
        else:
            texts.setdefault(what, {})[figure] = None
    told = {what: f"{number:,}" for what, number in numbers.items()}
    return dict(sorted((told | {what: ", ".join(figures) for what, figures in texts.items()}).items()))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    reports = [r for kind in ("passed", "failed") for r in terminalreporter.stats.get(kind, [])]
    properties = [p for r in reports if r.when == "call" for p in r.user_properties]
    if told := totals(properties):
        terminalreporter.section("counted")
        width = max(map(len, told.values()))
        for what, figure in told.items():
            terminalreporter.write_line(f"{figure:>{width}}  {what}")
