"""The vault: who a subject reference stands for, the secured documents, and private notes.

Everything here is encrypted under a key of one learner at one issuer, so that destroying that key
erases all of it and nothing else. Documents and notes are written before the event that names
their digest; one whose event never came is swept. Documents are packed first.

Of an erased learner one row stays, with a reference that stands for nobody: the person's record
and the keyed hash that found it are overwritten, since whoever holds the keys could use the hash
to confirm a guess. What the events hold is not overwritten: the keyed digest of the request that
issued a credential still lets whoever holds the issuer's secret and the master key confirm a
guess at that whole request, the learner's identifier and name among it (docs/personal-data.md).
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any
from uuid import uuid4

from sqlalchemy import Connection, Table, delete, literal, select, tuple_

from registry.domain.errors import DocumentGoneError, UnknownSubjectError
from registry.store.bulk import among, insert_new
from registry.store.database import Database
from registry.store.key_store import KeyStore
from registry.store.learner_keys import LearnerKeys, opened, sealed
from registry.store.packing import packed, unpacked
from registry.store.tables import documents, notes, subjects


@dataclass(frozen=True)
class Person:
    """What identifies a learner at one issuer: the kind of identifier, its value, a name or none.

    `identifier` is already in its normal form, because its keyed hash finds the person again.
    """

    identity_type: str
    identifier: str
    name: str | None = None


@dataclass(frozen=True)
class Item:
    """A secured document or note of one credential, under the digest that its event names."""

    credential_id: str
    digest: str
    subject_ref: str
    content: bytes


@dataclass(frozen=True)
class Stored:
    """The row of a document or note: enough to ask whether its event came."""

    created_at: str
    credential_id: str
    digest: str


@dataclass(frozen=True)
class Known:
    """What the vault says of a reference without opening anything; whose it is, since when."""

    subject_ref: str
    issuer_id: str
    created_at: str
    erased: bool


class Kind(StrEnum):
    """What the vault keeps for a credential; the value is bound into each ciphertext."""

    DOCUMENTS = "document"
    NOTES = "note"


TABLES = {Kind.DOCUMENTS: documents, Kind.NOTES: notes}
"""Where each kind is kept."""


class Vault:
    """Encrypted rows in the database; keys come from the key store.

    `is_erased` says of a reference whether it was erased, also where a database was restored from
    a time before.
    """

    def __init__(
        self,
        database: Database,
        keys: KeyStore,
        *,
        is_erased: Callable[[str], bool] = lambda _reference: False,
    ) -> None:
        self._database = database
        self._keys = keys
        self._learner_keys = LearnerKeys(keys, is_erased=is_erased)
        self._is_erased = is_erased

    def references(self, issuer_id: str, people: Sequence[Person], *, at: str) -> list[str]:
        """Return a random reference for each person, the same one each time at one issuer."""
        hashes = [self._identifier_hash(issuer_id, person) for person in people]
        known = self._known(issuer_id, hashes)
        # In one order for everybody, or two imports of the same people could wait for each other.
        pairs = sorted(zip(hashes, people, strict=True), key=lambda pair: pair[0])
        new = {h: p for h, p in pairs if h not in known}
        if new:
            with self._database.writing() as connection:
                insert_new(connection, subjects, self._subjects(issuer_id, new, connection, at=at))
            known = self._known(issuer_id, hashes)
        return [known[identifier_hash] for identifier_hash in hashes]

    def find_reference(self, issuer_id: str, person: Person) -> str | None:
        """Return the reference of a person this issuer knows, or None."""
        identifier_hash = self._identifier_hash(issuer_id, person)
        reference = self._known(issuer_id, [identifier_hash]).get(identifier_hash)
        return None if reference is None or self._is_erased(reference) else reference

    def known(self, reference: str) -> Known:
        """Say whose a reference is and whether it was erased; raises UnknownSubjectError."""
        query = select(subjects).where(subjects.c.subject_ref == reference)
        with self._database.reading() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            raise UnknownSubjectError("there is no such reference", field="subject_ref")
        erased = not row.person or self._is_erased(reference)
        return Known(reference, row.issuer_id, row.created_at, erased)

    def person(self, reference: str) -> Person:
        """Return whom a reference stands for; raises DocumentGoneError once erased."""
        query = select(subjects.c.person).where(subjects.c.subject_ref == reference)
        with self._database.reading() as connection:
            ciphertext = connection.execute(query).scalar_one_or_none()
        if ciphertext is None:
            raise UnknownSubjectError("there is no such reference", field="subject_ref")
        key = self._learner_keys.of([reference])[reference]
        return Person(**json.loads(opened(key, ciphertext, bound_to=f"person/{reference}")))

    def references_of(self, person: Person) -> list[str]:
        """Return the references that all issuers have for a person, known by this identifier."""
        found = (self.find_reference(issuer_id, person) for issuer_id in self.issuers())
        return [reference for reference in found if reference is not None]

    def issuers(self) -> Sequence[str]:
        """Return the ids of the issuers that ever had a learner, in one order each time."""
        query = select(subjects.c.issuer_id).distinct().order_by(subjects.c.issuer_id)
        with self._database.reading() as connection:
            return connection.execute(query).scalars().all()

    def credentials_of(self, reference: str) -> set[str]:
        """Return the ids of the credentials of which documents or notes are kept for a learner."""
        with self._database.reading() as connection:
            return {
                each
                for table in TABLES.values()
                for each in connection.execute(
                    select(table.c.credential_id).where(table.c.subject_ref == reference)
                ).scalars()
            }

    def put_documents(self, items: Sequence[Item], *, at: str) -> None:
        """Encrypt and store secured documents, all or none, durable on return.

        Raises DocumentGoneError where one of the learners is erased.
        """
        smaller = [replace(item, content=packed(item.content)) for item in items]
        self._keep(documents, self._sealed(Kind.DOCUMENTS, smaller, at))

    def put_note(self, item: Item, *, at: str) -> None:
        """Encrypt and store a private note to a status change; raises DocumentGoneError."""
        self.put_notes([item], at=at)

    def put_notes(self, items: Sequence[Item], *, at: str) -> None:
        """Encrypt and store notes, all or none; raises DocumentGoneError as for documents."""
        self._keep(notes, self._sealed(Kind.NOTES, items, at))

    def document(self, credential_id: str, digest: str) -> bytes:
        """Return a secured document; raises DocumentGoneError once it was erased."""
        return self.documents({credential_id: digest})[credential_id]

    def documents(self, digests: Mapping[str, str]) -> dict[str, bytes]:
        """Return the secured documents of credentials, each by its digest.

        In one statement, for a thousand or so. Raises DocumentGoneError once one was erased.
        """
        found = self._open(Kind.DOCUMENTS, digests)
        return {credential_id: unpacked(found[credential_id]) for credential_id in digests}

    def note(self, credential_id: str, digest: str) -> bytes:
        """Return a private note; raises DocumentGoneError once it was erased."""
        return self._open(Kind.NOTES, {credential_id: digest})[credential_id]

    def note_digest(self, issuer_id: str, text: str) -> str:
        """Return the keyed digest of a note: nobody can confirm a guess at its text."""
        return self.keyed_digest(issuer_id, "note", text.encode())

    def keyed_digest(self, issuer_id: str, kind: str, data: bytes) -> str:
        """Return HMAC-SHA-256 in hex under the issuer's secret, one family of digests a `kind`."""
        return self._keys.keyed_digest(f"issuer/{issuer_id}", kind, data).hex()

    def stored_between(
        self, kind: Kind, start: str, end: str, *, after: Stored | None
    ) -> list[Stored]:
        """Return up to 500 rows with start <= created_at < end, following `after`."""
        table = TABLES[kind]
        key = (table.c.created_at, table.c.credential_id, table.c.digest)
        query = select(*key).where(table.c.created_at >= start, table.c.created_at < end)
        if after is not None:
            query = query.where(tuple_(*key) > tuple_(*(literal(v) for v in vars(after).values())))
        with self._database.reading() as connection:
            return [Stored(*row) for row in connection.execute(query.order_by(*key).limit(500))]

    def remove(self, kind: Kind, stored: Stored) -> None:
        """Remove what no event names."""
        table = TABLES[kind]
        key = (table.c.credential_id == stored.credential_id, table.c.digest == stored.digest)
        with self._database.writing() as connection:
            connection.execute(delete(table).where(*key))

    def _identifier_hash(self, issuer_id: str, person: Person) -> str:
        data = f"{person.identity_type}\0{person.identifier}".encode()
        return self.keyed_digest(issuer_id, "identifier", data)

    def _known(self, issuer_id: str, hashes: Iterable[str]) -> dict[str, str]:
        query = select(subjects.c.identifier_hash, subjects.c.subject_ref)
        with self._database.reading() as connection:
            wanted = among(connection, subjects.c.identifier_hash, list(hashes))
            rows = connection.execute(query.where(subjects.c.issuer_id == issuer_id, wanted))
            return {row[0]: row[1] for row in rows}

    def _subjects(
        self, issuer_id: str, people: Mapping[str, Person], connection: Connection, *, at: str
    ) -> list[dict[str, Any]]:
        """Return a row for each person, whose new key is stored on the way."""
        references = {identifier_hash: str(uuid4()) for identifier_hash in people}
        keys = self._learner_keys.create(references.values(), connection, at=at)
        return [
            {
                "subject_ref": reference,
                "issuer_id": issuer_id,
                "identifier_hash": identifier_hash,
                "person": sealed(
                    keys[reference],
                    json.dumps(vars(people[identifier_hash])).encode(),
                    bound_to=f"person/{reference}",
                ),
                "created_at": at,
            }
            for identifier_hash, reference in references.items()
        ]

    def _sealed(self, kind: Kind, items: Sequence[Item], at: str) -> list[dict[str, Any]]:
        keys = self._learner_keys.of({item.subject_ref for item in items})
        return [
            {
                "credential_id": item.credential_id,
                "digest": item.digest,
                "subject_ref": item.subject_ref,
                "ciphertext": sealed(
                    keys[item.subject_ref], item.content, bound_to=_binding(kind, item)
                ),
                "created_at": at,
            }
            for item in items
        ]

    def _open(self, kind: Kind, digests: Mapping[str, str]) -> dict[str, bytes]:
        """Return what is kept for each credential under its digest; raises DocumentGoneError."""
        found = self._stored(kind, digests)
        if len(found) < len(digests):
            raise DocumentGoneError(f"the {kind} is not in the vault")
        keys = self._learner_keys.of({item.subject_ref for item in found})
        return {
            item.credential_id: opened(
                keys[item.subject_ref], item.content, bound_to=_binding(kind, item)
            )
            for item in found
        }

    def _stored(self, kind: Kind, digests: Mapping[str, str]) -> list[Item]:
        """Return the rows, their content as it is stored."""
        table = TABLES[kind]
        query = select(
            table.c.credential_id, table.c.digest, table.c.subject_ref, table.c.ciphertext
        )
        with self._database.reading() as connection:
            of_these = among(connection, table.c.credential_id, list(digests))
            so_named = among(connection, table.c.digest, list(digests.values()))
            rows = [Item(*row) for row in connection.execute(query.where(of_these, so_named))]
        # A digest that one credential has may stand for another's too.
        return [item for item in rows if digests[item.credential_id] == item.digest]

    def _keep(self, table: Table, rows: list[dict[str, Any]]) -> None:
        """Store what was sealed, unless a key it was sealed with was destroyed since."""
        with self._database.writing() as connection:
            self._learner_keys.hold({row["subject_ref"] for row in rows}, connection)
            insert_new(connection, table, rows)


def _binding(kind: Kind, item: Item) -> str:
    return f"{kind}/{item.credential_id}/{item.digest}/{item.subject_ref}"
