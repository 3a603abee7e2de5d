"""How many credentials are issued a second, and how much of that is canonicalisation?"""

import json
from collections.abc import Iterator
from itertools import count

from registry.domain.securing import Mechanism
from registry.domain.subject import IdentityType
from registry.formats.data_integrity import hash_data
from registry.issuance import Learner, Order
from scripts.benchmarks import bulk_issuing
from scripts.benchmarks.databases import empty
from scripts.benchmarks.measuring import Effort, Work, rates
from scripts.benchmarks.registries import CALLER, Measured, new_registry
from scripts.benchmarks.results import Result

BATCH = 100
CANONICALISING = "canonicalisation alone"
NOTE = (
    "fsync on; beside it the canonicalisation of one document a credential, all the way, which "
    "batches leave out for every shape they know"
)


def measure(effort: Effort) -> Iterator[Result]:
    """Issue credentials in bulk; then one by one and in batches, on both databases."""
    yield from bulk_issuing.measure(effort)
    with empty(effort.databases) as urls:
        for kind, url in urls.items():
            with new_registry(url) as measured:
                for mechanism in measured.achievements:
                    yield from _measure(effort, measured, mechanism, where=f"{kind}.{mechanism}")


def _measure(
    effort: Effort, measured: Measured, mechanism: Mechanism, *, where: str
) -> Iterator[Result]:
    issuer = _Issuer(measured, measured.achievements[mechanism])
    works = {
        "single": issuer.issuing(effort.credentials, at_once=1),
        "batches_of_100": issuer.issuing(effort.credentials, at_once=BATCH),
        CANONICALISING: _canonicalising(issuer.document(), effort.credentials),
    }
    found = rates(effort.runs, works)
    alone = found.pop(CANONICALISING)
    for name, runs in found.items():
        beside = {CANONICALISING: alone}
        yield Result(f"issuing.{where}.{name}", "credentials/s", runs, beside, note=NOTE)


class _Issuer:
    """Issues credentials of one achievement, each to a learner nobody has met before."""

    def __init__(self, measured: Measured, achievement_id: str) -> None:
        self._measured = measured
        self._achievement_id = achievement_id
        self._learners = count()

    def issuing(self, credentials: int, *, at_once: int) -> Work:
        """Return the work of issuing `credentials` in saves of `at_once`."""

        def work() -> int:
            for _ in range(0, credentials, at_once):
                self._issue(at_once)
            return credentials

        return work

    def document(self) -> bytes:
        """Issue one credential and return its document."""
        return self._issue(1)[0]

    def _issue(self, number: int) -> list[bytes]:
        orders = [Order(self._achievement_id, self._learner()) for _ in range(number)]
        application = self._measured.registry.application
        issued = application.issue(CALLER, self._measured.issuer_id, orders)
        return [one.document for one in issued]

    def _learner(self) -> Learner:
        address = f"{self._achievement_id}-{next(self._learners)}@example.org"
        return Learner(IdentityType.EMAIL_ADDRESS, address)


def _canonicalising(body: bytes, times: int) -> Work:
    """Return the work of hashing one document and its proof options as signing does."""
    document = json.loads(body)
    options = {key: value for key, value in document["proof"][0].items() if key != "proofValue"}

    def work() -> int:
        for _ in range(times):
            hash_data(document, options)
        return times

    return work
