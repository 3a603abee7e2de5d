"""Destroy a learner's key with all that it opened, so that no copy of it is left to be found.

Deleting comes first, in one transaction: from then on nothing can be read. Bytes of what was
deleted may lie in the database's files for a while; `settling` says when they are in none.
"""

from collections.abc import Sequence

from sqlalchemy import delete, select, update

from registry.store.database import Database
from registry.store.key_store import KeyStore
from registry.store.learner_keys import key_name
from registry.store.tables import secrets, subjects
from registry.store.vault import TABLES


class Destruction:
    """Deletes what the vault and the key store hold of one learner at one issuer."""

    def __init__(self, database: Database, keys: KeyStore) -> None:
        self._database = database
        self._keys = keys

    def destroy(self, reference: str) -> set[str]:
        """Destroy everything under a reference; return the ids of the credentials it was about.

        Durable on return. A repeat finds nothing more and is no error.
        """
        with self._database.writing() as connection:
            # The key goes first: whoever is storing something holds it, and is waited for.
            self._keys.destroy(key_name(reference), connection)
            ids: set[str] = set()
            for table in TABLES.values():
                gone = delete(table).where(table.c.subject_ref == reference)
                ids |= set(connection.execute(gone.returning(table.c.credential_id)).scalars())
            nobody = {"person": b"", "identifier_hash": f"erased/{reference}"}
            own = subjects.c.subject_ref == reference
            connection.execute(update(subjects).where(own).values(nobody))
        return ids

    def undestroyed(self, references: Sequence[str]) -> list[str]:
        """Return those of some hundred references under which something is still held.

        Where erased ones are among them, the database is older than their erasure.
        """
        names = {key_name(reference): reference for reference in references}
        keys = select(secrets.c.name).where(secrets.c.name.in_(list(names)))
        people = select(subjects.c.subject_ref).where(
            subjects.c.subject_ref.in_(list(references)), subjects.c.person != b""
        )
        with self._database.reading() as connection:
            held = {names[name] for name in connection.execute(keys).scalars()}
            held |= set(connection.execute(people).scalars())
        return sorted(held)
