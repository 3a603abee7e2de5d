"""nginx, configured as the documentation has it, answers for the copies as the registry does."""

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import pytest
from starlette.types import Receive, Scope, Send

from api.published import PublishedFiles
from projections.publish_folder import PublishFolder, as_jwt, did_name, list_name
from projections.static.directory import DirectoryTarget
from projections.static.publication import StaticPublication
from registry.domain.securing import Mechanism
from scripts.demo_tls import make_tls_files
from tests.integration.projections.by_hand import ByHand, list_of, name_of, open_registry
from tests.making import PUBLIC_URL, Clock
from tests.web_servers import documented_configuration, free_port, nginx, put_in

ABSENT = list_name("0" * 8 + "-0000-4000-8000-" + "0" * 12, "revocation")
COMPARED = (
    "content-type",
    "cache-control",
    "vary",
    "location",
    "last-modified",
    "accept-ranges",
    "content-encoding",
    "allow",
    "x-content-type-options",
    "access-control-allow-origin",
    "access-control-allow-methods",
    "access-control-allow-headers",
    "access-control-max-age",
    "access-control-expose-headers",
)
NOT_OF_REFUSALS = ("x-content-type-options", "access-control-expose-headers")


@dataclass(frozen=True)
class Served:
    """The same files as the registry serves them and as nginx does; `names` says what is what."""

    ours: PublishedFiles
    nginx: httpx.Client
    folder: PublishFolder
    publication: StaticPublication
    names: dict[str, str]

    def answers(
        self, method: str, path: str, **headers: str
    ) -> tuple[httpx.Response, httpx.Response]:
        """Return the registry's answer and nginx's."""
        sent = {name.replace("_", "-"): value for name, value in headers.items()}
        return asyncio.run(self._ask(method, path, sent)), self._ask_nginx(method, path, sent)

    async def _ask(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        transport = httpx.ASGITransport(self.ours)
        async with httpx.AsyncClient(transport=transport, base_url=PUBLIC_URL) as client:
            client.headers.pop("accept")
            return await client.request(method, path, headers=headers)

    def _ask_nginx(self, method: str, path: str, headers: dict[str, str]) -> httpx.Response:
        return self.nginx.request(method, path, headers=headers)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    """Lists of two issuers, one retired, their DID documents, copied and served by nginx."""
    folder = tmp_path_factory.mktemp("static")
    with pytest.MonkeyPatch.context() as patched:
        clock = Clock()
        patched.setattr("api.clock.now", clock)
        registry = open_registry(folder, f"sqlite:///{folder}/registry.db")
        jwts = ByHand(registry, clock, Mechanism.VC_JWT_ES256).issue()[0]
        plain = ByHand(registry, clock).issue(number=2)[0]
        ByHand(registry, clock).settle()
        registry.close()
    names = {
        "both": name_of(jwts),
        "plain": name_of(plain),
        "retired": list_name(list_of(plain), "suspension"),
        "did": did_name(jwts.issuance.issuer_id),
        "absent": ABSENT,
    }
    registry.folder.withdraw(names["retired"])
    publication = StaticPublication(
        registry.folder, DirectoryTarget(folder / "copies"), ttl_seconds=300
    )
    publication.finish()
    ours = PublishedFiles(
        the_rest, folder=registry.folder, public_url=PUBLIC_URL, max_age_seconds=300
    )
    tls, port = make_tls_files(folder / "tls", now=datetime.now(UTC)), free_port()
    places = {
        "/srv/lists": str(folder / "copies"),
        "listen 443 ssl": f"listen 127.0.0.1:{port} ssl",
        "/etc/ssl/registry.pem": str(tls.certificate),
        "/etc/ssl/registry.key": str(tls.key),
        "127.0.0.1:8080": f"127.0.0.1:{free_port()}",  # No registry runs.
    }
    configuration = put_in(documented_configuration(), places)
    with (
        nginx(configuration, folder=folder / "nginx", port=port),
        httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=False, trust_env=False) as client,
    ):
        client.headers.pop("accept")
        yield Served(ours, client, registry.folder, publication, names)


async def the_rest(scope: Scope, _: Receive, send: Send) -> None:
    await send({"type": "http.response.start", "status": 418, "headers": []})
    await send({"type": "http.response.body", "body": b""})


ACCEPTS = [
    "*/*",
    "application/vc",
    "application/json",
    "application/ld+json",
    "application/ld+json; profile=x, application/json",
    "application/json, text/plain, */*",
    "application/vc+jwt",
    "application/jwt",
    "Application/VC+JWT",
    "application/vc+jwt, application/vc",
    "application/vc+jwt;q=1.0, application/vc;q=0.9",
    "application/vc+jwt, */*;q=0.1",
    "application/vc;q=0.2, application/json",
    "application/did+json",
    "application/did+ld+json",
    "text/html",
    "text/html,application/xhtml+xml,*/*;q=0.8",
]


@pytest.mark.parametrize("name", ["both", "plain", "did"])
@pytest.mark.parametrize("accept", [None, *ACCEPTS])
def test_answer_is_the_registrys(served: Served, name: str, accept: str | None) -> None:
    headers = {"accept": accept} if accept else {}
    mine, theirs = served.answers("GET", f"/{served.names[name]}", **headers)
    assert theirs.status_code == mine.status_code
    if mine.status_code == 200:
        assert theirs.content == mine.content
    assert headers_of(theirs) == headers_of(mine)


