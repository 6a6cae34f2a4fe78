"""Programs: a file, what it imports, and which of its networks is meant."""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from netdsl.diagnostics import Diagnostic, Label, NetdslError
from netdsl.source import Source, Span
from netdsl.syntax import tree
from netdsl.syntax.elaborate.report import Report
from netdsl.syntax.elaborate.resolve import resolve
from netdsl.syntax.elaborate.scopes import Declared, FileScope, close, defined
from netdsl.syntax.elaborate.values import Defined, Namespace
from netdsl.syntax.limits import MAX_BYTES
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_bytes

MAX_FILES = 64
MAX_TOTAL = 8 << 20
MAX_DEPTH = 16
ENDING = ".net"


@dataclass(slots=True, eq=False)
class Program:
    """All the files of a compilation, `main` being the one that was asked for.

    `errors` and `warnings` are those about names, found in the text as it stands.
    """

    main: FileScope
    files: list[FileScope] = field(default_factory=list)
    errors: list[Diagnostic] = field(default_factory=list)
    warnings: list[Diagnostic] = field(default_factory=list)


def load(source: Source, root: Path | None) -> Program:
    """Parse `source` and everything that it imports.

    Imports are looked for beside the file that imports and must lie inside the folder `root`; without one (a text that
    was typed) there is nothing to import. Raises `NetdslError` with all mistakes of syntax and of imports in all files.
    """
    loader = _Loader(root)
    main = loader.read(source, None, ())
    if loader.report.errors or main is None:
        raise NetdslError(loader.report.errors)
    program = Program(main, loader.files)
    report = Report()
    for file in program.files:
        resolve(file, report, main=file is main)
    program.errors, program.warnings = report.errors, report.warnings
    return program


class _Loader:
    def __init__(self, root: Path | None) -> None:
        self.root = None if root is None else Path(os.path.realpath(root))
        self.report = Report()
        self.files: list[FileScope] = []
        self.loaded: dict[object, FileScope | None] = {}
        self.total = 0

    def read(self, source: Source, identity: object, chain: tuple[tuple[object, Source], ...]) -> FileScope | None:
        """The names of one file; None where it has mistakes, which are reported."""
        if identity is None and source.path is not None:
            identity = _identity(source.path)
        self.total += len(source.text)
        try:
            file = parse(source)
        except NetdslError as error:
            for diagnostic in error.diagnostics:
                self.report.add(diagnostic)
            return None
        scope = FileScope(file)
        chain = (*chain, (identity, source))
        for item in file.items:
            if isinstance(item, tree.Import):
                self._import(item, scope, chain)
        declare(scope, self.report)
        self.files.append(scope)
        return scope

    def _import(self, item: tree.Import, scope: FileScope, chain: tuple[tuple[object, Source], ...]) -> None:
        found = self._find(item, scope, chain)
        if found is None:
            return
        path = "".join(p for p in item.path.parts if isinstance(p, str))
        if item.alias is not None:
            _define(scope, item.alias.name, Namespace(item.alias.name, found), item.alias.span, self.report)
            return
        for node in found.file.items:
            if isinstance(node, tree.Definition | tree.Let) and node.name.name in found.names:
                name = node.name.name
                _define(scope, name, found.names[name], item.span, self.report, imported=path)

    def _find(self, item: tree.Import, scope: FileScope, chain: tuple[tuple[object, Source], ...]) -> FileScope | None:
        report, span = self.report, item.path.span
        path = self.resolve(item, scope)
        if path is None:
            return None
        identity = _identity(path)
        on_the_way = [source for known, source in chain if known == identity]
        if on_the_way:
            names = [source.name for _, source in chain[[k for k, _ in chain].index(identity) :]]
            circle = " imports ".join(Path(n).name for n in (*names, on_the_way[0].name))
            report.error("N604", f"the imports go in a circle: {circle}", span, "closes the circle")
            return None
        if identity in self.loaded:
            return self.loaded[identity]
        if len(chain) > MAX_DEPTH:
            report.error("N605", f"imports inside imports go more than {MAX_DEPTH} deep", span)
            return None
        if len(self.loaded) >= MAX_FILES:
            report.error("N605", f"more than {MAX_FILES} files are imported", span)
            return None
        source = self._source(path, item, scope)
        if source is None:
            return None
        self.loaded[identity] = None
        self.loaded[identity] = self.read(source, identity, chain)
        return self.loaded[identity]

    def resolve(self, item: tree.Import, scope: FileScope) -> Path | None:
        """The real path of an import: relative, without ways out, inside the root, a file that is there."""
        report, span = self.report, item.path.span
        if not all(isinstance(p, str) for p in item.path.parts):
            report.error("N606", "the path of an import cannot be computed", span)
            return None
        text = "".join(p for p in item.path.parts if isinstance(p, str))
        reason = forbidden(text)
        if reason is not None:
            report.error(
                "N606", f"`{text}` {reason}", span, help="give a path relative to this file: `parts/resnet.net`"
            )
            return None
        if self.root is None or scope.source.path is None:
            report.error(
                "N602", f"`{text}` cannot be found: this text stands in no folder", span, help="save it as a file"
            )
            return None
        folder = Path(os.path.realpath(scope.source.path)).parent
        path = Path(os.path.realpath(folder / text))
        if not path.is_relative_to(self.root):
            report.error(
                "N603",
                f"`{text}` leads out of the folder {self.root.name or self.root}",
                span,
                "outside",
                help="move it inside, or give a folder that holds both with `--root`",
            )
            return None
        try:
            mode = path.stat().st_mode
        except (OSError, ValueError):
            near = close(text, (p.name for p in folder.glob(f"*{ENDING}")))
            report.error(
                "N602",
                f"there is no file `{text}` beside {Path(scope.source.name).name}",
                span,
                "not found",
                help=f"did you mean `{near}`?" if near else None,
            )
            return None
        if not stat.S_ISREG(mode):
            report.error("N602", f"`{text}` is not a file", span)
            return None
        return path

    def _source(self, path: Path, item: tree.Import, scope: FileScope) -> Source | None:
        shown = Path(os.path.normpath(Path(scope.source.name).parent / "".join(map(str, item.path.parts))))
        try:
            with path.open("rb") as file:
                data = file.read(MAX_BYTES + 1)
            if self.total + len(data) > MAX_TOTAL:
                self.report.error("N605", f"the imported files hold more than {MAX_TOTAL >> 20} MiB", item.path.span)
                return None
            return from_bytes(str(shown), data, path)
        except NetdslError as error:
            for diagnostic in error.diagnostics:
                self.report.error(diagnostic.code, diagnostic.message, item.path.span, help=diagnostic.help)
        except OSError as error:
            reason = (error.strerror or str(error)).lower()
            self.report.error("N602", f"`{shown}` cannot be read: {reason}", item.path.span)
        return None


