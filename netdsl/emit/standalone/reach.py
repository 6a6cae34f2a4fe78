"""What some call sites need of the files of kernels, and nothing else."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from netdsl.diagnostics import InternalError
from netdsl.emit.standalone.definitions import Definition, KernelFile, kernel_file

CALL_SITES = "fused"  # the file that emitted modules import from


@dataclass(slots=True)
class Reached:
    """The definitions that were reached, file by file, each file behind those that it needs."""

    files: list[KernelFile] = field(default_factory=list)
    definitions: dict[str, Definition] = field(default_factory=dict)  # by the names that they bind
    imports: set[str] = field(default_factory=set)  # import lines for all of them
    homes: dict[str, str] = field(default_factory=dict)  # name -> the file, or the import line, that it comes from

    @property
    def names(self) -> frozenset[str]:
        """All names that the definitions bind or import."""
        return frozenset(self.homes)

    def of(self, file: KernelFile) -> list[Definition]:
        """What was reached of a file, in its order."""
        return [d for d in file.definitions if any(self.homes.get(name) == file.name for name in d.names)]

    def at_once(self, names: Iterable[str]) -> list[Definition]:
        """The definitions of `names`, and of what these need to be executed, each behind what it needs."""
        found: list[Definition] = []
        for name in sorted(set(names) & self.definitions.keys()):
            definition = self.definitions[name]
            needed = [*self.at_once(definition.reads_at_once), definition]
            found += [each for each in needed if each not in found]
        return found


def reach(names: Iterable[str]) -> Reached:
    """Everything that the call sites `names` need.

    Raises InternalError where one name means two things: then the files could not be one.
    """
    found = Reached()
    for name in sorted(names):
        _reach(name, CALL_SITES, found)
    order: dict[str, KernelFile] = {}
    _lay(kernel_file(CALL_SITES), found, order)
    found.files = list(order.values())
    return found


def _reach(name: str, file_name: str, found: Reached) -> None:
    """Reach what `name` means in a file, where it means anything there."""
    file = kernel_file(file_name)
    definition = file.definition(name)
    if definition is None:
        if name in file.ours:
            _reach(name, file.ours[name], found)
        elif name in file.foreign:
            _settle(name, file.foreign[name], found)
            found.imports.add(file.foreign[name])
        return
    if _settle(name, file_name, found):
        found.definitions[name] = definition
        for other in sorted({*definition.reads, *definition.names}):
            _reach(other, file_name, found)


def _settle(name: str, home: str, found: Reached) -> bool:
    """Note where a name comes from; whether that is news."""
    if name in found.homes and found.homes[name] != home:
        raise InternalError(f"`{name}` is both of {found.homes[name]} and of {home}: they cannot stand in one file")
    known = name in found.homes
    found.homes[name] = home
    return not known


def _lay(file: KernelFile, found: Reached, order: dict[str, KernelFile]) -> None:
    """Put a file behind those that it takes from."""
    reads = {name for definition in found.of(file) for name in definition.reads}
    for name, other in file.ours.items():
        if name in reads and other not in order:
            _lay(kernel_file(other), found, order)
    order[file.name] = file
