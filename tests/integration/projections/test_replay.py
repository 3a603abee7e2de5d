"""A replay finds whatever is not what the events make it, and names it with its event."""

import shutil
from hashlib import sha256
from pathlib import Path
from typing import Any
from unittest.mock import ANY

import pytest
from sqlalchemy import text

from projections import ALL
from projections.credentials import CredentialsProjection
from projections.differences import Difference
from projections.rebuild import Rebuilt, rebuild
from projections.rows import Row
from projections.status_lists import STATUS_ARRAYS
from projections.transparency.runs import Run
from registry.domain.credential import Credential
from registry.domain.erasure import ErasureReason
from registry.domain.events import CredentialRevoked, StatusListOpened
from registry.domain.securing import Mechanism
from registry.formats.canonical import jcs
from tests.integration.projections.by_hand import (
    PURPOSES,
    ByHand,
    index_of,
    list_of,
    name_of,
)
from tests.making import OPERATOR


class Lived(ByHand):
    """A registry in which credentials were suspended, reinstated and revoked, and published."""

    credentials: list[Credential]

    @property
    def revoked(self) -> Credential:
        return self.credentials[1]

    def live(self) -> None:
        object.__setattr__(self, "credentials", self.issue(4))
        first, second, third, _ = self.credentials
        self.settle()
        self.suspend(first)
        self.revoke(second)
        self.settle()
        self.suspend(third)
        self.reinstate(third)
        self.settle()
        self.registry.catch_up.run()

    def revoked_at(self, credential: Credential) -> int:
        """Return the position of a credential's revocation."""
        events = self.events(CredentialRevoked)
        (event,) = [event for event in events if event.originator_id == credential.id]
        return self.position_of(event)

    def difference(self, *, all_versions: bool = False) -> Difference:
        """Return the first difference there is; the registry must differ."""
        difference = self.replay().verify(all_versions=all_versions).difference
        assert difference is not None
        return difference

    def file(self, purpose: str = "revocation") -> Path:
        """Return the file of the version that is served."""
        return (self.registry.folder.root / name_of(self.revoked, purpose)).resolve()

    def published_at(self, purpose: str = "revocation") -> int:
        """Return the position of the last event folded into the version that is served."""
        return self.publications(self.revoked, purpose)[-1].position


@pytest.fixture
def lived(by_hand: ByHand) -> Lived:
    lived = Lived(by_hand.registry, by_hand.clock, by_hand.mechanism)
    lived.live()
    return lived


@pytest.mark.parametrize("mechanism", Mechanism)
def test_registry_that_nobody_touched_is_identical_down_to_the_published_bytes(
    by_hand: ByHand,
) -> None:
    for credential in by_hand.issue(3):
        by_hand.settle()
        by_hand.revoke(credential)
    by_hand.settle()
    by_hand.registry.catch_up.run()
    outcome = by_hand.replay().verify(all_versions=True)
    assert outcome.identical, outcome.difference
    assert (outcome.versions, outcome.compared_by_bits, outcome.pending) == (5, 0, 0)
    assert outcome.events == outcome.position == by_hand.registry.history.end()
    assert outcome.rows == sum(map(len, by_hand.rows().values()))
    assert by_hand.replay().verify().versions == 2


def test_what_is_not_folded_yet_is_pending_and_no_difference(lived: Lived) -> None:
    lived.revoke(lived.credentials[0])
    outcome = lived.replay().verify()
    assert outcome.identical
    assert outcome.pending == 1


def test_views_that_stand_at_different_positions_are_each_compared_as_of_theirs(
    lived: Lived,
) -> None:
    lived.revoke(lived.credentials[0])
    lived.registry.catch_up.projections = ALL[:2]
    lived.registry.catch_up.run()
    assert len(set(lived.positions().values())) == 2
    assert lived.replay().verify().identical


def test_changed_row_is_named_with_the_event_that_wrote_it(lived: Lived) -> None:
    lived.execute("UPDATE credentials_g1 SET status = 'active' WHERE status = 'revoked'")
    assert lived.difference() == Difference(
        what=f"status of credentials {lived.revoked.id}",
        position=lived.revoked_at(lived.revoked),
        expected="revoked",
        found="active",
    )


