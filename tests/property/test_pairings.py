"""Verifiers keep the two lists of a credential apart: any old one may stand beside any new one.

A credential that was suspended when it was revoked never reads valid once either list tells of
the revocation, whichever version of the other list a verifier still holds.
"""

import itertools
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from registry.commands import Caller
from registry.domain.achievement import Profile
from registry.issuance import Order
from registry.requests import StatusChange
from tests.making import learner, new_achievement, new_issuer
from tests.property.running import PURPOSES, Published, Running

CALLER = Caller("api-key:issuer")
REASON = StatusChange("fraud")
Step = Callable[["Life"], None]


class Life:
    """One credential among others, and every version of its two lists that was ever served."""

    def __init__(self, running: Running) -> None:
        self.running = running
        application = running.application
        self.issuer_id = new_issuer(application)
        self.achievement_id = new_achievement(application, self.issuer_id, profile=Profile.DEFAULT)
        orders = [Order(self.achievement_id, learner(number)) for number in range(3)]
        issued = application.issue(CALLER, self.issuer_id, orders)[1]
        self.credential_id = str(issued.credential.id)
        self.list_id = issued.credential.issuance.list_id or ""
        self.index = issued.credential.issuance.list_index or 0
        self.versions: dict[str, list[Published]] = {purpose: [] for purpose in PURPOSES}
        self.show()

    def show(self) -> None:
        """Publish what there is; both lists are kept though only one may have changed."""
        self.running.catch_up()
        self.running.publish()
        for purpose in PURPOSES:
            served = self.running.served(self.list_id, purpose)
            assert served is not None
            self.versions[purpose].append(served)

    def change(self, verb: str) -> None:
        getattr(self.running.application, verb)(CALLER, self.issuer_id, self.credential_id, REASON)

    def supersede(self) -> None:
        order = Order(self.achievement_id, learner(1), supersedes=self.credential_id)
        self.running.application.issue(CALLER, self.issuer_id, [order])

    def live(self, *steps: str) -> None:
        for step in steps:
            self.supersede() if step == "supersede" else self.change(step)
            self.show()

    def verdicts(self) -> dict[tuple[int, int], str]:
        """Return how the credential reads for each pairing (revocation list, suspension list)."""
        revocation, suspension = (self.versions[purpose] for purpose in PURPOSES)
        return {
            (first, second): self._verdict(revocation[first], suspension[second])
            for first, second in itertools.product(range(len(revocation)), range(len(suspension)))
        }

    def _verdict(self, revocation: Published, suspension: Published) -> str:
        if revocation.holds(self.index):
            return "revoked"
        return "suspended" if suspension.holds(self.index) else "valid"


@pytest.fixture
def life(template: Path, tmp_path: Path) -> Iterator[Life]:
    folder = tmp_path / "registry"
    shutil.copytree(template, folder)
    running = Running(folder)
    yield Life(running)
    running.close()


@pytest.mark.parametrize("end", ["revoke", "supersede"])
@pytest.mark.parametrize(
    "before", [("suspend",), ("suspend", "reinstate", "suspend")], ids=["once", "again"]
)
def test_revoked_credential_that_was_suspended_reads_valid_in_no_pairing(
    life: Life, before: tuple[str, ...], end: str
) -> None:
    life.live(*before, end)
    last = len(before) + 1
    verdicts = life.verdicts()
    assert verdicts[last, last] == "revoked"
    for shown in range(last + 1):
        assert verdicts[last, shown] == "revoked"
        assert verdicts[shown, last] != "valid"


def test_revoked_credential_reads_revoked_beside_every_suspension_list(life: Life) -> None:
    life.live("revoke")
    assert {life.verdicts()[1, shown] for shown in range(2)} == {"revoked"}


def test_credential_reads_as_it_is_where_both_lists_are_of_one_moment(life: Life) -> None:
    life.live("suspend", "reinstate", "suspend", "revoke")
    verdicts = life.verdicts()
    assert [verdicts[shown, shown] for shown in range(5)] == [
        "valid",
        "suspended",
        "valid",
        "suspended",
        "revoked",
    ]


def test_neighbours_read_valid_throughout(life: Life) -> None:
    life.live("suspend", "revoke")
    for version in itertools.chain.from_iterable(life.versions.values()):
        assert version.entries() <= {life.index}
