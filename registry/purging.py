"""Destroy in a shard what only the shards of other issuers need: their secrets and their vault.

A shard that was split off began as a copy, and the one it was split from keeps what it had. Of an
issuer that is at home elsewhere the events stay, for they are in this shard's log: the rest goes.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Connection, delete, func, literal, or_, select

from registry.commands import issuer_scope
from registry.domain.errors import ConflictError
from registry.store.database import Database
from registry.store.learner_keys import key_name
from registry.store.tables import documents, notes, secrets, subjects


class UnclaimedError(ConflictError):
    """The issuer's own shard may not exist yet, so that nobody else may hold this."""


@dataclass(frozen=True)
class Held:
    """How much is held of issuers elsewhere: secrets, learners, documents and private notes."""

    secrets: int = 0
    learners: int = 0
    documents: int = 0
    notes: int = 0

    def __add__(self, other: "Held") -> "Held":
        pairs = zip(vars(self).values(), vars(other).values(), strict=True)
        return Held(*(mine + theirs for mine, theirs in pairs))


def held_of(connection: Connection, issuer_id: str, list_ids: Sequence[str]) -> Held:
    """Count what is held of an issuer, of whose status lists the ids are given."""
    references = select(subjects.c.subject_ref).where(subjects.c.issuer_id == issuer_id)
    learners = connection.execute(
        select(func.count()).where(subjects.c.issuer_id == issuer_id)
    ).scalar_one()
    counts = [
        connection.execute(
            select(func.count()).select_from(table).where(table.c.subject_ref.in_(references))
        ).scalar_one()
        for table in (documents, notes)
    ]
    own = select(func.count()).select_from(secrets).where(_secrets_of(issuer_id, list_ids))
    return Held(connection.execute(own).scalar_one(), learners, *counts)


def purge(database: Database, issuer_id: str, list_ids: Sequence[str]) -> Held:
    """Destroy what is held of an issuer, all or nothing; return how much it was.

    Durable on return. A repeat finds nothing more.
    """
    with database.writing() as connection:
        held = held_of(connection, issuer_id, list_ids)
        references = select(subjects.c.subject_ref).where(subjects.c.issuer_id == issuer_id)
        # The keys go first: whoever is storing something holds one, and is waited for.
        connection.execute(delete(secrets).where(_secrets_of(issuer_id, list_ids)))
        for table in (documents, notes):
            connection.execute(delete(table).where(table.c.subject_ref.in_(references)))
        connection.execute(delete(subjects).where(subjects.c.issuer_id == issuer_id))
    return held


def _secrets_of(issuer_id: str, list_ids: Sequence[str]) -> ColumnElement[bool]:
    """Return the condition of an issuer's secrets: its own, its keys, its lists', its learners'."""
    learners = select(literal(key_name("")) + subjects.c.subject_ref)
    return or_(
        secrets.c.name == issuer_scope(issuer_id),
        secrets.c.name.startswith(f"signing/{issuer_id}/", autoescape=True),
        secrets.c.name.in_([f"list/{list_id}" for list_id in list_ids]),
        secrets.c.name.in_(learners.where(subjects.c.issuer_id == issuer_id)),
    )
