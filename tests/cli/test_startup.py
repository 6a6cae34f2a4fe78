"""Start-up is a feature: what is not needed is not imported."""

from __future__ import annotations

import subprocess
import sys

import pytest

PROGRAM = """
import sys
try:
    from netdsl.cli import main
    main(sys.argv[1:])
except SystemExit as stop:
    assert not stop.code, stop.code
print(",".join(sorted(sys.modules)), file=sys.stderr)
"""


def loaded(*arguments: str, cwd=None) -> set[str]:
    """The modules that a command line imports."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *arguments], capture_output=True, text=True, check=True, cwd=cwd
    )
    return set(done.stderr.splitlines()[-1].split(","))


def test_help_imports_next_to_nothing():
    modules = loaded("--help")
    assert "click" in modules
    assert not modules & {"torch", "triton", "numpy", "networkx", "rich", "lark", "graphviz", "importlib.metadata"}
    assert {name for name in modules if name.startswith("netdsl.") and not name.startswith("netdsl.cli")} == set()


def test_explain_reads_no_network():
    assert not loaded("explain", "N702") & {"torch", "numpy", "networkx", "rich", "lark"}


def test_formatting_imports_neither_torch_nor_networkx(tmp_path):
    (tmp_path / "a.net").write_text("net a { input x: [3]; output y = x -> relu }\n")
    assert not loaded("fmt", "a.net", cwd=tmp_path) & {"torch", "numpy", "networkx", "rich"}


@pytest.mark.parametrize("command", ["check", "compile", "summary"])
def test_the_compiler_runs_without_torch(tmp_path, command):
    (tmp_path / "a.net").write_text("net a { input x: [3]; output y = x -> relu }\n")
    assert not loaded(command, "a.net", cwd=tmp_path) & {"torch", "triton", "numpy", "PIL", "safetensors"}


def test_kernels_are_handed_on_without_torch_and_only_where_they_are_wanted(tmp_path):
    (tmp_path / "a.net").write_text("net a { input x: 3x4x4; output y = x -> conv(2, 1) -> relu }\n")
    modules = loaded("compile", "a.net", "--standalone", cwd=tmp_path)
    assert not modules & {"torch", "triton", "numpy", "netdsl.kernels"}
    reader = "netdsl.emit.standalone"
    assert reader in modules
    assert reader not in loaded("compile", "a.net", cwd=tmp_path)


@pytest.mark.parametrize("arguments", [("a.net", "a.net"), ("a.net", "--passes")])
def test_networks_are_compared_without_torch(tmp_path, arguments):
    (tmp_path / "a.net").write_text("net a { input x: [3]; output y = x -> relu }\n")
    assert not loaded("diff", *arguments, cwd=tmp_path) & {"torch", "triton", "numpy", "PIL", "safetensors"}


def test_the_package_itself_costs_nothing():
    program = "import sys, netdsl; print(*sorted(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not set(done.stdout.split()) & {"torch", "numpy", "networkx", "rich", "lark", "click"}


def test_kinds_of_options_need_no_type_of_click():
    """An earlier click, as others may have installed it, has a `ParamType` that is not generic."""
    program = (
        "import importlib, click; click.ParamType.__class_getitem__ = None; from netdsl.cli.group import COMMANDS\n"
        "for name in COMMANDS: importlib.import_module(f'netdsl.cli.{name}')"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
