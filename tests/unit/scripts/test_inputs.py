import errno
import io
import os
from collections.abc import Sequence
from pathlib import Path

import pytest

from registry.domain.text import Text
from registry.formats.strict_json import MAX_BYTES
from registry.verification.ports import Fetched, FetchError
from registry.verification.report import Outcome
from scripts.verification.inputs import Document, Input, Inputs, Unread
from scripts.verification.wording import why_unreadable

TOKEN = "eyJhbGciOiJFZERTQSJ9.eyJpZCI6IngifQ.c2lnbmF0dXJl"
URL = "https://university.example/badges/1.json"


class Web:
    """A `Fetcher` with one page."""

    def fetch(self, url: str, *, accept: str) -> Fetched:
        if url != URL:
            raise FetchError("nobody answers.", pl="nikt nie odpowiada.")
        return Fetched(b"{}", "application/vc")


def read(*sources: object, lines: bool = False, apart: Sequence[Path] = ()) -> list[Input]:
    return list(inputs(*sources, lines=lines, apart=apart).read())


def inputs(*sources: object, lines: bool = False, apart: Sequence[Path] = ()) -> Inputs:
    return Inputs([str(source) for source in sources], Web(), lines=lines, apart=apart)


def put(path: Path, text: str = "{}") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def names(found: Sequence[Input], folder: Path) -> list[str]:
    return [os.path.relpath(one.source, folder) for one in found]


def outcome(one: Input) -> Outcome:
    assert isinstance(one, Unread)
    return one.check.outcome


def test_file_is_named_as_it_was_typed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    put(tmp_path / "badge", "body")
    monkeypatch.chdir(tmp_path)

    assert read("./badge") == [Document("./badge", b"body")]


def test_folder_is_read_with_all_below_it_in_the_order_of_names(tmp_path: Path) -> None:
    for name in ("b.json", "a.JSONLD", "a/z.jwt", "c/d/e.txt", "c/x.csv", "README", "f.pdf"):
        put(tmp_path / name)

    assert names(read(tmp_path), tmp_path) == ["a/z.jwt", "a.JSONLD", "b.json", "c/d/e.txt"]


def test_json_lines_in_a_folder_are_read_line_by_line(tmp_path: Path) -> None:
    put(tmp_path / "many.ndjson", "{}\n{}\n")

    assert names(read(tmp_path), tmp_path) == ["many.ndjson:1", "many.ndjson:2"]


def test_link_out_of_the_folder_is_not_followed(tmp_path: Path) -> None:
    outside = put(tmp_path / "outside/secret.json", "secret")
    folder = tmp_path / "folder"
    put(folder / "own.json")
    (folder / "alias.json").symlink_to(folder / "own.json")
    (folder / "badge.json").symlink_to(outside)
    (folder / "below").symlink_to(outside.parent)

    alias, badge, own = read(folder)

    assert (alias, own) == (
        Document(str(folder / "alias.json"), b"{}"),
        Document(str(folder / "own.json"), b"{}"),
    )
    assert outcome(badge) is Outcome.UNKNOWN


def test_link_that_leads_to_itself_is_a_row_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "loop.json").symlink_to(tmp_path / "loop.json")

    assert [outcome(one) for one in read(tmp_path)] == [Outcome.UNKNOWN]


def test_pipe_in_a_folder_keeps_nobody_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.json")

    assert [outcome(one) for one in read(tmp_path)] == [Outcome.UNKNOWN]


def test_what_is_set_apart_is_no_input_unless_it_is_the_folder_itself(tmp_path: Path) -> None:
    put(tmp_path / "badge.json")
    report, saved = put(tmp_path / "report.json"), put(tmp_path / "saved/list.json").parent

    assert names(read(tmp_path, apart=[report, saved]), tmp_path) == ["badge.json"]
    assert len(read(tmp_path, apart=[tmp_path])) == 3