@pytest.mark.parametrize(
    ("view", "column", "value"),
    [
        ("timeline", "actor", "'somebody'"),
        ("issuers", "keys", "'{}'"),
        ("issuers", "name_pl", "'Inna'"),
        ("achievements", "withdrawn", "TRUE"),
        ("publications", "version", "9"),
        ("status_arrays", "changed_position", "1"),
    ],
)
def test_changed_row_of_any_view_is_found(lived: Lived, view: str, column: str, value: str) -> None:
    lived.execute(f"UPDATE {view}_g1 SET {column} = {value}")
    assert lived.difference().what.startswith(f"{column} of {view} ")


def test_removed_row_is_named_with_the_event_that_wrote_it(lived: Lived) -> None:
    position = lived.revoked_at(lived.revoked)
    lived.execute("DELETE FROM timeline_g1 WHERE position = :position", position=position)
    difference = lived.difference()
    assert (difference.what, difference.found) == (f"timeline {position}", "no row")
    assert difference.position == position


def test_row_that_no_event_made_is_named(lived: Lived) -> None:
    lived.execute(
        "INSERT INTO timeline_g1 (position, stream_id, stream_version, issuer_id, event,"
        " recorded_at, actor) VALUES (987654, 'x', 1, 'x', 'x', 'x', 'x')"
    )
    difference = lived.difference()
    assert (difference.what, difference.position) == ("timeline 987654", None)
    assert (difference.expected, difference.found) == ("no row", "a row")


def test_flipped_bit_is_named_with_the_list_and_the_event_that_changed_it_last(
    lived: Lived,
) -> None:
    list_id = list_of(lived.revoked)
    row = _array(lived, "revocation")
    row["bits"].invert(index_of(lived.revoked))
    lived.execute(
        "UPDATE status_arrays_g1 SET bits = :bits WHERE purpose = 'revocation'",
        bits=row["bits"].tobytes(),
    )
    difference = lived.difference()
    assert difference.what == f"bits of {STATUS_ARRAYS} {list_id} revocation"
    assert difference.position == lived.revoked_at(lived.revoked)
    assert difference.expected != difference.found, "the text must show what differs"


def _array(lived: Lived, purpose: str) -> Row:
    (row,) = [row for row in lived.rows()["status_arrays"] if row["purpose"] == purpose]
    return dict(row)


@pytest.mark.parametrize("purpose", PURPOSES)
def test_changed_bytes_of_the_served_version_are_found(lived: Lived, purpose: str) -> None:
    file = lived.file(purpose)
    body = file.read_bytes()
    file.write_bytes(body.replace(b'"ttl":300000', b'"ttl":300001'))
    version = lived.current(lived.revoked, purpose)
    difference = lived.difference()
    assert difference.what == f"version {version.version} of {name_of(lived.revoked, purpose)}"
    assert difference.position == lived.published_at(purpose)
    assert difference.expected == version.digest == sha256(body).hexdigest()


def test_changed_bytes_of_an_earlier_version_are_found_where_all_are_compared(
    lived: Lived,
) -> None:
    (first,) = lived.file().parent.glob("0000000001.*")
    first.write_bytes(first.read_bytes() + b" ")
    assert lived.replay().verify().identical
    difference = lived.difference(all_versions=True)
    assert difference.what == f"version 1 of {name_of(lived.revoked)}"


def test_file_that_is_missing_is_found(lived: Lived) -> None:
    lived.file().unlink()
    difference = lived.difference()
    assert difference.what == f"version 2 of {name_of(lived.revoked)}"
    assert (difference.found, difference.position) == ("no file", lived.published_at())


def test_link_to_an_old_version_is_found(lived: Lived) -> None:
    link = lived.registry.folder.root / name_of(lived.revoked)
    (first,) = lived.file().parent.glob("0000000001.*")
    link.unlink()
    link.symlink_to(first)
    difference = lived.difference()
    assert difference.what == name_of(lived.revoked)
    assert difference.expected == "version 2"
    assert "version=1" in difference.found


