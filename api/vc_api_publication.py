"""Wait, within bounds, until what a request changed is published.

What is answered is durable in any case; a publisher that is late makes no request fail that
changed something.
"""

import time
from collections.abc import Callable, Sequence
from typing import TypeVar

from projections.list_documents import encoded_list_of
from projections.publish_folder import PublishFolder, jwt_name, list_name
from registry.domain.events import CredentialIssued
from registry.domain.profiles import purposes_of
from registry.domain.securing import Mechanism
from registry.formats import bitstring
from registry.requests import StatusOrder

OPENING_SECONDS = 5.0
"""How long a request waits for a list that is new."""

CHANGING_SECONDS = 2.0
"""How long it waits for the next version of one that is there."""

_POLL_SECONDS = 0.02

T = TypeVar("T")


def published(folder: PublishFolder, name: str) -> bytes | None:
    """Return what is published under a name, None where nothing is after the longest wait."""
    return _when(lambda: _current(folder, name), seconds=OPENING_SECONDS)


def wait_for_lists(folder: PublishFolder, issuance: CredentialIssued) -> None:
    """Wait for every list that a new credential has an entry in.

    A list that was withdrawn since, as a repeated request may find it, is not waited for.
    """
    purposes = purposes_of(issuance.profile)
    names = [name for purpose in purposes for name in _names(issuance, purpose)]
    _when(
        lambda: all(folder.current(name) or folder.is_withdrawn(name) for name in names) or None,
        seconds=OPENING_SECONDS,
    )


def wait_for_status(folder: PublishFolder, issuance: CredentialIssued, order: StatusOrder) -> None:
    """Wait for a version of the list in which the entry is as it was asked to be."""
    index = issuance.list_index
    if index is None:
        return
    names = _names(issuance, order.purpose)
    _when(
        lambda: all(_value(folder, name, index) == order.value for name in names) or None,
        seconds=CHANGING_SECONDS,
    )


def _names(issuance: CredentialIssued, purpose: str) -> Sequence[str]:
    """Return the names under which a list is published: one for each of its forms."""
    list_id = issuance.list_id
    if list_id is None:
        return []
    if not Mechanism(issuance.cryptosuite).is_jwt:
        return [list_name(list_id, purpose)]
    return [list_name(list_id, purpose), jwt_name(list_id, purpose)]


def _current(folder: PublishFolder, name: str) -> bytes | None:
    current = folder.current(name)
    return folder.read(name, current) if current else None


def _value(folder: PublishFolder, name: str, index: int) -> bool | None:
    body = _current(folder, name)
    if body is None:
        return None
    return bool(bitstring.value(bitstring.decode(encoded_list_of(body)), index))


def _when(read: Callable[[], T | None], *, seconds: float) -> T | None:
    """Return what is read once there is something, None where there is nothing in time."""
    deadline = time.monotonic() + seconds
    while (found := read()) is None and time.monotonic() < deadline:
        time.sleep(_POLL_SECONDS)
    return found
