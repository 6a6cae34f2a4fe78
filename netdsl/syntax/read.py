"""Files and bytes to sources: what is read is regular, bounded, UTF-8, and its lines end in `\\n`."""

from __future__ import annotations

import os
import re
import stat
from pathlib import Path

from netdsl.diagnostics import Diagnostic, NetdslError
from netdsl.source import Source
from netdsl.syntax.limits import MAX_BYTES

_FOREIGN = (
    (re.compile(r"(?:%[^\n]*\n|\s)*+\*(?:vertices|network)\b", re.IGNORECASE), "a Pajek graph"),
    (re.compile(r"\s*+\(export\b"), "a KiCad netlist"),
)
_UTF16 = (b"\xff\xfe", b"\xfe\xff")


def read_source(path: Path | str) -> Source:
    """The text of the file at `path`, its name as given.

    Raises `NetdslError` where the file cannot be opened, is no regular file, is larger than 1 MiB, is not UTF-8, or is
    another program's `.net` file.
    """
    path = Path(path)
    name = str(path)
    if "\0" in name:
        raise _error("N180", f"`{name}` is no path: it holds a NUL character", "give the path of a file")
    try:
        # A pipe would block while it is opened, before anything can be asked of it.
        descriptor = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0))
        with os.fdopen(descriptor, "rb") as file:
            _check_regular(name, os.fstat(file.fileno()).st_mode)
            data = file.read(MAX_BYTES + 1)
    except IsADirectoryError:
        raise _not_regular(name, "a directory") from None
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise _error("N180", f"`{name}` cannot be read: {reason}", "check the path and the rights on it") from None
    return from_bytes(name, data, path)


def from_bytes(name: str, data: bytes, path: Path | None = None) -> Source:
    """The source that `data` holds. A byte order mark is dropped; raises `NetdslError` as `read_source` does."""
    if len(data) > MAX_BYTES:
        raise _error("N160", f"`{name}` is larger than 1 MiB", "split the text into files, and import them")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        where = f"byte 0x{data[error.start]:02x} at offset {error.start}, line {line}"
        kind = "UTF-16" if data.startswith(_UTF16) else "another encoding"
        raise _error("N182", f"`{name}` is not UTF-8 text: {where}", f"it may be {kind}; save it as UTF-8") from None
    return from_text(name, text, path)


def from_text(name: str, text: str, path: Path | None = None) -> Source:
    """The source of a text that was typed or pasted: every line end becomes `\\n`."""
    for pattern, kind in _FOREIGN:
        if pattern.match(text):
            raise _error("N183", f"`{name}` is {kind}, not a netdsl text", "both are called .net; give a netdsl text")
    return Source(name, text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"), path)


def _check_regular(name: str, mode: int) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {stat.S_IFDIR: "a directory", stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket"}
    raise _not_regular(name, kinds.get(stat.S_IFMT(mode), "a device"))


def _not_regular(name: str, kind: str) -> NetdslError:
    return _error("N181", f"`{name}` is {kind}, not a file", "give the path of a .net file, or `-` for standard input")


def _error(code: str, message: str, help: str) -> NetdslError:
    return NetdslError([Diagnostic(code, message, None, help=help)])
