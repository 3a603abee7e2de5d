"""Accreditations in their view: folded, replayed and rebuilt like every other."""

from datetime import timedelta

import pytest
from sqlalchemy import Connection

from api.bootstrap import build_verifier
from api.standing import standing_answer
from projections import standings
from projections.accreditations import AccreditationsProjection
from projections.queries import Window
from projections.rebuild import rebuild
from projections.standings import term_of
from registry.accrediting import NewAccreditation, NewScheme
from registry.domain.accreditation import Accreditation
from registry.formats import rdf
from registry.requests import StatusChange
from tests.integration.projections.by_hand import ByHand
from tests.integration.projections.compromised import Scene
from tests.making import OPERATOR, new_issuer


def accredited(by_hand: ByHand, number: int = 1) -> Accreditation:
    """Accredit a new issuer under a new scheme."""
    application = by_hand.registry.application
    accreditor_id, issuer_id = (new_issuer(application, each) for each in (number, number + 1))
    new = NewScheme("Komisja", "Commission", accreditor_id, "https://commission.example")
    scheme_id = str(application.accrediting.open_scheme(OPERATOR, new).id)
    new_accreditation = NewAccreditation(issuer_id, "Computer science")
    return application.accrediting.grant(OPERATOR, scheme_id, new_accreditation)


def withdraw(by_hand: ByHand, accreditation: Accreditation) -> Accreditation:
    """Suspend, reinstate and withdraw an accreditation, the last since a while ago."""
    accrediting = by_hand.registry.application.accrediting
    by_hand.clock.advance(hours=1)
    accrediting.suspend(OPERATOR, str(accreditation.id), StatusChange("other"))
    accrediting.reinstate(OPERATOR, str(accreditation.id), StatusChange("other"))
    since = by_hand.clock.now - timedelta(minutes=5)
    change = StatusChange("fraud", effective_at=since)
    return accrediting.withdraw(OPERATOR, str(accreditation.id), change)


def test_view_holds_what_the_aggregate_does(by_hand: ByHand) -> None:
    accreditation = withdraw(by_hand, accredited(by_hand))
    by_hand.settle()
    with by_hand.registry.database.reading() as connection:
        [row] = standings.of_issuer(connection, accreditation.granted.issuer_id)
        [scheme] = standings.schemes(connection)
    assert term_of(row) == accreditation.term
    assert row["version"] == accreditation.version == 4
    assert scheme["scheme_id"] == accreditation.granted.scheme_id


def test_pages_are_of_one_issuer_or_one_scheme(by_hand: ByHand) -> None:
    first, second = accredited(by_hand, 1), accredited(by_hand, 3)
    by_hand.settle()

    def ids(**wanted: str | None) -> list[str]:
        page = standings.page(by_hand.registry.database, Window(10), **wanted)
        return [row["accreditation_id"] for row in page.rows]

    assert ids(issuer_id=None, scheme_id=None) == [str(second.id), str(first.id)]
    assert ids(issuer_id=first.granted.issuer_id, scheme_id=None) == [str(first.id)]
    assert ids(issuer_id=None, scheme_id=second.granted.scheme_id) == [str(second.id)]


def test_replay_and_rebuild_find_the_same_rows(by_hand: ByHand) -> None:
    withdraw(by_hand, accredited(by_hand))
    by_hand.settle()
    assert by_hand.replay().verify().difference is None
    registry = by_hand.registry
    [rebuilt] = rebuild(registry.database, registry.history, [AccreditationsProjection()])
    assert (rebuilt.rows, rebuilt.differing_rows) == (2, 0)


def test_endorsement_is_published_as_revoked(by_hand: ByHand) -> None:
    accreditation = accredited(by_hand)
    accrediting = by_hand.registry.application.accrediting
    endorsement = accrediting.endorsement(str(accreditation.id)).credential
    by_hand.settle()
    assert by_hand.bit(endorsement) == 0
    withdraw(by_hand, accreditation)
    by_hand.settle()
    assert by_hand.bit(endorsement) == 1


def test_registry_tells_of_a_withdrawal_of_its_own_at_once(by_hand: ByHand) -> None:
    registry, scene = by_hand.registry, Scene(by_hand)
    accreditor_id = new_issuer(registry.application, 7)
    new = NewScheme("Komisja", "Commission", accreditor_id, "https://commission.example")
    accrediting = registry.application.accrediting
    scheme_id = str(accrediting.open_scheme(OPERATOR, new).id)
    granted = accrediting.grant(OPERATOR, scheme_id, NewAccreditation(scene.issuer_id, "All"))
    by_hand.settle()
    verifier = build_verifier(registry, canonicalise=rdf.canonicalise, development=False)
    document = registry.application.document(scene.issuer_id, str(scene.credential.id))

    def told() -> str | None:
        standing = verifier.verify(document, now=scene.now).standing
        return standing.now if standing else None

    assert told() == "accredited"
    accrediting.withdraw(OPERATOR, str(granted.id), StatusChange("other"))
    by_hand.settle()
    assert told() == "withdrawn"


def test_standing_is_told_of_one_moment(by_hand: ByHand, monkeypatch: pytest.MonkeyPatch) -> None:
    """A scheme opened between the two readings is not met without its name."""
    registry, scene = by_hand.registry, Scene(by_hand)
    accredited(by_hand)
    by_hand.settle()
    schemes = standings.schemes

    def schemes_then_another(connection: Connection) -> object:
        found = schemes(connection)
        accreditor_id = new_issuer(registry.application, 8)
        new = NewScheme("Inna", "Another", accreditor_id, "https://another.example")
        accrediting = registry.application.accrediting
        scheme_id = str(accrediting.open_scheme(OPERATOR, new).id)
        accrediting.grant(OPERATOR, scheme_id, NewAccreditation(scene.issuer_id, "All"))
        by_hand.settle()
        return found

    monkeypatch.setattr(standings, "schemes", schemes_then_another)
    answer = standing_answer(
        registry.database,
        registry.application.issuer(scene.issuer_id),
        public_url=registry.public_url,
        enforced=False,
        now=scene.now,
    )
    assert answer.accreditations == []
