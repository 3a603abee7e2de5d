"""A whole registry on SQLite without its background thread: a test says when what happens."""

import base64
import json
import zlib
from dataclasses import dataclass
from pathlib import Path
from unittest import mock

from sqlalchemy import text

from api import bootstrap, founding
from api.settings import Settings
from projections.publish_folder import list_name
from registry.application import CredentialRegistry
from registry.domain.events import StatusListPublished
from registry.domain.status_list import publication_id
from tests.making import PUBLIC_URL, Clock

PURPOSES = ("revocation", "suspension")
Entry = tuple[str, int]
"""The id of a list, and an index in it."""


def settings(folder: Path) -> Settings:
    return Settings.read(folder=folder, public_url=PUBLIC_URL)


def initialise(folder: Path) -> None:
    """Make a registry's folder and database."""
    founding.initialise(settings(folder))


@dataclass(frozen=True)
class Published:
    """One version of one list as a verifier holds it."""

    version: int
    position: int
    signed_at: str
    bits: bytes

    def holds(self, index: int) -> bool:
        """Return whether the entry is set; entry 0 is the most significant bit of byte 0."""
        return bool(self.bits[index // 8] >> (7 - index % 8) & 1)

    def entries(self) -> set[int]:
        """Return the entries that are set."""
        found = set()
        rest = int.from_bytes(self.bits, "big")
        while rest:
            lowest = rest & -rest
            found.add(len(self.bits) * 8 - lowest.bit_length())
            rest ^= lowest
        return found


class Running:
    """The parts of a registry, built as the server builds them, on the test's clock."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.clock = Clock()
        self._build()

    def _build(self) -> None:
        # The clock is the one port that the composition root does not take from the settings.
        with mock.patch("api.clock.now", self.clock):
            self.parts = bootstrap.build(settings(self.folder))

    @property
    def application(self) -> CredentialRegistry:
        return self.parts.application

    def restart(self) -> None:
        """Forget everything that is only in memory, as a crash does."""
        self.parts.close()
        self._build()

    def close(self) -> None:
        self.parts.close()

    def catch_up(self) -> None:
        self.parts.catch_up.run()

    def publish(self) -> None:
        """Publish what the views hold, after the shortest interval has passed."""
        self.clock.advance(seconds=1)
        self.parts.publisher.tick()
        assert not self.parts.publisher.alarms

    def served(self, list_id: str, purpose: str) -> Published | None:
        """Return what a verifier would fetch now; read without any code of the registry's."""
        file = self.folder / "published" / list_name(list_id, purpose)
        if not file.exists():
            return None
        document = json.loads(file.read_bytes())
        encoded = document["credentialSubject"]["encodedList"].removeprefix("u")
        compressed = base64.urlsafe_b64decode(encoded + "=" * (-len(encoded) % 4))
        event = self.parts.history.last_of(publication_id(list_id, purpose))
        assert isinstance(event, StatusListPublished)
        return Published(
            version=event.originator_version,
            position=event.position,
            signed_at=document["validFrom"],
            bits=zlib.decompress(compressed, zlib.MAX_WBITS | 16),
        )

    def viewed(self) -> dict[str, tuple[str, int]]:
        """Return status and version of every credential in the view."""
        query = text("SELECT credential_id, status, version FROM credentials")
        with self.parts.database.reading() as connection:
            return {row[0]: (row[1], row[2]) for row in connection.execute(query)}
