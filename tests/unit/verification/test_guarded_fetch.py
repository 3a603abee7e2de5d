"""Against a real server, over real TLS, on a loopback address."""

import gzip
import socket
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from registry.verification.guarded_fetch import GuardedFetcher
from registry.verification.ports import FetchError
from tests.unit.verification.tls_server import Authority, make_authority, serving

LOCALHOST = ["127.0.0.1"]


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return make_authority(tmp_path_factory.mktemp("authority"))


def fetcher(
    authority: Authority,
    *,
    addresses: Sequence[str] = LOCALHOST,
    allow_loopback: bool = True,
    max_bytes: int = 10_000,
    deadline_seconds: float = 5.0,
) -> GuardedFetcher:
    return GuardedFetcher(
        allow_loopback=allow_loopback,
        ca_file=authority.ca_file,
        max_bytes=max_bytes,
        deadline_seconds=deadline_seconds,
        resolve=lambda host, port: addresses,
    )


def saying(*parts: bytes) -> Callable[[socket.socket], None]:
    def answer(client: socket.socket) -> None:
        for part in parts:
            client.sendall(part)

    return answer


def page(body: bytes, *headers: bytes, status: bytes = b"200 OK") -> bytes:
    length = b"Content-Length: %d" % len(body)
    return b"\r\n".join([b"HTTP/1.1 " + status, length, *headers, b"", body])


def refused(
    authority: Authority, answer: Callable[[socket.socket], None], *, max_bytes: int = 10_000
) -> str:
    with serving(answer, chain_file=authority.chain_file) as server:
        with pytest.raises(FetchError) as caught:
            fetcher(authority, max_bytes=max_bytes).fetch(server.url(), accept="*/*")
        assert len(server.requests) == 1
    return str(caught.value)


def test_a_page_is_fetched_in_the_name_of_its_host(authority: Authority) -> None:
    answer = saying(page(b'{"id": 1}', b"Content-Type: application/vc; charset=utf-8"))
    with serving(answer, chain_file=authority.chain_file) as server:
        fetched = fetcher(authority).fetch(server.url("/a/b?c=d"), accept="application/vc")
    assert fetched.body == b'{"id": 1}'
    assert fetched.media_type == "application/vc"
    assert server.names == ["localhost"]
    request = server.requests[0].decode().split("\r\n")
    assert request[0] == "GET /a/b?c=d HTTP/1.1"
    assert f"Host: localhost:{server.port}" in request
    assert "Accept: application/vc" in request
    assert "Accept-Encoding: identity" in request


def test_chunks_are_put_together(authority: Authority) -> None:
    answer = saying(
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"3\r\nabc\r\n",
        b"2\r\nde\r\n0\r\n\r\n",
    )
    with serving(answer, chain_file=authority.chain_file) as server:
        assert fetcher(authority).fetch(server.url(), accept="*/*").body == b"abcde"


def test_the_operating_systems_resolver_finds_localhost(authority: Authority) -> None:
    with serving(saying(page(b"{}")), chain_file=authority.chain_file) as server:
        own = GuardedFetcher(allow_loopback=True, ca_file=authority.ca_file)
        assert own.fetch(server.url(), accept="*/*").body == b"{}"


def test_plain_http_is_for_loopback_in_development(authority: Authority) -> None:
    with serving(saying(page(b"{}")), chain_file=None) as server:
        url = server.url(scheme="http")
        assert fetcher(authority).fetch(url, accept="*/*").body == b"{}"
        with pytest.raises(FetchError):
            fetcher(authority, allow_loopback=False).fetch(url, accept="*/*")
    assert len(server.requests) == 1


# ----------------------------------------------------------------- where


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], ["93.184.216.34", "10.0.0.1"], ["::ffff:127.0.0.1"]],
)
def test_a_name_with_any_address_that_is_not_public_is_not_asked(
    authority: Authority, addresses: list[str]
) -> None:
    guarded = fetcher(authority, addresses=addresses, allow_loopback=False)
    with pytest.raises(FetchError, match="not public"):
        guarded.fetch("https://inside.example/list", accept="*/*")


def test_the_name_is_resolved_once_and_the_checked_address_is_asked(authority: Authority) -> None:
    """A name server that answers differently the second time gets no second time."""
    answers = iter([LOCALHOST, ["192.0.2.1"]])
    with serving(saying(page(b"{}")), chain_file=authority.chain_file) as server:
        guarded = GuardedFetcher(
            allow_loopback=True,
            ca_file=authority.ca_file,
            resolve=lambda host, port: next(answers),
        )
        assert guarded.fetch(server.url(), accept="*/*").body == b"{}"
    assert next(answers) == ["192.0.2.1"]


def test_the_next_address_is_tried_when_one_does_not_answer(authority: Authority) -> None:
    with serving(saying(page(b"{}")), chain_file=authority.chain_file) as server:
        guarded = fetcher(authority, addresses=["127.0.0.99", "127.0.0.1"])
        assert guarded.fetch(server.url(), accept="*/*").body == b"{}"


def test_a_certificate_for_another_name_is_refused(authority: Authority) -> None:
    with (
        serving(saying(page(b"{}")), chain_file=authority.chain_file) as server,
        pytest.raises(FetchError, match="certificate"),
    ):
        fetcher(authority).fetch(server.url(host="other.example"), accept="*/*")
    assert server.requests == []


