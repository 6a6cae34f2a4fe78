"""`netdsl compile`: the PyTorch module."""

from __future__ import annotations

from pathlib import Path

import click

from netdsl.cli.command import Command, say
from netdsl.cli.network import Request, reads_network


@click.command(cls=Command)
@reads_network()
@click.option("-o", "--output", metavar="OUT.py", help="Write there instead of to stdout.")
@click.option("--plain", is_flag=True, help="Import nothing but torch: no fused kernels.")
@click.option("--standalone", is_flag=True, help="Hold the fused kernels too: import torch and triton, not netdsl.")
@click.option("--force", is_flag=True, help="Overwrite a file that netdsl did not write.")
def command(request: Request, output: str | None, plain: bool, standalone: bool, force: bool) -> None:
    """Compile a network to a PyTorch module.

    The module exports the network's class first, and the class builds without arguments. FILE may be - for stdin.
    """
    if output not in (None, "-") and Path(str(output)).suffix not in (".py", ""):
        raise click.BadParameter("a compiled network is a Python file: end its name in .py", param_hint="-o")
    if plain and standalone:
        raise click.UsageError("give --plain or --standalone, not both")
    text = request.compile().source(plain=plain, standalone=standalone)
    if output is None or output == "-":
        click.echo(text, nl=False)
        return
    from netdsl.files import write_generated

    path = Path(output)
    write_generated(path, text, force=force, source=request.path)
    say(f"wrote {path}")
