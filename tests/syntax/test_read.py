"""Files and bytes to sources."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from netdsl.diagnostics import NetdslError
from netdsl.syntax.parse import parse
from netdsl.syntax.read import from_bytes, from_text, read_source


def _code(data: bytes) -> tuple[str, str]:
    with pytest.raises(NetdslError) as caught:
        from_bytes("a.net", data)
    (diagnostic,) = caught.value.diagnostics
    return diagnostic.code, diagnostic.message


def test_a_byte_order_mark_is_dropped_and_line_ends_are_newlines() -> None:
    assert from_bytes("a", b"\xef\xbb\xbfa\r\nb\rc\n").text == "a\nb\nc\n"


def test_lines_that_end_in_a_carriage_return_alone_are_counted() -> None:
    source = from_bytes("a", b"block a = relu\rblock b = => relu\r")
    with pytest.raises(NetdslError) as caught:
        parse(source)
    assert [str(d.span) for d in caught.value.diagnostics][:1] == ["a:2:11"]


@pytest.mark.parametrize(
    ("data", "where"),
    [
        (b"ab\xff", "byte 0xff at offset 2, line 1"),
        (b"a\nb\n\xe9t\xe9", "byte 0xe9 at offset 4, line 3"),
        ("block".encode("utf-16"), "byte 0xff at offset 0, line 1"),
        (b"\xed\xa0\x80", "byte 0xed at offset 0, line 1"),
    ],
)
def test_bytes_that_are_not_utf8_are_named(data: bytes, where: str) -> None:
    code, message = _code(data)
    assert code == "N182"
    assert message == f"`a.net` is not UTF-8 text: {where}"


def test_a_large_text_is_refused() -> None:
    assert from_bytes("a", b"#" * (1 << 20)).text
    assert _code(b"#" * ((1 << 20) + 1))[0] == "N160"


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ('*Vertices 3\n1 "a"\n', "a Pajek graph"),
        ("% made by hand\n*network x\n", "a Pajek graph"),
        ("(export (version D)\n (design", "a KiCad netlist"),
    ],
)
def test_the_net_files_of_other_programs_are_told_apart(text: str, kind: str) -> None:
    assert _code(text.encode()) == ("N183", f"`a.net` is {kind}, not a netdsl text")


def test_the_name_of_a_source_is_the_path_as_given(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("a.net").write_text("block a = relu\n")
    source = read_source("a.net")
    assert (source.name, source.text, source.path) == ("a.net", "block a = relu\n", Path("a.net"))


def _refused(path: Path) -> tuple[str, str]:
    with pytest.raises(NetdslError) as caught:
        read_source(path)
    (diagnostic,) = caught.value.diagnostics
    assert diagnostic.help
    return diagnostic.code, diagnostic.message


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    assert _refused(tmp_path) == ("N181", f"`{tmp_path}` is a directory, not a file")
    pipe = tmp_path / "pipe.net"
    os.mkfifo(pipe)
    assert _refused(pipe) == ("N181", f"`{pipe}` is a pipe, not a file")
    assert _refused(Path("/dev/zero"))[0] == "N181"


def test_a_file_that_is_not_there_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "no.net"
    assert _refused(path) == ("N180", f"`{path}` cannot be read: no such file or directory")
    assert _refused(Path("a\0b"))[0] == "N180"


def test_a_large_file_is_not_read_to_its_end(tmp_path: Path) -> None:
    path = tmp_path / "large.net"
    with path.open("wb") as file:
        file.truncate(1 << 36)
    assert _refused(path)[0] == "N160"


def test_a_text_may_come_from_anywhere() -> None:
    assert from_text("<text>", "\ufeffblock a = relu\r\n").text == "block a = relu\n"
