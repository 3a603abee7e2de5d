"""The registry's own lists and DID documents are read from its folder, never over the network."""

from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import pytest

from api.own_documents import OthersListCache, OwnDocuments
from projections.publish_folder import PublishFolder, did_name, jwt_name, list_name
from registry.verification.list_cache import VerifiedList
from registry.verification.ports import Fetched, FetchError
from registry.verification.validity import Period

URL = "https://registry.example"
ID = "0b8c2f6e-1d3a-8f4e-9a51-2f6d0c3b7e11"
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass
class Network:
    """Notes which URLs were asked for."""

    asked: list[str] = field(default_factory=list)

    def fetch(self, url: str, *, accept: str) -> Fetched:
        self.asked.append(url)
        return Fetched(b"from elsewhere", "text/plain")


@pytest.fixture
def network() -> Network:
    return Network()


@pytest.fixture
def own(tmp_path: Path, network: Network) -> OwnDocuments:
    folder = PublishFolder(tmp_path)
    for name, body in (
        (list_name(ID, "revocation"), b"as JSON"),
        (jwt_name(ID, "revocation"), b"as a JWT"),
        (list_name(ID, "suspension"), b"as JSON alone"),
        (did_name(ID), b"a DID document"),
    ):
        folder.make_current(name, folder.put(name, 1, body))
    return OwnDocuments(folder, URL, beyond=network)


@pytest.mark.parametrize(
    ("path", "accept", "body", "media_type"),
    [
        ("status-lists/ID/revocation", "application/vc", b"as JSON", "application/vc"),
        ("status-lists/ID/revocation", "application/vc+jwt", b"as a JWT", "application/vc+jwt"),
        ("status-lists/ID/suspension", "application/vc+jwt", b"as JSON alone", "application/vc"),
        ("issuers/ID/did.json", "*/*", b"a DID document", "application/did+json"),
    ],
)
def test_what_is_published_is_read_in_the_form_asked_for(
    own: OwnDocuments, network: Network, path: str, accept: str, body: bytes, media_type: str
) -> None:
    found = own.fetch(f"{URL}/{path.replace('ID', ID)}", accept=accept)
    assert found == Fetched(body, media_type)
    assert network.asked == []


@pytest.mark.parametrize(
    "path",
    [
        "",
        "v1/issuers",
        "status-lists/../../etc/passwd",
        f"status-lists/{ID}/revocation.jwt",
        f"status-lists/{ID}/revocation?x=1",
        f"status-lists/{ID}/../{ID}/revocation",
        f"status-lists/{ID[:-1]}0/revocation",
        f"issuers/{ID}/did.json/",
    ],
)
def test_nothing_else_under_the_registrys_url_is_fetched(
    own: OwnDocuments, network: Network, path: str
) -> None:
    with pytest.raises(FetchError):
        own.fetch(f"{URL}/{path}", accept="*/*")
    assert network.asked == []


@pytest.mark.parametrize(
    "url", ["https://registry.example.evil/a", f"http{URL[5:]}/a", f"{URL}:1/"]
)
def test_others_are_asked_by_the_guarded_client(
    own: OwnDocuments, network: Network, url: str
) -> None:
    assert own.fetch(url, accept="*/*").body == b"from elsewhere"
    assert network.asked == [url]


def test_own_lists_are_read_each_time_and_others_are_kept() -> None:
    cache = OthersListCache(URL)
    for url, held in ((f"{URL}/status-lists/1", False), ("https://other.example/1", True)):
        verified = VerifiedList(url, "did:example:1", frozenset(), 1, Period(NOW, None), None, b"")
        cache.accept(verified, now=NOW)
        assert (cache.get(url, now=NOW) is not None) is held