def test_file_that_cannot_be_read_stops_no_other(tmp_path: Path) -> None:
    badge = put(tmp_path / "badge.json")

    missing, found = read(tmp_path / "missing.json", badge)

    assert outcome(missing) is Outcome.UNKNOWN
    assert found == Document(str(badge), b"{}")


@pytest.mark.parametrize(
    ("number", "polish", "english"),
    [
        (errno.ENOENT, "nie ma takiego pliku", "there is no such file"),
        (errno.EIO, "system odmówił (EIO)", "the system refused it (EIO)"),
        (None, "żaden plik nie może się tak nazywać", "no file can have this name"),
    ],
)
def test_why_a_file_cannot_be_read_is_said_in_both_languages(
    number: int | None, polish: str, english: str
) -> None:
    error = ValueError("embedded null byte") if number is None else OSError(number, "whatever")

    assert why_unreadable(error) == Text(polish, english)


def test_document_above_a_mebibyte_is_invalid_and_not_read_further(tmp_path: Path) -> None:
    with (tmp_path / "large.json").open("wb") as file:
        file.truncate(100 * MAX_BYTES)

    assert outcome(read(tmp_path / "large.json")[0]) is Outcome.FAILED


def test_line_above_a_mebibyte_is_invalid_and_stops_no_other(tmp_path: Path) -> None:
    path = put(tmp_path / "many.jsonl", "{}\n" + "a" * (MAX_BYTES + 1) + "\n{}\n")

    first, second, third = read(path)

    assert outcome(second) is Outcome.FAILED
    assert [first.source, second.source, third.source] == [f"{path}:{n}" for n in (1, 2, 3)]


def test_compact_jwt_is_an_argument_and_its_name_does_not_tell_its_claims() -> None:
    [found] = read(TOKEN)

    assert isinstance(found, Document)
    assert found.body == TOKEN.encode()
    assert "eyJpZCI6IngifQ" not in found.source


def test_url_is_fetched_and_what_cannot_be_is_unknown() -> None:
    found, unreachable = read(URL, "https://elsewhere.example/")

    assert found == Document(URL, b"{}")
    assert isinstance(unreachable, Unread)
    assert unreachable.check.outcome is Outcome.UNKNOWN
    assert "nobody answers." in unreachable.check.sentence.en
    assert "nikt nie odpowiada." in unreachable.check.sentence.pl


@pytest.mark.parametrize(("lines", "sources"), [(False, ["-"]), (True, ["-:1", "-:2"])])
def test_standard_input_is_one_document_or_json_lines(
    monkeypatch: pytest.MonkeyPatch, lines: bool, sources: list[str]
) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"{}\n{}\n")))

    assert [one.source for one in read("-", lines=lines)] == sources


def test_count_is_what_reading_yields_and_unknown_for_a_stream(tmp_path: Path) -> None:
    put(tmp_path / "badge.json")
    put(tmp_path / "many.jsonl", "{}\n\n{}\n")
    given = inputs(tmp_path, TOKEN, URL)

    assert given.count() == len(list(given.read())) == 5
    assert inputs("-", lines=True).count() is None


@pytest.mark.parametrize("source", ["\x00", "a" * 5_000, '{"type": "VerifiableCredential"}'])
def test_text_that_is_no_path_is_unreadable(source: str) -> None:
    assert outcome(read(source)[0]) is Outcome.UNKNOWN


def test_name_that_is_no_utf_8_can_be_printed(tmp_path: Path) -> None:
    path = put(tmp_path / os.fsdecode(b"\xff.json"))

    [found] = read(path)

    assert found.source.encode().endswith("\N{REPLACEMENT CHARACTER}.json".encode())


@pytest.mark.parametrize("cut", [0, 20, 40, 2_000])
def test_compact_jwt_that_was_cut_off_or_has_spaces_around_it_is_no_file(cut: int) -> None:
    token = f" {(TOKEN + 'A' * 4_000)[: -cut or None]} "
    [one] = read(token)
    assert isinstance(one, Document)
    assert one.body == token.strip().encode()
