import json
from pathlib import Path

import pytest

from registry.verification.ports import Fetched, FetchError
from scripts.verification.keeping import KeepingFetcher
from scripts.verification.offline import SavedDocuments

URL = "https://registry.example/lists/../../1?a=b"
OLDER, NEWER = (json.dumps({"validFrom": f"2026-11-0{day}T00:00:00Z"}).encode() for day in (1, 2))


class Page:
    """A `Fetcher` that answers every URL alike."""

    def __init__(self, body: bytes | None, media_type: str = "application/vc") -> None:
        self._body = body
        self._media_type = media_type

    def fetch(self, url: str, *, accept: str) -> Fetched:
        if self._body is None:
            raise FetchError("nobody answers.", pl="nikt nie odpowiada.")
        return Fetched(self._body, self._media_type)


def keep(folder: Path, page: Page) -> bytes:
    return KeepingFetcher(page, folder).fetch(URL, accept="application/vc").body


def kept(folder: Path) -> bytes:
    return SavedDocuments(folder).fetch(URL, accept="application/vc").body


def test_what_was_fetched_is_given_on_and_answers_offline(tmp_path: Path) -> None:
    assert keep(tmp_path, Page(OLDER)) == OLDER
    assert kept(tmp_path) == OLDER


def test_url_chooses_no_other_folder(tmp_path: Path) -> None:
    keep(tmp_path / ".", Page(OLDER))

    [path] = tmp_path.iterdir()
    assert path.name.startswith("registry.example-lists-..-..-1-a-b-")


def test_newer_list_replaces_the_older_and_never_the_other_way(tmp_path: Path) -> None:
    for body in (OLDER, NEWER, OLDER, b"{}"):
        keep(tmp_path, Page(body))

    assert kept(tmp_path) == NEWER
    assert len(list(tmp_path.iterdir())) == 1


def test_document_without_a_beginning_is_replaced(tmp_path: Path) -> None:
    for body in (b'{"id": "a"}', b'{"id": "b"}'):
        keep(tmp_path, Page(body))

    assert kept(tmp_path) == b'{"id": "b"}'


def test_both_forms_of_a_list_are_kept(tmp_path: Path) -> None:
    keep(tmp_path, Page(OLDER))
    keep(tmp_path, Page(b"e30.e30.e30", "application/vc+jwt"))

    assert sorted(path.suffix for path in tmp_path.iterdir()) == [".json", ".jwt"]


def test_what_cannot_be_fetched_is_not_kept(tmp_path: Path) -> None:
    with pytest.raises(FetchError):
        keep(tmp_path, Page(None))

    assert list(tmp_path.iterdir()) == []
