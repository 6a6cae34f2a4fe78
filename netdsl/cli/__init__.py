"""The commands, one file each. This package imports click and little else: `netdsl --help` answers in a blink."""

from netdsl.cli.group import main, program

__all__ = ["main", "program"]