def forbidden(text: str) -> str | None:
    """What is wrong with a path in an import, whatever the disk holds."""
    if "\0" in text:
        return "holds a NUL character"
    if "\\" in text:
        return "holds a backslash; folders are separated by `/`"
    if re.match(r"[A-Za-z]:", text) or text.startswith(("/", "~")) or "$" in text:
        return "is not relative to this file"
    if ".." in PurePosixPath(text).parts:
        return "leads upwards with `..`"
    if not text.endswith(ENDING):
        return f"does not end in `{ENDING}`"
    return None


def _identity(path: Path) -> object:
    """What tells files apart, whatever they are called."""
    try:
        found = path.stat()
    except OSError:
        return str(path)
    return found.st_dev, found.st_ino


def declare(scope: FileScope, report: Report) -> None:
    """Enter a file's own definitions and lets."""
    for item in scope.file.items:
        if isinstance(item, tree.Definition):
            _define(scope, item.name.name, defined(Declared(item, scope)), item.name.span, report)
        elif isinstance(item, tree.Let):
            _define(scope, item.name.name, item, item.name.span, report)


def _define(
    scope: FileScope, name: str, value: object, span: Span, report: Report, imported: str | None = None
) -> None:
    if name in scope.names:
        if scope.names[name] is value:
            return
        where = f"`{name}` is defined twice" + (f", once in {imported}" if imported else "")
        report.error(
            "N206",
            where,
            span,
            "again here",
            others=(Label(scope.places[name], "first here"),),
            help='give one of them another name, or import with a prefix: `import ".." as name`',
        )
        return
    scope.names[name] = value
    scope.places[name] = span


# ------------------------------------------------------------------------------------------------------ networks


def networks(program: Program) -> list[str]:
    """The networks of the file, in order; not those that it imports."""
    return [i.name.name for i in program.main.file.items if isinstance(i, tree.Definition) and i.kind == "net"]


def needs_arguments(block: Defined) -> bool:
    """Whether a net cannot be built by itself, because it has parameters without defaults."""
    return any(p.default is None and not p.rest for p in block.declared.node.parameters)


def choose(program: Program, network: str | None) -> Defined:
    """The network called `network`; without a name the one named like the file, else the only one that can be built by
    itself. Raises `NetdslError`."""
    names = networks(program)
    main = program.main
    if not names:
        raise NetdslError(
            program.errors
            or [
                Diagnostic(
                    "N210", f"{main.source.name} defines no network", None, help="define one with `net name { .. }`"
                )
            ]
        )
    if network is not None:
        if network not in names:
            near = close(network, names)
            raise NetdslError(
                [
                    Diagnostic(
                        "N210",
                        f"{main.source.name} has no network `{network}`",
                        None,
                        notes=(f"it has {', '.join(f'`{n}`' for n in names)}",),
                        help=f"did you mean `{near}`?" if near else None,
                    )
                ]
            )
        return _net(main, network)
    stem = Path(main.source.name).stem
    if stem in names and not needs_arguments(_net(main, stem)):
        return _net(main, stem)
    whole = [name for name in names if not needs_arguments(_net(main, name))]
    if len(names) == 1 or len(whole) == 1:
        return _net(main, whole[0] if whole else names[0])
    listed = ", ".join(f"`{n}`" for n in whole or names)
    raise NetdslError(
        program.errors
        or [
            Diagnostic(
                "N210",
                f"{main.source.name} has {len(whole or names)} networks, and none is chosen",
                None,
                notes=(f"they are {listed}",),
                help=f"choose one: `--net {(whole or names)[0]}`",
            )
        ]
    )


def _net(main: FileScope, name: str) -> Defined:
    value = main.names[name]
    assert isinstance(value, Defined)
    return value
