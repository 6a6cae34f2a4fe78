"""The world around a command (groups 65 to 68, 74): names of files, streams, folders, environment, what was typed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.nasty.conftest import codes

GOOD = "net n { input x: 3x8x8; output y = x -> conv(4, 3) -> relu }\n"
WRONG = GOOD.replace("relu", "rellu")
PAIR = "net pair { input left, right: [4]; output sum = left + right }\n"


@pytest.fixture(autouse=True)
def texts(tmp_path: Path) -> Path:
    for name, text in (("good", GOOD), ("wrong", WRONG), ("pair", PAIR)):
        (tmp_path / f"{name}.net").write_text(text)
    return tmp_path


def shell(folder: Path, line: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """`line` in a shell, where `netdsl` is this one."""
    return subprocess.run(
        ["/bin/sh", "-c", line.replace("netdsl", f"{sys.executable} -m netdsl")],
        cwd=folder,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        errors="backslashreplace",
        check=False,
    )


# ------------------------------------------------------------------------------------------------- names of files

ODD = ["\udcff", "x\x1b[31m", "new\nline", "\u202e", '"""\nimport os #', "# coding: utf-7", "%s{0}", "\\", " ", "é"]


@pytest.mark.parametrize("name", ODD, ids=ascii)
def test_a_name_is_never_obeyed(name, answers_to, texts):
    """Neither the bytes of another encoding nor what a terminal or Python would obey make a difference."""
    file = f"n{name}.net"
    (texts / file).write_text(WRONG)
    styles = ("full", "concise", "json", "github", "sarif")
    outcomes = answers_to([("check", file, "--output-format", style) for style in styles])
    (texts / file).write_text(GOOD)
    compiled, written, missing = answers_to(
        [("compile", file), ("compile", file, "-o", f"{name}.py"), ("check", f"{name}!")]
    )
    assert [outcome.status for outcome in (*outcomes, compiled, written, missing)] == [*[1] * 5, 0, 0, 1]
    assert len(outcomes[1].stdout.splitlines()) == 1
    for outcome in (*outcomes, compiled, written, missing):
        assert not set("\x1b\u202e") & set(outcome.stdout + outcome.stderr)
    compile(compiled.stdout, "n.py", "exec")


@pytest.mark.parametrize("command", ["check", "compile", "fmt", "run"])
def test_a_name_that_no_disk_takes(command, answers):
    outcome = answers(command, "n" * 300 + ".net")
    assert outcome.status == 1
    assert codes(outcome)[0] in ("N180", "N708")


@pytest.mark.parametrize("option", ["--image", "--weights"])
def test_an_input_that_no_disk_takes(option, answers):
    assert codes(answers("run", "good.net", option, "n" * 300))[0] in ("N706", "N708")


# ---------------------------------------------------------------------------------------------------- where output goes


@pytest.mark.parametrize(
    ("output", "code"),
    [
        ("n" * 300 + ".py", "N705"),
        ("folder", "N701"),
        ("", "N701"),
        ("..", "N701"),
        ("missing/n.py", "N701"),
        ("good.net/n.py", "N701"),
        ("circle.py", "N705"),
        ("link.py", "N701"),
        ("mine.py", "N702"),
        ("same.py", "N703"),
        ("torch.py", "N704"),
        ("folder/../torch.py", "N704"),
        ("sitecustomize.py", "N704"),
        ("/dev/full", "N705"),
    ],
)
def test_an_output_that_cannot_be(output, code, answers, texts):
    (texts / "folder").mkdir()
    (texts / "mine.py").write_text("print('mine')\n")
    (texts / "circle.py").symlink_to("circle.py")
    (texts / "link.py").symlink_to("/etc/hostname")
    (texts / "same.py").symlink_to("good.net")
    before = sorted(texts.iterdir())
    outcome = answers("compile", "good.net", "-o", output)
    assert outcome.status == 1
    assert codes(outcome) == [code]
    assert sorted(texts.iterdir()) == before
    assert (texts / "mine.py").read_text() == "print('mine')\n"
    assert (texts / "good.net").read_text() == GOOD


def test_a_dash_is_no_file(answers, texts):
    assert answers("compile", "good.net", "-o", "-").stdout.startswith('"""n')
    assert not (texts / "-").exists()


