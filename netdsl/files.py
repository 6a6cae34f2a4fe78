"""Writing files: the old one or the whole new one, and never over what somebody else wrote.

`replace` is the atomic write; `write_generated` adds the refusals that emitted files need.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import os
import re
import stat
import sys
import time
from pathlib import Path

from netdsl.diagnostics import placeless

BANNER = "Written by netdsl"
"""What every emitted file says at the start of a line, or of a value where it has no lines: the sign that netdsl may
overwrite it."""
BANNER_WITHIN = 1 << 16  # bytes; the text's own `##` comment stands before it
_SIGNED = re.compile(rb"(^|\0|\"generator\": \")(\"\"\"|#\s*|//\s*|%+\s*)?" + BANNER.encode(), re.MULTILINE)

# What emitted modules and netdsl itself import, beside the standard library.
_IMPORTED = frozenset({"torch", "triton", "netdsl", "numpy", "networkx", "lark", "click", "rich", "safetensors", "pil"})
_RUN_AT_START = frozenset({"sitecustomize", "usercustomize"})  # by every Python that finds them
_ABANDONED_AFTER = 60.0  # seconds: a temporary file older than this, of a process that is gone, is rubbish


def caches() -> Path:
    """The folder for what can be made again: `netdsl` in the user's caches, or what NETDSL_CACHE names."""
    if given := os.environ.get("NETDSL_CACHE"):
        return Path(given)
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("netdsl"))


def write_generated(path: Path, text: str | bytes, *, force: bool = False, source: Path | None = None) -> None:
    """Write `text`, which carries the banner, to `path`; `source` is the file it was compiled from.

    Raises NetdslError N701 to N705. `force` permits overwriting a file that netdsl did not write, and following a
    link into another folder; it permits nothing else.
    """
    try:
        _write(path, text, force, source)
    except (OSError, ValueError) as error:  # ValueError: a NUL in the name
        raise placeless("N705", f"cannot write `{path}`: {reason(error)}") from error


def _write(path: Path, text: str | bytes, force: bool, source: Path | None) -> None:
    if path.is_dir():
        raise placeless("N701", f"`{path}` is a folder", help=f"name a file in it: `{path / 'network.py'}`")
    if not path.parent.is_dir():
        raise placeless("N701", f"there is no folder `{path.parent}`", help=f"make it first: `mkdir -p {path.parent}`")
    if source is not None and _same(path, source):
        raise placeless("N703", f"`{path}` is the file that is being compiled", help="give the output another name")
    if hides_a_module(path):
        raise placeless(
            "N704",
            f"a file called `{path.name}` would hide the Python module `{path.stem.lower()}`",
            help=f"choose another name, such as `{path.stem}_net.py`",
        )
    target = path
    if path.is_symlink():
        target = Path(os.path.realpath(path))
        if not force and not target.is_relative_to(os.path.realpath(path.parent)):
            raise placeless(
                "N701", f"`{path}` is a link that leads to `{target}`", help="name that file, or add `--force`"
            )
        if target.is_symlink():  # round in a circle
            raise OSError(errno.ELOOP, os.strerror(errno.ELOOP))
    if target.exists() and not target.is_file():  # /dev/null, a named pipe
        target.write_bytes(_encoded(text))
        return
    if not force and target.exists() and not _ours(target):
        raise placeless(
            "N702",
            f"`{path}` is there and was not written by netdsl",
            help="choose another name, or add `--force` to overwrite it",
        )
    replace(target, text)


def replace(path: Path, text: str | bytes) -> None:
    """Put `text` (as UTF-8) at `path` in one step: whatever happens, `path` holds the old text or all of the new.

    Keeps the mode of a file that is there. Raises NetdslError N705.
    """
    # In containers that share a folder, different processes have one number: hence the random part.
    temporary = path.with_name(f".{path.name}.{os.getpid()}-{os.urandom(4).hex()}.tmp")
    try:
        _sweep(path)
        mode = stat.S_IMODE(path.stat().st_mode) if path.exists() else None
        if mode is not None and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
        try:
            descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666)
            with os.fdopen(descriptor, "wb") as out:
                out.write(_encoded(text))
                if mode is not None:
                    temporary.chmod(mode)
                out.flush()
                os.fsync(out.fileno())
            os.replace(temporary, path)  # noqa: PTH105 - the name of the guarantee
        except BaseException:  # Ctrl-C too
            temporary.unlink(missing_ok=True)
            raise
        _settle(path.parent)
    except OSError as error:
        raise placeless("N705", f"cannot write `{path}`: {reason(error)}") from error


def hides_a_module(path: Path) -> bool:
    """Whether a Python program in that folder would import `path` in place of an installed module."""
    name = path.stem.lower()  # lower: file systems may not tell Torch.py from torch.py
    return path.suffix.lower() == ".py" and (
        name in _IMPORTED or name in _RUN_AT_START or name in sys.stdlib_module_names
    )


def reason(error: OSError | ValueError) -> str:
    """What the operating system said, as the tail of a message."""
    return (getattr(error, "strerror", None) or str(error) or type(error).__name__).lower()


def _encoded(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else text.encode("utf-8")


def _ours(path: Path) -> bool:
    """An empty file counts as ours: there is nothing to lose."""
    with path.open("rb") as file:
        head = file.read(BANNER_WITHIN)
    return not head or _SIGNED.search(head) is not None


def _same(path: Path, source: Path) -> bool:
    try:
        return path.samefile(source)
    except OSError:
        return path.absolute() == source.absolute()


def _settle(folder: Path) -> None:
    """Make the renaming itself last through a power cut, where folders can be synced."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sweep(path: Path) -> None:
    """Remove what a killed netdsl left beside `path`."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        process = left.name.removeprefix(f".{path.name}.").removesuffix(".tmp").partition("-")[0]
        with contextlib.suppress(OSError):
            old = time.time() - left.stat().st_mtime > _ABANDONED_AFTER
            if old and process.isdecimal() and (int(process) == os.getpid() or not _runs(int(process))):
                left.unlink()


def _runs(process: int) -> bool:
    if os.name == "nt":  # there, signal 0 is not a question
        return False
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except OSError:
        return True
    return True
