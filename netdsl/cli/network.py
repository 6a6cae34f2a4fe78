"""The part of a command line that names a network: FILE, --net, --set, --input, --plugin."""

from __future__ import annotations

import contextlib
import functools
import json
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from netdsl.cli.command import ParamType, Settings, say

if TYPE_CHECKING:
    from netdsl.compiler import Network
    from netdsl.source import Source


@dataclass(frozen=True, slots=True)
class Request:
    """Which network the user asked for."""

    file: str
    net: str | None
    parameters: dict[str, Any]
    inputs: dict[str, tuple[int, ...]]
    plugins: tuple[str, ...]
    root: Path | None
    settings: Settings

    @property
    def path(self) -> Path | None:
        """The file, where it is not stdin."""
        return None if self.file == "-" else Path(self.file)

    def compile(self) -> Network:
        """Compile it; warnings go to stderr. Raises NetdslError."""
        from netdsl import compiler

        import_plugins(self.plugins)
        source, root = read(self.file, self.root)
        network = compiler.compile_source(source, root, self.net, self.inputs, self.parameters)
        if network.warnings:
            from netdsl.cli.failure import show

            show(network.warnings, self.settings)
        return network


def read(file: str, root: Path | None) -> tuple[Source, Path]:
    """The text meant by `file`, and the folder that its imports stay inside. Raises NetdslError."""
    from netdsl.syntax.limits import MAX_BYTES
    from netdsl.syntax.read import from_bytes, read_source

    if file == "-":
        return from_bytes("<stdin>", sys.stdin.buffer.read(MAX_BYTES + 1)), root or Path()
    path = find(file)
    return read_source(path), root or path.parent


def reads_network(default: Callable[[], str] | None = None) -> Callable[[Callable[..., Any]], Any]:
    """Give a command the options above; it is called with a `Request` first. FILE may be left out given a default."""
    file = click.argument("file") if default is None else click.argument("file", default=default)

    def decorate(function: Callable[..., Any]) -> Any:
        @functools.wraps(function)
        def call(
            *,
            file: str,
            net: str | None,
            parameters: tuple[tuple[str, Any], ...],
            inputs: tuple[tuple[str, tuple[int, ...]], ...],
            plugins: tuple[str, ...],
            root: Path | None,
            **rest: Any,
        ) -> Any:
            settings = click.get_current_context().ensure_object(Settings)
            return function(Request(file, net, dict(parameters), dict(inputs), plugins, root, settings), **rest)

        for option in reversed(
            (
                file,
                click.option("--net", metavar="NAME", help="The network to take from the file."),
                set_option,
                input_option,
                plugin_option,
                root_option,
            )
        ):
            call = option(call)
        return call

    return decorate


plugin_option = click.option(
    "--plugin", "plugins", multiple=True, metavar="MODULE", help="Import a Python module that adds operators."
)
root_option = click.option(
    "--root",
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="The folder that imports stay inside (else that of FILE).",
)


class Assignment(ParamType):
    """`name=value`, the value read by `read`, which raises ValueError saying what is wanted."""

    name = "name=value"

    def __init__(self, read: Callable[[str], Any]) -> None:
        self.read = read

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value
        name, equals, text = str(value).partition("=")
        if not equals or not name.strip().isidentifier():
            self.fail(f"{value!r} is not of the form name=value", param, ctx)
        try:
            return name.strip(), self.read(text.strip())
        except ValueError as error:
            self.fail(f"{name.strip()}: {error}", param, ctx)


def read_value(text: str) -> Any:
    """A number, true or false, a size like 3x3, a list of these, or a text (in quotes unless it is a plain word)."""
    if re.fullmatch(r"\d+(x\d+)+", text):
        return read_shape(text)
    if re.fullmatch(r"[A-Za-z_]\w*", text) and text not in ("true", "false"):
        return text
    try:
        return _plain(json.loads(text, parse_constant=_not_finite))
    except (ValueError, RecursionError):
        raise ValueError(f"{text!r} is not a number, true, false, a size like 3x3, or a list of these") from None


def _plain(value: Any) -> Any:
    if isinstance(value, list):
        return tuple(_plain(v) for v in value)
    if value is None or isinstance(value, dict) or value in (float("inf"), float("-inf")):
        raise ValueError
    return value


def _not_finite(text: str) -> Any:
    raise ValueError


def read_shape(text: str) -> tuple[int, ...]:
    """`3x256x256` or `[3, 256, 256]`."""
    plain = text.removeprefix("[").removesuffix("]").replace(",", "x").replace("×", "x")
    if not re.fullmatch(r"\s*\d{1,18}\s*(x\s*\d{1,18}\s*)*", plain, re.ASCII):
        raise ValueError(f"{text!r} is not a size, such as 3x256x256")
    return tuple(int(part) for part in plain.split("x"))


set_option = click.option(
    "--set",
    "parameters",
    multiple=True,
    type=Assignment(read_value),
    help="Give a network's parameter a value: --set classes=10.",
)
input_option = click.option(
    "--input",
    "inputs",
    multiple=True,
    type=Assignment(read_shape),
    help="Give an input its size: --input image=3x256x256.",
)


def find(file: str) -> Path:
    """The file meant by `file`: itself, or the example that bears its name where no such file stands."""
    path = Path(file)
    if path.exists() or path.parent != Path():
        return path
    example = examples() / path.name
    if path.suffix != ".net" or not example.is_file():
        return path
    say(f"netdsl: there is no {file} here; taking the example of that name")
    return example


def examples() -> Path:
    """The folder of the examples: in the installed package, or at the top of a checkout."""
    package = Path(__file__).parents[1]
    installed = package / "examples"
    return installed if installed.is_dir() else package.parent / "examples"


def import_plugins(names: tuple[str, ...]) -> None:
    """Import the modules of `--plugin`, from the present folder first. Raises NetdslError N707."""
    import importlib

    from netdsl.diagnostics import NetdslError, placeless

    for name in names:
        sys.path.insert(0, str(Path.cwd()))
        try:
            importlib.import_module(name)
        except NetdslError:
            raise
        except Exception as error:  # the plugin is the user's program and may raise anything
            raise placeless(
                "N707",
                f"the plugin `{name}` could not be imported",
                notes=(f"{type(error).__name__}: {error}",),
                help=f"name the module, not the file: `{name.removesuffix('.py')}`" if name.endswith(".py") else None,
            ) from error
        finally:
            with contextlib.suppress(ValueError):
                sys.path.remove(str(Path.cwd()))
    if names and str(Path.cwd()) not in sys.path:
        sys.path.append(str(Path.cwd()))  # last: what emitted code imports may be there, and hides nothing
