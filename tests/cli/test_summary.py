"""`netdsl summary` as a command: its forms, its width, and what it says of a broken network."""

from __future__ import annotations

import csv
import fcntl
import io
import json
import os
import pty
import struct
import subprocess
import sys
import termios

import pytest

WIDE = "net n {{ input x: 3x8x8; output y = x -> conv(4, 3) -> relu -> {} }}\n"


def test_the_forms_are_those_of_the_library(netdsl, here):
    import netdsl as library

    summary = library.compile("tiny.net").summary(depth=1)
    assert netdsl("summary", "tiny.net", "--depth", "1").stdout == summary.to_text(120) + "\n"
    assert netdsl("summary", "tiny.net", "--json").stdout == summary.to_json() + "\n"
    assert netdsl("summary", "tiny.net", "--csv", "--depth", "1").stdout == summary.to_csv()
    assert netdsl("summary", "tiny.net", "--markdown", "--depth", "1").stdout == summary.to_markdown()


@pytest.mark.parametrize("columns", ["40", "72", "140"])
def test_it_is_as_wide_as_the_terminal(netdsl, here, monkeypatch, columns):
    monkeypatch.setenv("COLUMNS", columns)
    lines = netdsl("summary", "tiny.net").stdout.splitlines()
    assert max(map(len, lines)) == int(columns)


def test_a_broken_network_is_listed_and_its_mistakes_are_told(netdsl, here):
    (here / "broken.net").write_text(WIDE.format("linear(3)"))
    result = netdsl("summary", "broken.net")
    assert result.exit_code == 1
    assert [line.split()[0] for line in result.stdout.splitlines()[2:6]] == ["x", "conv", "relu", "linear"]
    assert "N4" in result.stdout
    assert "error[N4" in result.stderr


def test_a_broken_network_as_json_and_csv(netdsl, here):
    (here / "broken.net").write_text(WIDE.format("linear(3)"))
    result = netdsl("summary", "broken.net", "--json")
    assert result.exit_code == 1
    found = json.loads(result.stdout)
    assert [node["op"] for node in found["nodes"]] == ["conv", "relu"]
    ((code, line),) = [(part["code"], part["line"]) for part in found["broken"]]
    assert (code[:2], line) == ("N4", 1)
    rows = list(csv.DictReader(io.StringIO(netdsl("summary", "broken.net", "--csv").stdout)))
    assert rows[-1]["output"] == code


def test_a_text_that_cannot_be_read_has_no_table(netdsl, here):
    (here / "broken.net").write_text("net n {\n")
    result = netdsl("summary", "broken.net")
    assert (result.exit_code, result.stdout) == (1, "")


def test_a_name_that_is_not_known_leaves_what_came_before(netdsl, here):
    (here / "broken.net").write_text(WIDE.format("rellu"))
    result = netdsl("summary", "broken.net")
    assert (result.exit_code, "in what could be made of it" in result.stdout) == (1, True)
    assert "did you mean `relu`" in result.stderr


def test_it_fits_a_real_terminal(here):
    end, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 66, 0, 0))
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", "summary", "tiny.net", "--color", "never"],
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(terminal)
    shown = os.read(end, 1 << 16).decode()
    os.close(end)
    assert done.returncode == 0, done.stderr
    assert max(map(len, shown.splitlines())) == 66
