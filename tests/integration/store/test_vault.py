"""The vault: a reference a person and issuer, ciphertexts bound to their rows, nothing in clear."""

import itertools
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from sqlalchemy import Table, select, text, update
from sqlalchemy.exc import IntegrityError

from registry.domain.errors import DocumentGoneError
from registry.store.database import Database
from registry.store.key_store import KeyStore
from registry.store.learner_keys import VaultDamagedError, key_name, sealed
from registry.store.tables import documents, notes, secrets, subjects
from registry.store.vault import Item, Kind, Person, Stored, Vault

AT = "2026-11-22T18:00:00.000000Z"
ANNA = Person("emailAddress", "anna.kanarek@example.org", "Anna Kanarek")
JAN = Person("emailAddress", "jan@example.org")
CONTENT = b'{"secured":"document of Anna Kanarek"}'
NOTE = "Anna Kanarek copied the project"


@pytest.fixture
def keys(database: Database) -> KeyStore:
    keys = KeyStore(database, bytes(32))
    keys.find_or_create(["issuer/1", "issuer/2"], at=AT)
    return keys


@pytest.fixture
def vault(database: Database, keys: KeyStore) -> Vault:
    return Vault(database, keys)


@pytest.fixture
def item(vault: Vault) -> Item:
    (reference,) = vault.references("1", [ANNA], at=AT)
    return Item("credential-1", "ab" * 32, reference, CONTENT)


def test_person_keeps_the_reference_at_one_issuer(vault: Vault) -> None:
    first = vault.references("1", [ANNA, JAN], at=AT)
    assert vault.references("1", [JAN, ANNA], at=AT) == first[::-1]
    assert len(set(first)) == 2


def test_person_has_another_reference_at_another_issuer(vault: Vault) -> None:
    assert vault.references("1", [ANNA], at=AT) != vault.references("2", [ANNA], at=AT)


def test_same_person_twice_in_a_batch_has_one_reference(vault: Vault) -> None:
    first, second, other = vault.references("1", [ANNA, ANNA, JAN], at=AT)
    assert first == second != other


@pytest.mark.parametrize(
    "other",
    [
        replace(ANNA, identity_type="identifier"),
        replace(ANNA, identifier="anna.kanarek@example.com"),
    ],
)
def test_another_identifier_is_another_person(vault: Vault, other: Person) -> None:
    first, second = vault.references("1", [ANNA, other], at=AT)
    assert first != second


def test_name_does_not_make_another_person(vault: Vault) -> None:
    first, second = vault.references("1", [ANNA, replace(ANNA, name="A. Kanarek")], at=AT)
    assert first == second


def test_reference_is_found_only_where_the_person_is_known(vault: Vault) -> None:
    (reference,) = vault.references("1", [ANNA], at=AT)
    assert vault.find_reference("1", ANNA) == reference
    assert vault.find_reference("1", JAN) is None
    assert vault.find_reference("2", ANNA) is None


def test_all_who_ask_at_once_get_one_reference(vault: Vault) -> None:
    with ThreadPoolExecutor(8) as pool:
        asked = pool.map(lambda _: vault.references("1", [ANNA], at=AT)[0], range(16))
        assert len(set(asked)) == 1


def test_document_and_note_are_read_back(vault: Vault, item: Item) -> None:
    vault.put_documents([item], at=AT)
    vault.put_note(item, at=AT)
    assert vault.document(item.credential_id, item.digest) == CONTENT
    assert vault.note(item.credential_id, item.digest) == CONTENT


def test_document_stored_again_stays_the_first(vault: Vault, item: Item) -> None:
    vault.put_documents([item], at=AT)
    vault.put_documents([replace(item, content=b"another")], at=AT)
    assert vault.document(item.credential_id, item.digest) == CONTENT


def test_documents_are_stored_all_or_none(vault: Vault, item: Item) -> None:
    other = replace(item, credential_id="credential-2", subject_ref="nobody")
    with pytest.raises((DocumentGoneError, IntegrityError)):
        vault.put_documents([item, other], at=AT)
    with pytest.raises(DocumentGoneError):
        vault.document(item.credential_id, item.digest)


@pytest.mark.parametrize(
    ("credential_id", "digest"), [("credential-1", "cd" * 32), ("credential-2", "ab" * 32)]
)
def test_document_that_is_not_there_is_gone(
    vault: Vault, item: Item, credential_id: str, digest: str
) -> None:
    vault.put_documents([item], at=AT)
    with pytest.raises(DocumentGoneError):
        vault.document(credential_id, digest)