def test_link_that_is_gone_is_found(lived: Lived) -> None:
    (lived.registry.folder.root / name_of(lived.revoked)).unlink()
    difference = lived.difference()
    assert (difference.what, difference.found) == (name_of(lived.revoked), "None")


def test_version_that_no_event_published_is_found(lived: Lived) -> None:
    document = lived.served(lived.revoked)
    document["validUntil"] = "2036-01-01T00:00:00.000Z"
    folder, name = lived.registry.folder, name_of(lived.revoked)
    folder.make_current(name, folder.put(name, 3, jcs(document)))
    difference = lived.difference()
    assert (difference.what, difference.expected) == (name, "a published version")


def test_publish_folder_that_is_lost_is_found(lived: Lived) -> None:
    shutil.rmtree(lived.registry.folder.root)
    assert lived.difference().found == "no file"


def test_event_that_was_removed_is_found_even_after_every_view_was_rebuilt(lived: Lived) -> None:
    """The list that was served still says what the event said, so they cannot agree."""
    lived.revoke(lived.credentials[3])
    lived.settle()
    lived.registry.catch_up.run()
    position = lived.revoked_at(lived.credentials[3])
    _remove_event(lived, position)
    for projection in ALL:
        rebuild(lived.registry.database, lived.registry.history, [projection])
    assert lived.bit(lived.credentials[3]) == 1
    assert lived.difference().what == f"version 3 of {name_of(lived.revoked)}"


def test_published_version_of_a_list_that_no_event_opened_is_found(lived: Lived) -> None:
    (opened,) = lived.events(StatusListOpened)
    _remove_event(lived, lived.position_of(opened))
    difference = lived.difference()
    assert difference.what == f"version 2 of {list_of(lived.revoked)}"
    assert (difference.expected, difference.found) == ("no list", "a published version")


def _remove_event(lived: Lived, position: int) -> None:
    """Do what the database refuses, as its administrator could."""
    if lived.registry.database.is_sqlite:
        lived.execute("DROP TRIGGER stored_events_no_delete")
    else:
        lived.execute("ALTER TABLE stored_events DISABLE TRIGGER USER")
    lived.execute("DELETE FROM stored_events WHERE notification_id = :position", position=position)


def test_replay_until_a_position_gives_what_was_then(lived: Lived) -> None:
    position, then = lived.registry.history.end(), lived.rows()
    bits = {purpose: _array(lived, purpose)["bits"].tobytes() for purpose in PURPOSES}
    lived.revoke(lived.credentials[0])
    lived.issue(3, number=2)
    lived.settle()
    fold = lived.replay().until(position)
    for projection in ALL:
        for view in projection.tables:
            folded = fold.rows[projection.name].tables[view]
            assert _ordered(folded) == [dict(row) for row in then[view]]
    list_id = list_of(lived.revoked)
    assert {purpose: fold.bits((list_id, purpose)) for purpose in PURPOSES} == bits


def _ordered(rows: dict[Any, Row]) -> list[Row]:
    return [row for _, row in sorted(rows.items())]


def test_replay_needs_no_private_key(lived: Lived) -> None:
    lived.execute("DELETE FROM secrets")
    assert lived.replay().verify(all_versions=True).identical


def test_replay_is_not_disturbed_by_a_view_that_is_rebuilt_meanwhile(lived: Lived) -> None:
    registry = lived.registry
    rebuilt: list[Rebuilt] = []

    def meanwhile(*_: object) -> None:
        if not rebuilt:
            rebuilt.extend(rebuild(registry.database, registry.history, [CredentialsProjection()]))

    assert lived.replay().verify(on_progress=meanwhile).identical
    assert lived.replay().verify().identical


def test_replay_is_not_disturbed_by_a_view_that_is_rebuilt_while_it_reads_the_log(
    lived: Lived,
) -> None:
    registry, rebuilt = lived.registry, list[str]()
    registry.transparency.run()
    registry.catch_up.run()

    def meanwhile(what: str, *_: object) -> None:
        if not rebuilt:
            rebuilt.append(what)
            rebuild(registry.database, registry.history, [CredentialsProjection()])

    assert lived.replay().verify(on_progress=meanwhile).identical
    assert rebuilt == ["leaves"]