# ------------------------------------------------------------------------------------------------------------ streams


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("netdsl check wrong.net >&-", 1),
        ("netdsl check wrong.net 2>&-", 1),
        ("netdsl compile good.net >&-", 0),
        ("netdsl compile good.net -o out.py >&- 2>&- <&-", 0),
        ("netdsl compile - <&-", 1),
        ("netdsl compile good.net >/dev/full", 1),
        ("netdsl check wrong.net >/dev/full", 1),
        ("netdsl --help >/dev/full", 1),
        ("netdsl compile - </dev/zero", 1),
    ],
)
def test_streams_that_are_closed_or_full(texts, line, status):
    done = shell(texts, line)
    assert done.returncode == status, done.stderr
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    if "/dev/full" in line:
        assert "error[N708]" in done.stderr
    if "out.py" in line:
        compile((texts / "out.py").read_text(), "out.py", "exec")


def test_a_folder_that_is_gone(texts):
    (texts / "gone").mkdir()
    done = shell(texts / "gone", "rmdir ../gone; netdsl check ../good.net; netdsl check good.net; netdsl compile -")
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "internal error" not in done.stderr
    assert "error[N" in done.stdout + done.stderr


# -------------------------------------------------------------------------------------------------------- environment


@pytest.mark.parametrize(
    "environment",
    [
        {"LC_ALL": "C", "PYTHONUTF8": "0"},
        {"PYTHONOPTIMIZE": "2"},
        {"PYTHONWARNINGS": "error"},
        {"XDG_CACHE_HOME": "/dev/null", "HOME": ""},
        {"COLUMNS": "-5", "TERM": ""},
    ],
    ids=str,
)
def test_an_environment_changes_no_answer(texts, environment):
    line = "netdsl check good.net wrong.net; netdsl summary good.net; netdsl compile good.net"
    changed, plain = shell(texts, line, **environment), shell(texts, line)
    assert "112 parameters" in plain.stdout
    assert (changed.stdout, changed.stderr, changed.returncode) == (plain.stdout, plain.stderr, 0)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")
def test_a_folder_where_nothing_may_be_written(answers, texts):
    texts.chmod(0o500)
    try:
        assert answers("compile", "good.net").status == 0
        assert codes(answers("compile", "good.net", "-o", "out.py")) == ["N705"]
    finally:
        texts.chmod(0o700)


@pytest.mark.parametrize(
    "name", ["netdsl.toml", ".netdslrc", "setup.cfg", "pyproject.toml", "netdsl.cfg", "conftest.py"]
)
def test_a_folder_raises_no_limit(name, answers, texts):
    """There is no configuration to find: limits stand in the program."""
    (texts / name).write_text("[tool.netdsl]\nmax_nodes = 1000000000\nplugins = ['evil']\n")
    (texts / "sitecustomize.py").write_text("open('ran', 'w')\n")
    (texts / "evil.py").write_text("open('ran', 'w')\n")
    (texts / "deep.net").write_text("net n { input x: [3]; output y = x -> repeat 10001 { relu } }\n")
    assert codes(answers("compile", "deep.net")) == ["N610"]
    assert answers("compile", "good.net").status == 0
    assert not (texts / "ran").exists()


# ---------------------------------------------------------------------------------------------------- what was typed


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (("run", "good.net", "--device", "cuda:9"), 2),
        (("run", "good.net", "--dtype", "int8"), 2),
        (("run", "good.net", "--batch", "0"), 2),
        (("run", "good.net", "--batch", "9" * 50), 1),
        (("run", "good.net", "--image", "/dev/zero"), 1),
        (("run", "good.net", "--image", ""), 1),
        (("run", "good.net", "--weights", "/dev/null"), 1),
        (("run", "pair.net", "--image", "good.net"), 1),
        (("summary", "good.net", "--set", "__class__=3"), 1),
        (("summary", "good.net", "--input", "x=99999999999x1x1"), 1),
        (("summary", "good.net", "--input", "x=3"), 1),
        (("summary", "good.net", "--depth", "9" * 40), 0),
        (("summary", "good.net", "--net", ""), 1),
        (("summary", "good.net", "--net", "../n"), 1),
        (("check", "good.net", "--plugin", ""), 1),
        (("check", "good.net", "--plugin", ".."), 1),
        (("check", "good.net", "--plugin", "\x1b"), 1),
        (("check", "good.net", "--root", "missing"), 2),
        (("explain", "\x1b[31m"), 2),
        (("--unknown",), 2),
        (("",), 2),
        (("compile", "."), 1),
        (("compile", ""), 1),
    ],
    ids=lambda value: " ".join(value)[:40] if isinstance(value, tuple) else str(value),
)
def test_what_was_typed_is_answered(line, status, answers):
    outcome = answers(*line)
    assert outcome.status == status
    assert "\x1b" not in outcome.stdout + outcome.stderr
