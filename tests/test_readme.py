"""The README is true: what it shows is what happens. `pytest --update-golden tests/test_readme.py` shows it anew."""

from __future__ import annotations

import ast
import contextlib
import io
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner

from netdsl.cli import main
from netdsl.cli.group import COMMANDS
from netdsl.diagnostics import NetdslError

README = Path(__file__).parents[1] / "README.md"
FENCE = re.compile(r"^```(?P<kind>\w+) ?(?P<name>\S*)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)


def retold(text: str) -> str:
    """The README with every output in it produced again, in the present folder."""
    names: dict[str, object] = {}

    def retell(fence: re.Match[str]) -> str:
        kind, name, content = fence["kind"], fence["name"], fence["content"]
        if kind == "net":
            Path(name).write_text(content, encoding="utf-8")
        elif kind == "console":
            content = keep_times(content, "".join(shell(line) for line in content.splitlines() if line[:2] == "$ "))
        elif kind == "pycon":
            content = "".join(interpreter(line, names) for line in content.splitlines() if line[:4] == ">>> ")
        return f"```{kind}{' ' if name else ''}{name}\n{content}```"

    return FENCE.sub(retell, text)


def shell(line: str) -> str:
    program, *arguments = shlex.split(line[2:])
    assert program == "netdsl"
    result = CliRunner().invoke(main, arguments)
    assert result.exit_code in (0, 1), result.output
    return f"{line}\n{result.output.rstrip()}\n"


def interpreter(line: str, names: dict[str, object]) -> str:
    """One line at Python's prompt. A NetdslError shows its message, as the last line of a traceback would."""
    shown = io.StringIO()
    with contextlib.redirect_stdout(shown):
        try:
            expression = isinstance(ast.parse(line[4:]).body[0], ast.Expr)
            exec(compile(line[4:], "<README>", "single" if expression else "exec"), names)
        except NetdslError as error:
            print(f"netdsl.diagnostics.NetdslError: {error}")
    return f"{line}\n{shown.getvalue()}"


def keep_times(old: str, new: str) -> str:
    """Times differ from run to run; a line that tells one stays as it was."""
    told = re.search(r"^time .*$", old, re.MULTILINE)
    return re.sub(r"^time .*$", told[0], new, flags=re.MULTILINE) if told else new


def test_what_the_readme_shows_is_what_happens(tmp_path, monkeypatch, golden):
    monkeypatch.chdir(tmp_path)
    golden(README, retold(README.read_text(encoding="utf-8")))


def test_a_false_readme_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    text = README.read_text(encoding="utf-8")
    assert retold(text.replace("linear(classes)", "linear(classes + 1)")) != text


def test_the_readme_names_every_command():
    text = README.read_text(encoding="utf-8")
    assert [name for name in COMMANDS if f"`netdsl {name}" not in text] == []


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README.read_text(encoding="utf-8")))
def test_every_link_leads_somewhere(link):
    assert (README.parent / link).exists()
