"""Who acts for whom once issuers are closed, also where two named each other at once."""

import threading
from collections.abc import Callable
from uuid import UUID

from registry.domain.issuer import EndReason, Issuer
from tests.making import OPERATOR, Parts, new_issuer

SECONDS = 5


def ends(work: Callable[[], object]) -> bool:
    """Return whether a piece of work comes to an end, whatever that is."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(SECONDS)
    return not thread.is_alive()


def at_the_same_moment(parts: Parts, change: Callable[[Issuer, str], None]) -> tuple[str, str]:
    """Let two issuers change, each decided before the other was saved."""
    ids = new_issuer(parts.application, 1), new_issuer(parts.application, 2)
    issuers = [parts.streams.load(Issuer(UUID(each))) for each in ids]
    for issuer, other in zip(issuers, reversed(ids), strict=True):
        change(issuer, other)
    for issuer in issuers:
        parts.streams.store(issuer)
    return ids


def test_nobody_acts_for_two_that_closed_into_each_others_custody(parts: Parts) -> None:
    def close(issuer: Issuer, other: str) -> None:
        issuer.close(parts.commands.own(), custodian_id=other, reason=EndReason.MERGED)

    first, second = at_the_same_moment(parts, close)
    custody = parts.application.custody
    assert ends(lambda: custody.is_custodian(second, first))
    assert not custody.is_custodian(second, first)


def test_successors_that_lead_round_in_a_circle_are_followed_once(parts: Parts) -> None:
    def succeed(issuer: Issuer, other: str) -> None:
        issuer.succeed(parts.commands.own(), by=other, reason=EndReason.MERGED)

    first, _ = at_the_same_moment(parts, succeed)
    third = new_issuer(parts.application, 3)
    changes = parts.application.issuer_changes
    assert ends(lambda: changes.succeed(OPERATOR, third, first, reason=EndReason.MERGED))
