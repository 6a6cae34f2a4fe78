"""netdsl in IPython and Jupyter: `%load_ext netdsl`, and then networks in cells of their own.

    %%netdsl
    net small { input x: 3x32x32; output y = x -> conv(8, 3) -> relu -> global_avg_pool -> linear(10) }

compiles the network, binds it to its name (or to the one behind `%%netdsl`) and shows it. Mistakes are shown as the
commands show them, in place of a traceback, and stop the run of a notebook as any error does. IPython is imported by
whoever loads this, and nowhere else.
"""

from __future__ import annotations

import argparse
import shlex
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from netdsl import compiler
from netdsl.cli.network import read_shape, read_value
from netdsl.diagnostics import NetdslError
from netdsl.rendering import render
from netdsl.syntax.read import from_text

if TYPE_CHECKING:
    from netdsl.compiler import Network


def load_ipython_extension(shell: Any) -> None:
    """What `%load_ext netdsl` calls: adds `%%netdsl`, and has mistakes shown without a traceback."""
    shell.register_magic_function(lambda line, cell: _cell(shell, line, cell), "cell", "netdsl")
    colored = str(getattr(shell, "colors", "")).lower() != "nocolor"
    # IPython asks an exception for this before it shows one.
    NetdslError._render_traceback_ = lambda error: [render(error.diagnostics, colored)]  # type: ignore[attr-defined]


def unload_ipython_extension(shell: Any) -> None:
    """What `%unload_ext netdsl` calls."""
    shell.magics_manager.magics["cell"].pop("netdsl", None)
    del NetdslError._render_traceback_  # type: ignore[attr-defined]


def _cell(shell: Any, line: str, cell: str) -> Network | None:
    """Compile a cell; the network is returned, and so shown, unless the line says `--quiet`."""
    options, folder = _options().parse_args(shlex.split(line)), Path.cwd()
    network = compiler.compile_source(
        from_text("<cell>", cell, folder / "<cell>"),
        folder,
        options.net,
        dict(options.inputs),
        dict(options.parameters),
    )
    if network.warnings:
        print(render(network.warnings), file=sys.stderr)
    shell.user_ns[options.variable or network.name] = network
    return None if options.quiet else network


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        from IPython.core.error import UsageError

        raise UsageError(f"{message}\n{self.format_usage().rstrip()}")


def _options() -> argparse.ArgumentParser:
    parser = _Parser("%%netdsl", add_help=False)
    parser.add_argument("variable", nargs="?", help="the Python variable; else the network's name")
    parser.add_argument("--net", help="the network of the cell")
    parser.add_argument("--set", dest="parameters", action="append", default=[], type=_assignment(read_value))
    parser.add_argument("--input", dest="inputs", action="append", default=[], type=_assignment(read_shape))
    parser.add_argument("--quiet", action="store_true", help="bind the network and show nothing")
    return parser


def _assignment(read: Any) -> Any:
    def parse(text: str) -> tuple[str, Any]:
        name, equals, value = text.partition("=")
        if not equals:
            raise argparse.ArgumentTypeError(f"{text!r} is not of the form name=value")
        try:
            return name.strip(), read(value.strip())
        except ValueError as error:
            raise argparse.ArgumentTypeError(str(error)) from None

    return parse