def headers_of(answer: httpx.Response) -> dict[str, list[str]]:
    """Return the headers that must be alike, each as often as it was sent."""
    without = NOT_OF_REFUSALS if answer.status_code >= 400 else ()
    return {name: answer.headers.get_list(name) for name in COMPARED if name not in without}


@pytest.mark.parametrize("name", ["retired", "absent", "both"])
@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "POST", "PUT", "DELETE"])
def test_other_methods_and_what_is_not_there_are_answered_alike(
    served: Served, name: str, method: str
) -> None:
    mine, theirs = served.answers(method, f"/{served.names[name]}")
    assert theirs.status_code == mine.status_code
    assert headers_of(theirs) == headers_of(mine)
    assert (method == "HEAD") <= (theirs.content == b"")


@pytest.mark.parametrize("name", ["both", "did"])
def test_etag_is_for_these_bytes_and_asking_with_it_gets_304(served: Served, name: str) -> None:
    path = f"/{served.names[name]}"
    _, first = served.answers("GET", path)
    etag = first.headers["etag"]
    assert not etag.startswith("W/")
    for known in (etag, f"W/{etag}", f'"other", {etag}', "*"):
        mine, theirs = served.answers("GET", path, if_none_match=known)
        assert theirs.status_code == 304
        assert theirs.headers["etag"] == etag
        if known == "*":
            assert headers_of(theirs) == headers_of(mine)
    assert served.answers("GET", path, if_none_match='"other"')[1].content == first.content


def test_two_forms_of_a_list_have_etags_of_their_own(served: Served) -> None:
    path = f"/{served.names['both']}"
    _, as_json = served.answers("GET", path)
    _, as_jwt_ = served.answers("GET", path, accept="application/vc+jwt")
    assert as_json.headers["etag"] != as_jwt_.headers["etag"]
    again = {"accept": "application/vc+jwt", "if_none_match": as_json.headers["etag"]}
    assert served.answers("GET", path, **again)[1].status_code == 200


def test_versions_of_one_size_within_a_second_have_etags_of_their_own(served: Served) -> None:
    name = list_name("1" * 8 + "-1111-4111-8111-" + "1" * 12, "revocation")
    etags = set[str]()
    for version in range(1, 6):
        for each in (name, as_jwt(name)):
            body = b'{"of one size": %d}' % version
            served.folder.make_current(each, served.folder.put(each, version, body))
        served.publication.finish()
        _, as_json = served.answers("GET", f"/{name}")
        _, as_jws = served.answers("GET", f"/{name}", accept="application/jwt")
        etags |= {as_json.headers["etag"], as_jws.headers["etag"]}
        assert as_json.content == body
    assert len(etags) == 10


@pytest.mark.parametrize(
    "query", ["timestamp=2026-01-01T00:00:00Z", "a=b&timestamp", "timest%61mp=2026-01-01T00:00:00Z"]
)
def test_who_asks_how_a_list_was_is_not_told_how_it_is(served: Served, query: str) -> None:
    _, theirs = served.answers("GET", f"/{served.names['both']}?{query}")
    assert theirs.status_code == 502  # The registry's to answer, and it is away.


def test_other_questions_mean_nothing(served: Served) -> None:
    mine, theirs = served.answers("GET", f"/{served.names['both']}?cache=1")
    assert (theirs.status_code, theirs.content) == (200, mine.content)


@pytest.mark.parametrize(
    "path",
    [
        "{both}.versions",
        "{both}.versions/",
        "{both}.jwt",
        "{retired}.withdrawn",
        "-/vc/.lock",
        "-/vc/{both}",
        ".lock",
        "status-lists/",
    ],
)
def test_nothing_else_of_the_directory_is_served(served: Served, path: str) -> None:
    _, theirs = served.answers("GET", f"/{path.format(**served.names)}")
    assert theirs.status_code in (404, 502)


def test_path_of_a_folder_is_not_redirected(served: Served) -> None:
    list_folder = served.names["both"].rpartition("/")[0]
    _, theirs = served.answers("GET", f"/{list_folder}")
    assert not theirs.is_redirect


def test_any_other_web_server_gets_the_bytes_right(served: Served, tmp_path: Path) -> None:
    root, port = DirectoryTarget(tmp_path / "copies"), free_port()
    StaticPublication(served.folder, root, ttl_seconds=300).finish()
    command = [sys.executable, "-m", "http.server", str(port), "--bind", "127.0.0.1"]
    quiet = subprocess.DEVNULL
    server = subprocess.Popen(command, cwd=tmp_path / "copies", stdout=quiet, stderr=quiet)
    try:
        transport = httpx.HTTPTransport(retries=10)
        with httpx.Client(transport=transport, trust_env=False) as client:
            for name in ("both", "plain", "did"):
                path = served.names[name]
                body = client.get(f"http://127.0.0.1:{port}/{path}").content
                assert body == (served.folder.root / path).read_bytes()
    finally:
        server.terminate()
        server.wait()