def test_documents_of_many_credentials_are_each_its_own(vault: Vault, item: Item) -> None:
    (jan,) = vault.references("1", [JAN], at=AT)
    other = Item("credential-2", "cd" * 32, jan, b"another")
    swapped = [replace(item, digest=other.digest), replace(other, digest=item.digest)]
    vault.put_documents([item, other, *(replace(one, content=b"x") for one in swapped)], at=AT)
    digests = {each.credential_id: each.digest for each in (other, item)}
    assert vault.documents(digests) == {"credential-2": b"another", "credential-1": CONTENT}


def test_one_document_that_is_not_there_fails_all_that_were_asked_for(
    vault: Vault, item: Item
) -> None:
    vault.put_documents([item], at=AT)
    with pytest.raises(DocumentGoneError):
        vault.documents({item.credential_id: item.digest, "credential-2": item.digest})


def test_one_erased_learner_fails_all_documents_that_were_asked_for(
    database: Database, vault: Vault, item: Item
) -> None:
    (jan,) = vault.references("1", [JAN], at=AT)
    other = Item("credential-2", "cd" * 32, jan, b"another")
    vault.put_documents([item, other], at=AT)
    destroy_key(database, jan)
    with pytest.raises(DocumentGoneError):
        vault.documents({each.credential_id: each.digest for each in (item, other)})


def test_document_that_was_stored_before_documents_were_packed_opens(
    database: Database, vault: Vault, keys: KeyStore, item: Item
) -> None:
    vault.put_documents([item], at=AT)
    bound_to = f"document/{item.credential_id}/{item.digest}/{item.subject_ref}"
    old = sealed(keys.get(key_name(item.subject_ref)), CONTENT, bound_to=bound_to)
    with database.writing() as connection:
        connection.execute(update(documents).values(ciphertext=old))
    assert vault.document(item.credential_id, item.digest) == CONTENT


def test_documents_are_stored_packed(database: Database, vault: Vault, item: Item) -> None:
    vault.put_documents([replace(item, content=CONTENT * 100)], at=AT)
    with database.reading() as connection:
        stored = connection.execute(select(documents.c.ciphertext)).scalar_one()
    assert len(stored) < 10 * len(CONTENT)


Change = dict[str, object]


@pytest.mark.parametrize("table", [documents, notes], ids=lambda table: table.name)
@pytest.mark.parametrize("column", ["credential_id", "digest", "subject_ref"])
def test_ciphertext_moved_to_another_row_does_not_open(
    database: Database, vault: Vault, item: Item, table: Table, column: str
) -> None:
    """Each of the three names is part of what the ciphertext is bound to."""
    put, read = _verbs(vault, table)
    put(item)
    (jan,) = vault.references("1", [JAN], at=AT)
    moved = {"credential_id": "credential-2", "digest": "cd" * 32, "subject_ref": jan}[column]
    with database.writing() as connection:
        connection.execute(update(table).values({column: moved}))
    name = vars(item) | {column: moved}
    with pytest.raises(VaultDamagedError, match="damaged or moved"):
        read(name["credential_id"], name["digest"])


def _verbs(
    vault: Vault, table: Table
) -> tuple[Callable[[Item], None], Callable[[str, str], bytes]]:
    if table is documents:
        return lambda item: vault.put_documents([item], at=AT), vault.document
    return lambda item: vault.put_note(item, at=AT), vault.note


def test_document_does_not_open_as_a_note(database: Database, vault: Vault, item: Item) -> None:
    vault.put_documents([item], at=AT)
    with database.writing() as connection:
        connection.execute(text("INSERT INTO notes SELECT * FROM documents"))
    with pytest.raises(VaultDamagedError, match="damaged or moved"):
        vault.note(item.credential_id, item.digest)


def test_ciphertexts_that_changed_places_do_not_open(
    database: Database, vault: Vault, item: Item
) -> None:
    other = replace(item, credential_id="credential-2", content=b"another")
    vault.put_documents([item, other], at=AT)
    with database.writing() as connection:
        query = select(documents.c.credential_id, documents.c.ciphertext)
        found = {row[0]: row[1] for row in connection.execute(query)}
        for mine, yours in (("credential-1", "credential-2"), ("credential-2", "credential-1")):
            change = update(documents).where(documents.c.credential_id == mine)
            connection.execute(change.values(ciphertext=found[yours]))
    for each in (item, other):
        with pytest.raises(VaultDamagedError):
            vault.document(each.credential_id, each.digest)


