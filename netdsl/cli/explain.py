"""`netdsl explain`: an error, at length."""

from __future__ import annotations

import difflib

import click

from netdsl.cli.command import Command


@click.command(cls=Command)
@click.argument("code", required=False)
def command(code: str | None) -> None:
    """Explain the error CODE, with a wrong and a right example; without CODE, list them all."""
    from netdsl.codes import CODES

    if code is None:
        for name in sorted(CODES):
            click.echo(f"{name}  {CODES[name].title}")
        return
    name = code.upper()
    if name not in CODES:
        near = difflib.get_close_matches(name, CODES, 3, 0.7)
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise click.BadParameter(f"there is no error {code}{hint}; `netdsl explain` lists them", param_hint="CODE")
    click.echo(f"{name}: {CODES[name].title}\n\n{CODES[name].text.strip()}")
