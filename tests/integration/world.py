"""One issuer with one achievement on a database, and what was recorded since."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from registry.application import CredentialRegistry
from registry.commands import Caller
from registry.domain import errors
from registry.domain import events as e
from registry.domain.credential import Status
from registry.issuance import Order
from registry.issuing import Issued
from registry.requests import StatusChange
from registry.store.mapper import EventMapper
from tests.making import (
    OPERATOR,
    Parts,
    new_achievement,
    new_issuer,
    order,
)

REASON = StatusChange("fraud")


def keyed(key: str = "key-1", *, expected_version: int | None = None) -> Caller:
    return Caller("api-key:issuer", key, expected_version)


class World:
    """One issuer with one achievement, and what was recorded since."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.application: CredentialRegistry = parts.application
        self.issuer_id = new_issuer(parts.application)
        self.achievement_id = new_achievement(parts.application, self.issuer_id)

    def events(self) -> list[e.Event]:
        found = self.parts.recorder.select_notifications(None, 10_000)
        return [EventMapper().to_domain_event(notification) for notification in found]

    def of(self, *classes: type[e.Event]) -> list[e.Event]:
        return [event for event in self.events() if isinstance(event, classes)]

    def issue(self, *orders: Order, caller: Caller = OPERATOR) -> list[Issued]:
        return self.application.issue(caller, self.issuer_id, orders)

    def issue_one(self, **details: Any) -> str:
        (issued,) = self.issue(order(self.achievement_id, **details))
        return str(issued.credential.id)

    def status(self, credential_id: str) -> Status:
        return self.application.credential(self.issuer_id, credential_id).status


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """Call `work` in that many threads, all beginning together; return results or errors."""
    barrier = threading.Barrier(count)

    def run(number: int) -> Any:
        barrier.wait()
        try:
            return work(number)
        except errors.RegistryError as error:
            return error

    with ThreadPoolExecutor(count) as pool:
        return list(pool.map(run, range(count)))