def test_a_certificate_of_an_unknown_authority_is_refused(
    authority: Authority, tmp_path: Path
) -> None:
    with (
        serving(saying(page(b"{}")), chain_file=authority.chain_file) as server,
        pytest.raises(FetchError, match="certificate"),
    ):
        fetcher(make_authority(tmp_path)).fetch(server.url(), accept="*/*")
    assert server.requests == []


def test_a_name_that_does_not_resolve_is_refused(authority: Authority) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "no such name")

    with pytest.raises(FetchError, match="could not be found"):
        GuardedFetcher(resolve=resolve).fetch("https://nowhere.example/", accept="*/*")


def test_a_name_without_addresses_is_refused(authority: Authority) -> None:
    with pytest.raises(FetchError):
        fetcher(authority, addresses=[]).fetch("https://nowhere.example/", accept="*/*")


def test_nobody_listening_is_refused(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    with pytest.raises(FetchError, match="connection failed"):
        fetcher(authority).fetch(f"https://localhost:{port}/", accept="*/*")


# ------------------------------------------------------------------ what


@pytest.mark.parametrize("status", [b"301 Moved", b"302 Found", b"307 Again", b"308 Moved"])
def test_a_redirect_is_not_followed(authority: Authority, status: bytes) -> None:
    answer = saying(page(b"", b"Location: https://localhost/other", status=status))
    assert status[:3].decode() in refused(authority, answer)


@pytest.mark.parametrize("status", [b"204 None", b"206 Part", b"404 Not Found", b"410 Gone"])
def test_only_200_counts(authority: Authority, status: bytes) -> None:
    assert status[:3].decode() in refused(authority, saying(page(b"", status=status)))


def test_a_body_over_the_cap_is_refused(authority: Authority) -> None:
    with serving(saying(page(bytes(10_000))), chain_file=authority.chain_file) as server:
        assert len(fetcher(authority).fetch(server.url(), accept="*/*").body) == 10_000
    assert "longer than 10000 bytes" in refused(authority, saying(page(bytes(10_001))))


@pytest.mark.parametrize(
    "head",
    [
        b"HTTP/1.1 200 OK\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-1\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n-5\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nFFFFFFFFFFFFFFFF\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 99999999999999\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nX-Padding: ",
        b"HTTP/1.1 100 Continue\r\n\r\n" * 3,
    ],
)
def test_an_endless_answer_is_cut_off_near_the_cap(authority: Authority, head: bytes) -> None:
    sent = 0

    def answer(client: socket.socket) -> None:
        nonlocal sent
        client.sendall(head)
        while sent < 50_000_000:
            client.sendall(bytes(10_000))
            sent += 10_000

    refused(authority, answer)
    # Besides what was read, only what the two sockets' buffers hold can have been sent.
    assert sent < 20_000_000


def test_a_body_that_ends_early_is_refused(authority: Authority) -> None:
    refused(authority, saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}"))
    refused(authority, saying(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab"))


def test_a_body_that_ends_early_is_refused_without_tls_too(authority: Authority) -> None:
    answer = saying(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}")
    with (
        serving(answer, chain_file=None) as server,
        pytest.raises(FetchError, match="ended early"),
    ):
        fetcher(authority).fetch(server.url(scheme="http"), accept="*/*")


def test_a_body_without_a_length_must_end_as_tls_ends(authority: Authority) -> None:
    """Else somebody on the way could cut it short."""
    assert "connection failed" in refused(authority, saying(b"HTTP/1.1 200 OK\r\n\r\n{}"))


def test_an_answer_that_is_not_http_is_refused(authority: Authority) -> None:
    refused(authority, saying(b"SSH-2.0-OpenSSH_9.6\r\n"))
    refused(authority, saying())
    refused(authority, saying(page(b"", b"X: y").replace(b"HTTP/1.1 200 OK", b"HTTP/1.1 two")))


def test_a_content_coding_nobody_asked_for_is_refused(authority: Authority) -> None:
    bomb = page(gzip.compress(bytes(1_000_000)), b"Content-Encoding: gzip")
    assert "content coding" in refused(authority, saying(bomb))


# ------------------------------------------------------------------ when


@pytest.mark.parametrize(
    "head", [b"", b"HTTP/1.1 200 OK\r\nX: ", b"HTTP/1.1 200 OK\r\nContent-Length: 9000\r\n\r\n"]
)
def test_a_server_that_drips_is_cut_off_at_the_deadline(authority: Authority, head: bytes) -> None:
    def drip(client: socket.socket) -> None:
        client.sendall(head)
        for _ in range(100):
            client.sendall(b"a")
            time.sleep(0.05)

    with serving(drip, chain_file=authority.chain_file) as server:
        assert seconds_until_refused(fetcher(authority, deadline_seconds=0.4), server.url()) < 1.5


def test_a_server_that_never_shakes_hands_is_cut_off(authority: Authority) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://localhost:{silent.getsockname()[1]}/"
        assert seconds_until_refused(fetcher(authority, deadline_seconds=0.4), url) < 1.5


def test_a_name_server_that_does_not_answer_is_cut_off(authority: Authority) -> None:
    over = threading.Event()

    def resolve(host: str, port: int) -> list[str]:
        over.wait(10)
        return LOCALHOST

    guarded = GuardedFetcher(deadline_seconds=0.4, resolve=resolve)
    try:
        assert seconds_until_refused(guarded, "https://slow.example/") < 1.5
    finally:
        over.set()


def seconds_until_refused(guarded: GuardedFetcher, url: str) -> float:
    started = time.monotonic()
    with pytest.raises(FetchError, match="took longer"):
        guarded.fetch(url, accept="*/*")
    return time.monotonic() - started
