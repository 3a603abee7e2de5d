"""Read a log where it is: in the registry's own folder, or wherever it is served."""

import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import httpx

from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.floor import LogFiles, LogFolder
from registry.domain.errors import InvalidValueError, NotFoundError, RegistryError
from registry.formats.tlog.notes import MAX_NOTE_BYTES
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.tiles import HASH_BYTES, TILE_WIDTH, EntriesAddress, TileAddress
from registry.this_machine import is_https_or_here
from scripts.answers import CANNOT_BE_TOLD

MAX_BUNDLE_BYTES = TILE_WIDTH * (2**16 + 1)
TIMEOUT_SECONDS = 20.0
COSIGNING_SECONDS = 10.0
LOOK_AGAIN_SECONDS = 0.5


class LogUnreadableError(RegistryError):
    """The log does not give what was asked of it."""

    exit_code = CANNOT_BE_TOLD


class NoLogError(NotFoundError):
    """There is no such log here, or nothing of it was signed yet."""


class LogSource(Protocol):
    """Where a log is read; raises LogUnreadableError or, of a folder, FloorDamagedError."""

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint; raises NoLogError before the first."""
        ...

    def checkpoints(self, policy: Policy) -> Iterator[bytes]:
        """Yield those that may satisfy a policy: the newest, and others that witnesses cosigned."""
        ...

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile."""
        ...

    def read_bundle(self, number: int, width: int) -> bytes:
        """Return the first `width` entries of a bundle, each after its length."""
        ...


class LogInFolder:
    """The log that grows in a folder of logs, or the one with a number."""

    def __init__(self, folder: Path, *, number: int | None = None) -> None:
        logs = LogFolder(folder)
        self.files: LogFiles = logs.log(logs.newest if number is None else number)

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint; raises NoLogError before the first."""
        found = self.files.checkpoint()
        if found is None:
            raise NoLogError(
                f"{self.files.path} holds no signed checkpoint",
                remedy="start the server, or run: registry receipt get CREDENTIAL",
            )
        return found

    def checkpoints(self, policy: Policy) -> Iterator[bytes]:
        """Yield the newest with what was cosigned of it, then the newest that met the quorum."""
        cosigned = CosignedCheckpoints(self.files.path, policy)
        yield cosigned.with_cosignatures(self.checkpoint())
        if (newest := cosigned.newest()) is not None:
            yield newest

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile."""
        return self.files.read_tile(level, number, width)

    def read_bundle(self, number: int, width: int) -> bytes:
        """Return the first `width` entries of a bundle, each after its length."""
        return self.files.read_bundle(number, width)


class ServedLog:
    """A log under a URL such as https://registry.example.org/log (C2SP tlog-tiles).

    Its entries are for auditors, who send the `token` of their API key.
    """

    def __init__(self, url: str, *, ca_file: Path | None, token: str | None) -> None:
        self._url = _checked(url)
        context = ssl.create_default_context()
        if ca_file is not None:
            context.load_verify_locations(ca_file)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._client = httpx.Client(
            headers=headers, verify=context, timeout=TIMEOUT_SECONDS, trust_env=False
        )

    def close(self) -> None:
        """Close the connection."""
        self._client.close()

    def checkpoint(self) -> bytes:
        """Return the newest signed checkpoint."""
        return self._get("checkpoint", most_bytes=MAX_NOTE_BYTES)

    def checkpoints(self, policy: Policy) -> Iterator[bytes]:  # noqa: ARG002 - as of a folder
        """Yield the newest again and again, while witnesses may be about to cosign it."""
        until = time.monotonic() + COSIGNING_SECONDS
        yield self.checkpoint()
        while time.monotonic() < until:
            time.sleep(LOOK_AGAIN_SECONDS)
            yield self.checkpoint()

    def read_tile(self, level: int, number: int, width: int) -> bytes:
        """Return the first `width` hashes of a tile."""
        path = TileAddress(level, number, width).path
        return self._get(path, most_bytes=HASH_BYTES * TILE_WIDTH)

    def read_bundle(self, number: int, width: int) -> bytes:
        """Return the first `width` entries of a bundle, each after its length."""
        return self._get(EntriesAddress(number, width).path, most_bytes=MAX_BUNDLE_BYTES)

    def _get(self, path: str, *, most_bytes: int) -> bytes:
        url = f"{self._url}/{path}"
        try:
            with self._client.stream("GET", url) as answer:
                if answer.status_code != httpx.codes.OK:
                    raise _unreadable(url, f"it answered {answer.status_code}")
                body = b""
                for part in answer.iter_bytes():
                    body += part
                    if len(body) > most_bytes:
                        raise _unreadable(url, f"it is longer than {most_bytes:,} bytes")
        except httpx.HTTPError as error:
            raise _unanswered(url, error) from error
        return body


def _unreadable(url: str, reason: str) -> LogUnreadableError:
    return LogUnreadableError(
        f"{url}: {reason}",
        remedy="see that the URL is a log's; its entries need --token-file, an auditor's key",
    )


def _unanswered(url: str, error: httpx.HTTPError) -> LogUnreadableError:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        reason = "its certificate is not trusted here"
        remedy = "give the authority that signed it with --ca-file"
    else:
        reason, remedy = f"no answer ({type(error).__name__})", "try again; see that it is up"
    return LogUnreadableError(f"{url}: {reason}", remedy=remedy)


def _checked(url: str) -> str:
    if not is_https_or_here(urlsplit(url)):
        raise InvalidValueError(
            "a log is read over https", field="--url", remedy="give https://HOST/log"
        )
    return url.rstrip("/")
