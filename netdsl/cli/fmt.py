"""`netdsl fmt`: the formatter."""

from __future__ import annotations

import difflib
from pathlib import Path

import click

from netdsl.cli.command import Command, Settings, say
from netdsl.cli.network import read


@click.command(cls=Command)
@click.argument("files", nargs=-1, required=True, metavar="FILE...")
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 if a file would change.")
@click.option("--diff", is_flag=True, help="Change nothing; print what would change.")
@click.pass_context
def command(context: click.Context, files: tuple[str, ...], check: bool, diff: bool) -> None:
    """Lay out each FILE in the one way; comments stay. With - the result of stdin goes to stdout."""
    from netdsl.cli import failure
    from netdsl.diagnostics import NetdslError
    from netdsl.files import replace
    from netdsl.syntax.format import format_text
    from netdsl.syntax.read import read_source

    changed = failed = 0
    for file in files:
        try:
            source = read(file, None)[0] if file == "-" else read_source(Path(file))
            old, new = source.text, format_text(source)
        except NetdslError as error:
            failure.show(error.diagnostics, context.ensure_object(Settings))
            failed += 1
            continue
        changed += new != old
        if diff:
            lines = difflib.unified_diff(old.splitlines(True), new.splitlines(True), file, f"{file} (formatted)")
            click.echo("".join(lines), nl=False)
        elif check:
            if new != old:
                say(f"would reformat {file}")
        elif file == "-":
            click.echo(new, nl=False)
        elif new != old:
            replace(Path(file).resolve(), new)
            say(f"reformatted {file}")
    context.exit(1 if failed or (changed and (check or diff)) else 0)
