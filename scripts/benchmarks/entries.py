"""Where a credential's status is published, and the wait until a change is seen there."""

import json
import time
from collections.abc import Sequence
from dataclasses import dataclass

from registry.formats import bitstring
from scripts.benchmarks.live import Client, NotServedError
from scripts.benchmarks.registries import Measured

POLL_SECONDS = 0.005
MOST_SECONDS = 30


class NotPublishedError(Exception):
    """A change that was acknowledged was not published in time."""


@dataclass(frozen=True)
class Entry:
    """The entry of a credential in a status list of one purpose."""

    credential_id: str
    purpose: str
    list_id: str | None
    index: int

    @property
    def path(self) -> str:
        """Return where the list is served."""
        return f"/status-lists/{self.list_id}/{self.purpose}"


def revocation_entry(measured: Measured, credential_id: str) -> Entry:
    """Return the entry of one of the measured registry's credentials."""
    issuance = measured.registry.application.any_credential(credential_id).issuance
    return Entry(credential_id, "revocation", issuance.list_id, issuance.list_index or 0)


def count_set(client: Client, entries: Sequence[Entry]) -> int:
    """Return how many entries are set in the lists that are served."""
    lists = {
        path: bitstring.decode(json.loads(client.get(path))["credentialSubject"]["encodedList"])
        for path in {entry.path for entry in entries}
    }
    return sum(bitstring.value(lists[entry.path], entry.index) for entry in entries)


def wait_until_set(client: Client, entry: Entry) -> None:
    """Return once an entry is set; raises NotPublishedError after 30 s."""
    began = time.perf_counter()
    while not _is_set(client, entry):
        if time.perf_counter() - began > MOST_SECONDS:
            raise NotPublishedError(entry.path)
        time.sleep(POLL_SECONDS)


def _is_set(client: Client, entry: Entry) -> bool:
    try:
        return bool(count_set(client, [entry]))
    except NotServedError:
        return False  # Not even the list is there yet.