@pytest.mark.parametrize(
    "change",
    ["credentials SET credential_id = CAST(credential_id AS BLOB)", "issuers SET keys = 'no JSON'"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_row_that_cannot_be_read_is_a_difference(lived: Lived, change: str) -> None:
    # PostgreSQL keeps to the types of its columns.
    database, (view, _, rest) = lived.registry.database, change.partition(" ")
    with database.writing() as connection:
        connection.execute(text(f"UPDATE {view}_g1 {rest}"))
    assert lived.difference() == Difference(view, None, "rows that can be read", ANY)


def test_document_that_is_gone_is_named_with_its_issuance(lived: Lived) -> None:
    gone = lived.credentials[0]
    lived.execute(f"DELETE FROM documents WHERE credential_id = '{gone.id}'")
    found = lived.difference()
    assert found.what == f"document of credential {gone.id}"
    assert (found.expected, found.found) == (gone.issuance.document_digest, "none")


def test_document_under_another_digest_is_named(lived: Lived) -> None:
    changed = lived.credentials[0]
    lived.execute(f"UPDATE documents SET digest = 'other' WHERE credential_id = '{changed.id}'")
    assert (lived.difference().expected, lived.difference().found) == (
        changed.issuance.document_digest,
        "other",
    )


def test_document_of_a_credential_that_is_not_issued_yet_is_no_difference(lived: Lived) -> None:
    lived.execute(
        "INSERT INTO documents SELECT 'ffff', digest, subject_ref, ciphertext, created_at "
        f"FROM documents WHERE credential_id = '{lived.credentials[0].id}'"
    )
    assert lived.replay().verify().identical


def test_erased_document_is_missed_only_where_it_is_still_there(lived: Lived) -> None:
    erased = lived.credentials[0]
    lived.execute("CREATE TABLE kept_documents AS SELECT * FROM documents")
    reference = erased.issuance.subject_ref
    lived.registry.erasing.erase(OPERATOR, reference, ErasureReason.LEARNER_REQUEST)
    lived.registry.erasing.work.tick()
    lived.registry.catch_up.run()
    assert lived.replay().verify().identical
    lived.execute(
        f"INSERT INTO documents SELECT * FROM kept_documents WHERE credential_id = '{erased.id}'"
    )
    assert lived.difference().expected == "none, it was erased"


def test_frozen_stream_without_an_event_that_cannot_be_read_is_named(lived: Lived) -> None:
    lived.execute(
        "INSERT INTO frozen_streams "
        "(name, generation, notification_id, originator_id, topic, reason) "
        f"VALUES ('status_lists', 1, 3, '{lived.revoked.id}', 'x-v1', 'forged')"
    )
    assert lived.difference() == Difference(
        what="frozen_streams status_lists 3", position=3, expected="no row", found="forged"
    )


@pytest.mark.parametrize(
    ("statement", "what"),
    [
        ("UPDATE log_state SET position = position - 1", "position of log_state 1"),
        ("UPDATE log_state SET size = 0", "log_state"),
        ("UPDATE log_state SET origin = 'other'", "origin of log_state 1"),
        ("UPDATE log_state SET closed_at = '2026'", "closed_at of log_state 1"),
        ("UPDATE log_state SET log_number = 2", "log_state"),
        ("DELETE FROM log_state", "log_state"),
        ("DELETE FROM log_runs", "log_runs 1 1"),
        ("UPDATE log_runs SET first_index = 1", "log_runs 1 1"),
        ("INSERT INTO log_runs VALUES (1, 5, 5)", "log_runs 1 5"),
        ("INSERT INTO log_runs VALUES (7, 5, 5)", "log_runs 7"),
    ],
)
def test_what_the_database_says_of_the_log_is_held_against_its_folder(
    lived: Lived, statement: str, what: str
) -> None:
    lived.registry.transparency.run()
    assert lived.replay().verify().identical
    lived.execute(statement)
    assert lived.difference().what == what


def test_log_whose_database_is_a_page_behind_its_folder_is_no_difference(lived: Lived) -> None:
    log = lived.registry.transparency
    log.run()
    state = log.restore()
    log.files.put_runs([Run(state.position + 5, state.size)], size=state.size)
    assert lived.replay().verify().identical
