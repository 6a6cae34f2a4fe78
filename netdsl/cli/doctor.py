"""`netdsl doctor`: what was found on this machine."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator

import click

from netdsl.cli.command import Command


@click.command(cls=Command)
def command() -> None:
    """Print what was found: Python, the packages, a GPU, Graphviz, a C compiler, the caches."""
    rows = list(_rows())
    width = max(len(name) for name, _ in rows)
    for name, found in rows:
        click.echo(f"{name:{width}}  {found}")


def _rows() -> Iterator[tuple[str, str]]:
    import platform

    yield "netdsl", _version("netdsl")
    yield "python", f"{platform.python_version()} ({sys.executable})"
    yield "platform", f"{platform.system()} {platform.release()} {platform.machine()}"
    for package in ("lark", "networkx", "click"):
        yield package, _version(package)
    for package in ("torch", "triton", "safetensors", "pillow", "numpy"):
        yield package, _version(package, "not found; running networks needs it: pip install 'netdsl[run]'")
    yield "gpu", _gpu()
    yield "graphviz", _graphviz()
    yield "c compiler", _compiler()
    from netdsl.files import caches

    yield "caches", str(caches())


def _version(package: str, otherwise: str = "not found") -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version(package)
    except PackageNotFoundError:
        return otherwise


def _gpu() -> str:
    if importlib.util.find_spec("torch") is None:
        return "unknown without torch"
    import torch

    if not torch.cuda.is_available():
        return "none that this torch can use" if torch.version.cuda else "none: this torch was built without CUDA"
    major, minor = torch.cuda.get_device_capability()
    memory = torch.cuda.get_device_properties(0).total_memory / 2**30
    name = torch.cuda.get_device_name()
    return f"{name}, compute capability {major}.{minor}, {memory:.0f} GiB (CUDA {torch.version.cuda})"


def _compiler() -> str:
    if importlib.util.find_spec("torch") is None:
        return "unknown without torch"
    from netdsl.native.library import NoLibrary, compiler

    try:
        return " ".join(compiler())
    except NoLibrary:
        return "none found; engines compute with oneDNN and torch alone"


def _graphviz() -> str:
    import shutil

    if importlib.util.find_spec("pygraphviz") is not None:
        return f"pygraphviz {_version('pygraphviz')}, which carries it"
    if dot := shutil.which("dot"):
        return dot
    return "not found; only the pictures of `draw` would want it"
