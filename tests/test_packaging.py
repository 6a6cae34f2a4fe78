"""The wheel holds all that the program needs, and the pins hold all that is installed."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from itertools import chain
from pathlib import Path

import pytest

import netdsl

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
PINS = dict(
    line.lower().split("==") for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")
)


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the content of the wheel, far from the checkout."""
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "site")
    return folder / "site"


def files_under(folder):
    """The files of a folder and its folders, but for what Python leaves behind."""
    return {
        str(path.relative_to(folder))
        for path in folder.rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }


def test_the_wheel_holds_grammar_examples_and_licence(installed):
    assert (installed / "netdsl" / "grammars" / "netdsl.lark").is_file()
    assert (installed / "netdsl" / "py.typed").is_file()
    assert files_under(ROOT / "examples") == files_under(installed / "netdsl" / "examples")
    (metadata,) = installed.glob("netdsl-*.dist-info")
    assert "Apache License" in (metadata / "licenses" / "LICENSE").read_text()
    assert "License-Expression: Apache-2.0" in (metadata / "METADATA").read_text()
    assert f"Version: {netdsl.__version__}" in (metadata / "METADATA").read_text()
    assert not list(installed.rglob("*.tmp"))
    assert not (installed / "tests").exists()


def test_the_wheel_compiles_its_examples_far_from_the_checkout(installed, tmp_path):
    program = "import netdsl, sys; print(netdsl.__file__); from netdsl.cli import main; main(sys.argv[1:])"
    done = subprocess.run(
        [sys.executable, "-c", program, "compile", "googlenet.net", "--standalone"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(installed)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    where, _, module = done.stdout.partition("\n")
    assert Path(where).is_relative_to(installed)
    assert "class GoogLeNet" in module or "class Googlenet" in module
    assert "def conv_pointer(" in module


def test_every_dependency_is_pinned():
    project = PROJECT["project"]
    requirements = [*project["dependencies"], *chain.from_iterable(project["optional-dependencies"].values())]
    names = {re.split(r"[ <>=;\[]", requirement)[0].lower() for requirement in requirements}
    assert names - {"netdsl"} <= PINS.keys()


def test_a_bare_torch_never_pulls_another():
    """torch is installed first and alone, at the very pin that the constraints hold."""
    makefile = (ROOT / "Makefile").read_text()
    assert makefile.index("'$(TORCH)'") < makefile.index("'.[run]'")
    assert PINS["torch"] == "2.13.0"
    assert PINS["triton"] == "3.7.1"
