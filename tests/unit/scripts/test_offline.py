import base64
import json
import os
from pathlib import Path
from typing import Any

import pytest

from registry.verification.ports import FetchError
from scripts.verification.offline import SavedDocuments, digest_of

LIST = "https://registry.example/lists/1/revocation"
DID = "did:web:registry.example%3A8443:issuers:1"
DID_URL = "https://registry.example:8443/issuers/1/did.json"
OLDER, NEWER = "2026-11-01T00:00:00Z", "2026-11-02T01:00:00+02:00"


def status_list(**members: Any) -> dict[str, Any]:
    return {"id": LIST, "validFrom": OLDER, **members}


def token(payload: dict[str, Any]) -> str:
    parts = (base64.urlsafe_b64encode(json.dumps(part).encode()) for part in ({}, payload))
    return ".".join(part.rstrip(b"=").decode() for part in parts) + ".c2ln"


def save(folder: Path, name: str, document: object) -> None:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document if isinstance(document, str) else json.dumps(document))


def fetched(folder: Path, url: str = LIST, accept: str = "application/vc") -> Any:
    body = SavedDocuments(folder).fetch(url, accept=accept).body
    return json.loads(body) if body.startswith(b"{") else body.decode()


def test_list_answers_for_its_own_id_whatever_its_file_is_called(tmp_path: Path) -> None:
    save(tmp_path, "deep/down/revocation", status_list())

    assert fetched(tmp_path) == status_list()


def test_list_in_a_compact_jwt_answers_for_the_id_in_its_payload(tmp_path: Path) -> None:
    save(tmp_path, "list.jwt", token(status_list()) + "\n")

    assert fetched(tmp_path) == token(status_list())


def test_did_document_answers_for_the_url_its_did_stands_for(tmp_path: Path) -> None:
    save(tmp_path, "did.json", {"id": DID})

    assert fetched(tmp_path, DID_URL) == {"id": DID}


def test_list_without_an_id_answers_for_the_url_whose_digest_its_name_ends_in(
    tmp_path: Path,
) -> None:
    save(tmp_path, f"a-list-{digest_of(LIST)}.json", {"validFrom": OLDER})

    assert fetched(tmp_path) == {"validFrom": OLDER}


@pytest.mark.parametrize("names", [("a.json", "b.json"), ("b.json", "a.json")])
def test_of_two_lists_the_one_valid_from_later_is_given(
    tmp_path: Path, names: tuple[str, str]
) -> None:
    save(tmp_path, names[0], status_list(validFrom=NEWER))
    save(tmp_path, names[1], status_list(validFrom=OLDER))

    assert fetched(tmp_path)["validFrom"] == NEWER


def test_list_that_does_not_say_since_when_never_replaces_one_that_does(tmp_path: Path) -> None:
    save(tmp_path, "a.json", status_list())
    save(tmp_path, "b.json", status_list(validFrom="yesterday"))

    assert fetched(tmp_path)["validFrom"] == OLDER


@pytest.mark.parametrize(
    ("accept", "is_jwt"),
    [("application/vc+jwt, application/vc;q=0.9", True), ("application/vc", False)],
)
def test_of_equal_lists_the_form_asked_for_is_given(
    tmp_path: Path, accept: str, is_jwt: bool
) -> None:
    save(tmp_path, "a.json", status_list())
    save(tmp_path, "b.jwt", token(status_list()))

    given = SavedDocuments(tmp_path).fetch(LIST, accept=accept)

    assert given.media_type.endswith("jwt") == is_jwt
    assert given.body.startswith(b"{") != is_jwt


def test_of_two_did_documents_the_one_last_written_is_given(tmp_path: Path) -> None:
    for name, seconds in (("a.json", 2_000), ("b.json", 1_000)):
        save(tmp_path, name, {"id": DID, "file": name})
        os.utime(tmp_path / name, (seconds, seconds))

    assert fetched(tmp_path, DID_URL)["file"] == "a.json"


def test_missing_document_is_named_in_both_languages(tmp_path: Path) -> None:
    with pytest.raises(FetchError) as raised:
        fetched(tmp_path)

    for sentence in (raised.value.reason.pl, raised.value.reason.en):
        assert LIST in sentence
        assert str(tmp_path) in sentence


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "plain text",
        "a.b.c",
        "...",
        '{"id": 1}',
        '{"id": "did:web:"}',
        '{"id": "did:web:127.0.0.1"}',
        '{"id": "' + LIST + '", "id": "x"}',
        json.dumps({"id": LIST, "filling": "a" * 1_048_576}),
    ],
)
def test_file_that_is_no_document_is_passed_over(tmp_path: Path, text: str) -> None:
    save(tmp_path, "file.json", text)

    with pytest.raises(FetchError):
        fetched(tmp_path)


def test_link_out_of_the_folder_and_a_pipe_are_passed_over(tmp_path: Path) -> None:
    save(tmp_path, "outside.json", status_list())
    folder = tmp_path / "saved"
    folder.mkdir()
    (folder / "list.json").symlink_to(tmp_path / "outside.json")
    os.mkfifo(folder / "pipe.json")

    with pytest.raises(FetchError):
        fetched(folder)


def test_file_that_went_away_is_missing(tmp_path: Path) -> None:
    save(tmp_path, "list.json", status_list())
    saved = SavedDocuments(tmp_path)
    (tmp_path / "list.json").unlink()

    with pytest.raises(FetchError):
        saved.fetch(LIST, accept="application/vc")


def test_of_lists_valid_since_the_same_moment_the_one_signed_later_is_given(
    tmp_path: Path,
) -> None:
    since = {"validFrom": "2026-01-01T00:00:00Z"}
    for name, created in (("b", "2026-01-01T00:00:02Z"), ("a", "2026-01-01T00:00:01Z")):
        save(tmp_path, f"{name}.json", status_list(**since, name=name, proof={"created": created}))
    assert fetched(tmp_path)["name"] == "b"


def test_of_equally_new_lists_that_differ_none_is_given(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save(tmp_path, f"{name}.json", status_list(validFrom="2026-01-01T00:00:00Z", name=name))
    with pytest.raises(FetchError, match="equally new"):
        fetched(tmp_path)
