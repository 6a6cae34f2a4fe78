"""Running a command line as a user would."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from netdsl.cli import main
from tests.cli.texts import TINY, WRONG


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty present folder with tiny.net and wrong.net in it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "tiny.net").write_text(TINY)
    (tmp_path / "wrong.net").write_text(WRONG)
    return tmp_path


@pytest.fixture
def netdsl(here: Path) -> Callable[..., Result]:
    """`netdsl("compile", "tiny.net")` gives exit_code, stdout and stderr."""

    def run(*arguments: str, input: str | bytes | None = None) -> Result:
        result = CliRunner().invoke(main, arguments, input=input)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        assert "Traceback" not in result.output or "--debug" in arguments
        return result

    return run
