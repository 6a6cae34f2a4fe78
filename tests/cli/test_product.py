"""What `netdsl compile` writes, as those see it who receive it: another machine, another program."""

from __future__ import annotations

import os
import pty
import subprocess
import sys

import pytest

from tests.cli.texts import TINY

COMMENTED = f"## 3×3, naïve, Größe, 畳み込み.\n\n{TINY}"


def compiled(text: str, **environment: str) -> bytes:
    """The bytes on stdout of `netdsl compile -`."""
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", "compile", "-"],
        input=text.encode(),
        env={**os.environ, **environment},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_same_bytes_whatever_the_hash_seed_and_the_locale():
    first = compiled(COMMENTED, PYTHONHASHSEED="0")
    assert "畳み込み" in first.decode("utf-8")
    for environment in ({"PYTHONHASHSEED": "1"}, {"PYTHONIOENCODING": "ascii"}, {"LC_ALL": "C", "PYTHONUTF8": "0"}):
        assert compiled(COMMENTED, **environment) == first


def test_optimised_python_compiles_the_same():
    assert compiled(TINY, PYTHONOPTIMIZE="2") == compiled(TINY)


@pytest.mark.parametrize("example", ["lenet", "googlenet", "resnet18"])
def test_the_module_needs_torch_and_nothing_of_ours(netdsl, here, example):
    file = {"resnet18": "resnet"}.get(example, example)
    assert netdsl("compile", f"{file}.net", "--net", example, "-o", "emitted.py", "--plain").exit_code == 0
    program = (
        "import sys; sys.modules['netdsl'] = None\n"
        "import torch, emitted; from emitted import *\n"
        "module = globals()[emitted.__all__[0]]().eval()\n"
        "size = {'lenet': (1, 32, 32)}.get(sys.argv[1], (3, 224, 224))\n"
        "print(*module(torch.randn(1, *size)).shape)"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program, example], cwd=here, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout == ("1 10\n" if example == "lenet" else "1 1000\n")


def test_a_terminal_that_lacks_a_character_is_no_reason_to_fail(here):
    (here / "a.net").write_text(COMMENTED, encoding="utf-8")
    end, terminal = pty.openpty()
    done = subprocess.run(
        [sys.executable, "-m", "netdsl", "summary", "a.net"],
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        stdin=subprocess.DEVNULL,
        stdout=terminal,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(terminal)
    shown = os.read(end, 1 << 16)
    os.close(end)
    assert done.returncode == 0, done.stderr
    assert b"2,682 parameters" in shown
