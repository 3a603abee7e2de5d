"""Whom of many people an issuer knows already, by the keyed hashes that the vault finds them by."""

from collections.abc import Sequence

from sqlalchemy import select

from registry.store.bulk import among
from registry.store.database import Database
from registry.store.tables import subjects
from registry.store.vault import Person, Vault


class KnownPeople:
    """Looks many people up at once; creates no reference for anybody."""

    def __init__(self, database: Database, vault: Vault) -> None:
        self._database = database
        self._vault = vault

    def references(self, issuer_id: str, people: Sequence[Person]) -> list[str | None]:
        """Return the issuer's reference of each person, None for whom it does not know."""
        hashes = [self._hash(issuer_id, person) for person in people]
        query = select(subjects.c.identifier_hash, subjects.c.subject_ref)
        query = query.where(subjects.c.issuer_id == issuer_id)
        with self._database.reading() as connection:
            query = query.where(among(connection, subjects.c.identifier_hash, hashes))
            found = {row[0]: row[1] for row in connection.execute(query)}
        return [found.get(each) for each in hashes]

    def _hash(self, issuer_id: str, person: Person) -> str:
        # As the vault makes it.
        data = f"{person.identity_type}\0{person.identifier}".encode()
        return self._vault.keyed_digest(issuer_id, "identifier", data)