def destroy_key(database: Database, reference: str) -> None:
    with database.writing() as connection:
        connection.execute(secrets.delete().where(secrets.c.name == f"subject/{reference}"))


def test_destroying_a_learners_key_erases_all_of_that_learner_and_nothing_else(
    database: Database, vault: Vault, item: Item
) -> None:
    (elsewhere,) = vault.references("2", [ANNA], at=AT)
    (jan,) = vault.references("1", [JAN], at=AT)
    kept = [
        replace(item, credential_id="credential-2", subject_ref=elsewhere),
        replace(item, credential_id="credential-3", subject_ref=jan),
    ]
    vault.put_documents([item, *kept], at=AT)
    vault.put_note(item, at=AT)
    assert vault.document(item.credential_id, item.digest)
    destroy_key(database, item.subject_ref)
    for read in (vault.document, vault.note):
        with pytest.raises(DocumentGoneError, match="erased"):
            read(item.credential_id, item.digest)
    assert [vault.document(each.credential_id, each.digest) for each in kept] == [CONTENT] * 2


def test_nothing_more_is_stored_for_an_erased_learner(
    database: Database, vault: Vault, item: Item
) -> None:
    destroy_key(database, item.subject_ref)
    with pytest.raises(DocumentGoneError):
        vault.put_documents([item], at=AT)


def test_keyed_digest_differs_by_issuer_kind_and_text(vault: Vault) -> None:
    digests = {
        vault.keyed_digest(issuer, kind, data)
        for issuer, kind, data in itertools.product("12", ("note", "identifier"), (b"x", b"y"))
    }
    assert len(digests) == 8
    assert vault.note_digest("1", "x") == vault.keyed_digest("1", "note", b"x")


def test_no_row_of_the_vault_holds_anything_of_the_learner_in_clear(
    database: Database, vault: Vault, item: Item
) -> None:
    vault.put_documents([item], at=AT)
    vault.put_note(replace(item, digest="cd" * 32, content=NOTE.encode()), at=AT)
    with database.reading() as connection:
        rows = [
            value if isinstance(value, bytes) else str(value).encode()
            for table in (subjects, documents, notes, secrets)
            for row in connection.execute(select(table))
            for value in row
        ]
    stored = b"\0".join(rows)
    for canary in (b"Kanarek", b"anna.kanarek", b"copied", b"secured"):
        assert canary not in stored


def at(second: int) -> str:
    return f"2026-11-22T18:{second // 60:02}:{second % 60:02}.000000Z"


def test_documents_are_listed_by_age_in_pages(vault: Vault, item: Item) -> None:
    for number in range(0, 1200, 400):
        items = [replace(item, credential_id=f"{number + n:04}") for n in range(400)]
        vault.put_documents(items, at=at(number))
    found: list[Stored] = []
    while page := vault.stored_between(
        Kind.DOCUMENTS, at(0), at(800), after=found[-1] if found else None
    ):
        assert len(page) <= 500
        found += page
    assert [stored.credential_id for stored in found] == [f"{n:04}" for n in range(800)]


def test_removed_document_is_gone_and_its_neighbour_stays(vault: Vault, item: Item) -> None:
    other = replace(item, digest="cd" * 32)
    vault.put_documents([item, other], at=AT)
    vault.remove(Kind.DOCUMENTS, Stored(AT, item.credential_id, item.digest))
    with pytest.raises(DocumentGoneError):
        vault.document(item.credential_id, item.digest)
    assert vault.document(other.credential_id, other.digest) == CONTENT


def test_two_imports_of_the_same_people_in_another_order_do_not_wait_for_each_other(
    vault: Vault,
) -> None:
    people = [Person("emailAddress", f"learner-{number}@example.org") for number in range(400)]
    start = threading.Barrier(2)

    def references(order: list[Person]) -> list[str]:
        start.wait()
        return vault.references("1", order, at=AT)

    with ThreadPoolExecutor(2) as pool:
        one, other = pool.map(references, [people, people[::-1]])
    assert one == other[::-1]
