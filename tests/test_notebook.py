"""Networks in notebooks, in IPython's own shell: the cell magic, what objects show, how mistakes are told."""

from __future__ import annotations

import base64
import importlib
import re
import subprocess
import sys
from typing import Any

import pytest

import netdsl

NET = "net small(width = 8) { input x: 3x32x32; output y = x -> conv(width, 3) -> relu -> conv(4, 1) }\n"
WRONG = "net small { input x: 3x32x32; output y = x -> conv(8, 3) -> rellu }\n"


@pytest.fixture
def shell(tmp_path, monkeypatch):
    """IPython's shell with the extension, in an empty folder."""
    pytest.importorskip("IPython")
    from IPython.core.interactiveshell import InteractiveShell
    from IPython.core.profiledir import ProfileDir

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path))
    shell: Any = InteractiveShell(profile_dir=ProfileDir.create_profile_dir(str(tmp_path / "profile")))
    shell.history_manager.enabled = False
    shell.run_line_magic("load_ext", "netdsl")
    yield shell
    shell.run_line_magic("unload_ext", "netdsl")
    shell.history_manager.end_session()
    InteractiveShell.clear_instance()


def test_a_cell_binds_its_network_and_returns_it(shell):
    result = shell.run_cell(f"%%netdsl\n{NET}")
    assert result.success
    assert result.result is shell.user_ns["small"]
    assert result.result.summary().params == 8 * 27 + 8 + 4 * 8 + 4


def test_options_of_a_cell(shell, capsys):
    result = shell.run_cell(f"%%netdsl wide --set width=16 --quiet\n{NET}net other = small(4)\n")
    assert not result.success
    assert "they are `small`, `other`" in capsys.readouterr().out  # which of the two?
    result = shell.run_cell(f"%%netdsl wide --net small --set width=16 --quiet\n{NET}net other = small(4)\n")
    assert result.success
    assert result.result is None
    assert shell.user_ns["wide"].graph.nodes[1].shape == (16, 32, 32)


def test_an_input_gets_its_size(shell):
    text = "net n { input x: [3, H, W]; output y = x -> conv(8, 3) }\n"
    result = shell.run_cell(f"%%netdsl --input x=3x10x12\n{text}")
    assert result.result.graph.nodes[1].shape == (8, 10, 12)


def test_a_mistake_is_told_without_a_traceback(shell, capsys):
    result = shell.run_cell(f"%%netdsl\n{WRONG}")
    assert isinstance(result.error_in_exec, netdsl.NetdslError)  # so that a notebook stops here
    told = re.sub(r"\x1b\[[\d;]*m", "", capsys.readouterr().out)
    assert told.startswith("error[N201]: `rellu` is not an operator, a block or a value here\n --> <cell>:1:61\n")
    assert "did you mean `relu`?" in told
    assert "Traceback" not in told
    assert "small" not in shell.user_ns


def test_a_mistake_in_a_text_that_python_compiles_is_told_the_same_way(shell, capsys):
    shell.run_cell(f"import netdsl\nnetdsl.compile({WRONG!r})")
    told = capsys.readouterr().out
    assert "N201" in told
    assert "Traceback" not in told


def test_other_errors_have_their_traceback(shell, capsys):
    shell.run_cell("1 / 0")
    assert "Traceback" in capsys.readouterr().out


@pytest.mark.parametrize("line", ["--set width", "--set width=}", "a b", "--fast", "--input x=3xx4"])
def test_a_line_that_is_not_understood(shell, capsys, line):
    result = shell.run_cell(f"%%netdsl {line}\n{NET}")
    assert not result.success
    told = "".join(capsys.readouterr())
    assert "usage: %%netdsl" in told
    assert "Traceback" not in told


def test_imports_are_found_beside_the_notebook(shell, tmp_path):
    (tmp_path / "parts.net").write_text("block unit(n) = conv(n, 3) -> relu\n")
    result = shell.run_cell('%%netdsl\nimport "parts.net" as p\nnet n { input x: 3x8x8; output y = x -> p.unit(4) }\n')
    assert result.success


def test_warnings_are_told_and_do_not_stop(shell, capsys):
    text = "net n { input x: 3x8x8; output y = x -> add { conv(8, 3) -> relu; conv(8, 3) -> relu } }\n"
    result = shell.run_cell(f"%%netdsl\n{text}")
    assert result.success
    assert bool(result.result.warnings) == ("warning" in capsys.readouterr().err)


# ------------------------------------------------------------------------------------------------------------ objects


def test_a_network_shows_a_tree_a_picture_and_its_figures(shell):
    network = netdsl.compile(NET)
    data, _ = shell.display_formatter.format(network)
    assert set(data) == {"text/plain", "text/html", "image/svg+xml", "image/png"}
    assert "conv" in data["text/plain"]
    assert data["image/svg+xml"].startswith("<svg")
    assert data["image/png"][:4] == b"\x89PNG" or base64.b64decode(data["image/png"])[:4] == b"\x89PNG"
    inside = re.search(r'src="data:image/svg\+xml;base64,([^"]+)"', data["text/html"])
    assert inside is not None
    assert base64.b64decode(inside[1]).decode() == data["image/svg+xml"]
    assert f"{network.summary().params:,} parameters" in data["text/html"]


def test_only_what_is_asked_for_is_made():
    network = netdsl.compile(NET)
    assert set(network._repr_mimebundle_(include={"text/plain"})) == {"text/plain"}
    assert "image/png" not in network._repr_mimebundle_(exclude={"image/png"})


def test_without_a_layout_engine_the_figures_are_shown(monkeypatch):
    from netdsl.diagnostics import placeless

    def gone(*_: object) -> None:
        raise placeless("N741", "no engine")

    monkeypatch.setattr(importlib.import_module("netdsl.emit.diagram.place"), "layout", gone)
    network = netdsl.compile(NET)
    assert set(network._repr_mimebundle_()) == {"text/plain", "text/html"}
    assert network._repr_mimebundle_()["text/html"] == network.summary().to_html()


def test_a_summary_and_a_difference_show_themselves(shell):
    network, other = netdsl.compile(NET), netdsl.compile(NET, width=16)
    for thing in (network.summary(), network.diff(other)):
        data, _ = shell.display_formatter.format(thing)
        assert data["text/plain"] == str(thing)
        assert "<" in data["text/html"]


def test_a_script_draws_to_a_file(tmp_path):
    network = netdsl.compile(NET)
    network.draw(tmp_path / "x.svg")
    assert (tmp_path / "x.svg").read_text().startswith("<svg")


def test_the_package_does_not_import_ipython():
    program = "import sys, netdsl; netdsl.compile('net n { input x: [3]; output y = x -> relu }'); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "IPython" not in done.stdout.split()
