"""What the commands return, whatever happens: 0 clean, 1 the user's file, 2 misuse, 70 our bug, 130 interrupted."""

from __future__ import annotations

import signal
import subprocess
import sys

import pytest

from netdsl import compiler
from netdsl.cli.group import COMMANDS
from netdsl.diagnostics import InternalError


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--version"], *([name, "--help"] for name in COMMANDS)])
def test_help_is_clean(netdsl, arguments):
    result = netdsl(*arguments)
    assert result.exit_code == 0
    assert result.stdout
    assert not result.stderr


@pytest.mark.parametrize(
    "arguments",
    [
        ["compil", "tiny.net"],
        ["compile"],
        ["compile", "tiny.net", "--frobnicate"],
        ["compile", "tiny.net", "-o", "tiny.txt"],
        ["compile", "tiny.net", "--set", "classes"],
        ["compile", "tiny.net", "--set", "classes=seven of them"],
        ["compile", "tiny.net", "--set", "classes=1e999"],
        ["compile", "tiny.net", "--set", "2=3"],
        ["compile", "tiny.net", "--input", "image=three"],
        ["compile", "tiny.net", "--input", "image=3x-8x8"],
        ["check", "tiny.net", "--output-format", "xml"],
        ["check"],
        ["fmt"],
        ["run", "tiny.net", "--batch", "0"],
        ["run", "tiny.net", "--dtype", "int8"],
        ["summary", "tiny.net", "--depth", "0"],
        ["explain", "N999"],
        ["--color", "sometimes", "doctor"],
    ],
)
def test_misuse_is_2_and_says_how(netdsl, arguments):
    result = netdsl(*arguments)
    assert result.exit_code == 2
    assert not result.stdout
    assert "Error: " in result.stderr


def test_a_slip_of_the_pen_gets_a_suggestion(netdsl):
    assert "'compile'" in netdsl("compil").stderr
    assert "--output-format" in netdsl("check", "--outputformat", "json").stderr


@pytest.mark.parametrize("command", ["compile", "check", "summary", "run", "fmt"])
def test_a_missing_file_is_1(netdsl, command):
    result = netdsl(command, "missing.net")
    assert result.exit_code == 1
    assert "N180" in result.output
    assert "missing.net" in result.output


@pytest.mark.parametrize("command", ["compile", "check", "summary", "run"])
def test_a_mistake_in_the_text_is_1(netdsl, command):
    result = netdsl(command, "wrong.net")
    assert result.exit_code == 1
    assert "`rellu`" in result.output
    assert "wrong.net:3" in result.output
    assert "\x1b" not in result.output


def _raise(error):
    def fail(*arguments, **named):
        raise error

    return fail


def test_our_bug_is_70_and_shows_the_graph(netdsl, monkeypatch):
    monkeypatch.setattr(compiler, "compile_source", _raise(InternalError("shapes differ", "net tiny { .. }")))
    result = netdsl("compile", "tiny.net")
    assert result.exit_code == 70
    assert not result.stdout
    assert "shapes differ" in result.stderr
    assert "net tiny { .. }" in result.stderr
    assert "a bug in netdsl" in result.stderr


@pytest.mark.parametrize("error", [RuntimeError("boom"), KeyError("boom"), RecursionError("boom"), MemoryError("boom")])
def test_any_other_exception_is_our_bug_too(netdsl, monkeypatch, error):
    monkeypatch.setattr(compiler, "compile_source", _raise(error))
    result = netdsl("compile", "tiny.net")
    assert result.exit_code == 70
    assert "boom" in result.stderr
    assert "a bug in netdsl" in result.stderr


def test_what_the_system_refuses_is_no_bug_of_ours(netdsl, monkeypatch):
    monkeypatch.setattr(compiler, "compile_source", _raise(OSError(24, "Too many open files", "a\x1b.net")))
    result = netdsl("compile", "tiny.net")
    assert result.exit_code == 1
    assert "error[N708]: the operating system refused: `a<U+001B>.net`: too many open files" in result.stderr


@pytest.mark.parametrize("place", ["before", "after"])
def test_debug_shows_the_traceback(netdsl, monkeypatch, place):
    monkeypatch.setattr(compiler, "compile_source", _raise(RuntimeError("boom")))
    line = ["--debug", "compile", "tiny.net"] if place == "before" else ["compile", "tiny.net", "--debug"]
    result = netdsl(*line)
    assert result.exit_code == 70
    assert "Traceback" in result.stderr


def test_an_interrupt_is_130(netdsl, monkeypatch):
    monkeypatch.setattr(compiler, "compile_source", _raise(KeyboardInterrupt()))
    result = netdsl("compile", "tiny.net")
    assert result.exit_code == 130
    assert not result.stdout


def test_a_reader_that_goes_away_is_not_worth_a_word():
    program = [sys.executable, "-m", "netdsl", "explain"]
    with subprocess.Popen(program, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()  # before the first line is written, and therefore before all of them
        assert process.stderr.read() == b""
        assert process.wait() == 141


@pytest.mark.parametrize(("number", "status"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_request_to_stop_is_quiet(number, status):
    program = [sys.executable, "-m", "netdsl", "check", "-"]
    with subprocess.Popen(program, stdin=subprocess.PIPE, stderr=subprocess.PIPE, env={"PYTHONUNBUFFERED": "1"}) as run:
        assert run.stdin is not None
        assert run.stderr is not None
        run.stdin.write(b"net ")
        run.stdin.flush()
        with pytest.raises(subprocess.TimeoutExpired):
            run.wait(1.5)  # it is waiting for the rest
        run.send_signal(number)
        assert run.wait(10) == status
        assert b"Traceback" not in run.stderr.read()
