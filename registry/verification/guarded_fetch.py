"""Fetch what a credential names without being made to ask, wait for or swallow anything else.

The only module of this package that opens sockets.
"""

import http.client
import io
import socket
import ssl
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

from registry.verification.addresses import Target, parse_target, require_allowed
from registry.verification.ports import Fetched, FetchError

Resolve = Callable[[str, int], Sequence[str]]

_RESOLVING_THREADS = 4

# For the headers and the framing of chunks.
_OVERHEAD_BYTES = 65_536


def resolve(host: str, port: int) -> Sequence[str]:
    """Return the addresses of a host, as the operating system's resolver orders them."""
    answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(answer[4][0]) for answer in answers]


class GuardedFetcher:
    """A `ports.Fetcher` for the open Internet.

    https on port 443 at public addresses; the name is resolved once, every address is checked,
    and the connection goes to a checked address while the certificate is checked for the name.
    No redirects, no proxies, no content codings; at most `max_bytes`, all within
    `deadline_seconds`. With `allow_loopback` (development) loopback addresses may be asked on
    any port, also over plain http. `ca_file` is trusted beside the system's authorities.
    """

    def __init__(
        self,
        *,
        allow_loopback: bool = False,
        ca_file: Path | None = None,
        max_bytes: int = 1_048_576,
        deadline_seconds: float = 5.0,
        resolve: Resolve = resolve,
    ) -> None:
        self._allow_loopback = allow_loopback
        self._max_bytes = max_bytes
        self._deadline_seconds = deadline_seconds
        self._resolve = resolve
        # The system's resolver cannot be given a deadline, so it is waited for from outside.
        self._resolving = ThreadPoolExecutor(_RESOLVING_THREADS, "resolve")
        self._tls = ssl.create_default_context()
        if ca_file is not None:
            self._tls.load_verify_locations(ca_file)

    def fetch(self, url: str, *, accept: str) -> Fetched:
        """Return the body of a 200 answer; raises `FetchError`."""
        target = parse_target(url)
        deadline = _Deadline(self._deadline_seconds)
        try:
            with self._connected(target, deadline) as connection:
                connection.sendall(_request(target, accept))
                return self._read(_Answer(connection, deadline, most_bytes=self._max_bytes))
        except ssl.SSLCertVerificationError as error:
            why = error.verify_message
            raise FetchError(
                f"its certificate is not trusted: {why}.",
                pl=f"certyfikat jest niewiarygodny: {why}.",
            ) from error
        except TimeoutError as error:
            most = self._deadline_seconds
            raise FetchError(
                f"it took longer than {most} s.", pl=f"odpowiedź trwała dłużej niż {most} s."
            ) from error
        # http.client lets a chunk's negative length out as a ValueError.
        except (OSError, http.client.HTTPException, ValueError) as error:
            kind = type(error).__name__
            raise FetchError(
                f"the connection failed ({kind}).", pl=f"połączenie się nie udało ({kind})."
            ) from error

    def _connected(self, target: Target, deadline: "_Deadline") -> socket.socket:
        addresses = self._addresses(target, deadline)
        connection = _first_to_answer(addresses, target.port, deadline=deadline)
        if target.scheme == "http":
            return connection
        try:
            return self._tls.wrap_socket(
                connection, server_hostname=target.host, suppress_ragged_eofs=False
            )
        except (OSError, ValueError):
            connection.close()
            raise

    def _addresses(self, target: Target, deadline: "_Deadline") -> Sequence[str]:
        found = self._resolving.submit(self._resolve, target.host, target.port)
        try:
            addresses = found.result(timeout=deadline.left())
        except (socket.gaierror, UnicodeError) as error:
            raise FetchError(
                "its host could not be found.", pl="nie znaleziono takiego hosta."
            ) from error
        finally:
            found.cancel()
        for address in addresses:
            require_allowed(target, address, allow_loopback=self._allow_loopback)
        return addresses

    def _read(self, answer: "_Answer") -> Fetched:
        # HTTPResponse asks a socket for nothing but makefile.
        response = http.client.HTTPResponse(cast("socket.socket", answer), method="GET")
        response.begin()
        if response.status != http.client.OK:
            raise FetchError(
                f"it answered {response.status} instead of 200.",
                pl=f"odpowiedź ma kod {response.status} zamiast 200.",
            )
        if response.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise FetchError(
                "it answered with a content coding that was not asked for.",
                pl="odpowiedź jest zakodowana w sposób, o który nie proszono.",
            )
        body = response.read(self._max_bytes + 1)
        if len(body) > self._max_bytes:
            raise _too_long(self._max_bytes)
        if response.length:
            raise FetchError("its answer ended early.", pl="odpowiedź urwała się przed końcem.")
        return Fetched(body, response.headers.get_content_type())


class _Deadline:
    """An instant on the monotonic clock by which everything must be done."""

    def __init__(self, seconds: float) -> None:
        self._at = time.monotonic() + seconds

    def left(self) -> float:
        """Return the seconds left; raises `TimeoutError` when there are none."""
        left = self._at - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


class _Answer(io.RawIOBase):
    """What the other side sends, cut off at the deadline and at a number of bytes in all."""

    def __init__(self, connection: socket.socket, deadline: _Deadline, *, most_bytes: int) -> None:
        super().__init__()
        self._connection = connection
        self._deadline = deadline
        self._most_bytes = most_bytes
        self._left = most_bytes + _OVERHEAD_BYTES

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(buffer)
        self._left -= count
        if self._left < 0:
            raise _too_long(self._most_bytes)
        return count

    def makefile(self, _mode: str) -> io.BufferedReader:
        """Return a buffered reader; the mode asked for is always "rb"."""
        return io.BufferedReader(self)


def _first_to_answer(addresses: Sequence[str], port: int, *, deadline: _Deadline) -> socket.socket:
    """Return a connection to the first address that takes one, so that localhost may be either."""
    failure = OSError("no address")
    for address in addresses:
        try:
            connection = socket.create_connection((address, port), timeout=deadline.left())
        except OSError as error:
            failure = error
        else:
            connection.settimeout(deadline.left())
            return connection
    raise failure


def _request(target: Target, accept: str) -> bytes:
    lines = [
        f"GET {target.path} HTTP/1.1",
        f"Host: {target.authority}",
        f"Accept: {accept}",
        "Accept-Encoding: identity",
        "User-Agent: micro-credential-registry",
        "Connection: close",
    ]
    return "\r\n".join([*lines, "", ""]).encode("ascii")


def _too_long(most_bytes: int) -> FetchError:
    return FetchError(
        f"its answer is longer than {most_bytes} bytes.",
        pl=f"odpowiedź jest dłuższa niż {most_bytes} bajtów.",
    )
