"""Post to a witness, and wait for no answer longer, and take no longer one, than was allowed."""

import http.client
import ssl
from contextlib import suppress
from dataclasses import dataclass
from socket import SHUT_RDWR
from threading import Lock, Timer
from urllib.parse import SplitResult, urlsplit

from registry.this_machine import is_https_or_here

MAX_ANSWER_BYTES = 65_536
"""Room for a dozen signatures of ML-DSA-44."""


class WitnessError(Exception):
    """A witness did not cosign, for a reason that says nothing bad about the log."""


class WitnessUrlError(ValueError):
    """A URL is not one that checkpoints may be sent to."""


@dataclass(frozen=True)
class Answered:
    """What a witness answered."""

    status: int
    content_type: str
    body: bytes


class WitnessConnection:
    """Posts to one URL and keeps the connection for the next time (C2SP tlog-witness).

    https, or plain http to this machine; no redirects and no proxies. For one thread, except
    `close`, which cuts off what is under way.
    """

    def __init__(self, url: str, *, deadline_seconds: float) -> None:
        parts = urlsplit(url)
        check_url(parts)
        self._path = f"{parts.path.rstrip('/')}/add-checkpoint"
        self._deadline_seconds = deadline_seconds
        self._http = _connection(parts, deadline_seconds)
        self._lock = Lock()
        self._is_cut = False

    def post(self, body: bytes) -> Answered:
        """Return the answer; raises WitnessError without a whole one before the deadline."""
        self._is_cut = False
        # A time limit on each read alone would let a witness drip its answer for hours.
        timer = Timer(self._deadline_seconds, self.cut)
        timer.daemon = True
        timer.start()
        try:
            return self._answered(body)
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            raise WitnessError(f"it gave no answer ({type(error).__name__})") from error
        finally:
            timer.cancel()

    def cut(self) -> None:
        """End what is under way, from any thread."""
        self._is_cut = True
        with self._lock, suppress(OSError):
            if self._http.sock is not None:
                self._http.sock.shutdown(SHUT_RDWR)

    def close(self) -> None:
        """Let the connection go; the next post makes a new one."""
        with self._lock:
            self._http.close()

    def _answered(self, body: bytes) -> Answered:
        was_kept = self._http.sock is not None
        try:
            response = self._sent(body)
        except (http.client.RemoteDisconnected, BrokenPipeError, ConnectionResetError):
            if self._is_cut or not was_kept:
                raise
            # The witness has let go of a connection that was kept; sending twice does no harm.
            self.close()
            response = self._sent(body)
        read = response.read(MAX_ANSWER_BYTES + 1)
        if len(read) > MAX_ANSWER_BYTES:
            self.close()
            raise WitnessError(f"its answer is longer than {MAX_ANSWER_BYTES} bytes")
        if response.will_close:
            self.close()
        return Answered(response.status, response.headers.get_content_type(), read)

    def _sent(self, body: bytes) -> http.client.HTTPResponse:
        headers = {"Content-Type": "text/plain", "User-Agent": "micro-credential-registry"}
        self._http.request("POST", self._path, body=body, headers=headers)
        return self._http.getresponse()


def check_url(parts: SplitResult) -> None:
    """Raise WitnessUrlError unless it is https, or http to this machine."""
    if not is_https_or_here(parts):
        raise WitnessUrlError("a witness has an https URL, or an http one on this machine")


def _connection(parts: SplitResult, timeout: float) -> http.client.HTTPConnection:
    host = parts.hostname or ""
    if parts.scheme == "http":
        return http.client.HTTPConnection(host, parts.port or 80, timeout=timeout)
    context = ssl.create_default_context()
    return http.client.HTTPSConnection(host, parts.port or 443, timeout=timeout, context=context)
