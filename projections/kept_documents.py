"""Hold the documents that are kept against the events: their digests, and that erased are gone.

No key is needed: a document is encrypted, but the digest it is kept under is not.
"""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Connection

from projections.credentials import VIEW as CREDENTIALS
from projections.differences import Difference
from projections.history import History, Recorded
from projections.scratch import ScratchRows
from projections.side_by_side import Values, in_order
from registry.domain.events import CredentialDocumentErased, ErasureConfirmed, ErasureRequested
from registry.store.tables import documents

_EXPECTED = ("credential_id", "document_digest", "subject_ref", "position", "issuer_id")
_TOPICS = (ErasureRequested.TOPIC, ErasureConfirmed.TOPIC, CredentialDocumentErased.TOPIC)


@dataclass(frozen=True)
class _Erased:
    """The learners who are to be erased, and the credentials whose documents were."""

    references: set[str]
    credentials: set[str]


def differences(
    connection: Connection, rows: ScratchRows, history: History, *, elsewhere: Collection[str]
) -> Iterator[Difference]:
    """Yield what differs; `rows` are those of the credentials view as the events make it.

    Documents of issuers `elsewhere` are kept in other shards, and purged here sooner or later.

    A document that no event names yet is none: it is kept before its event, or swept.
    """
    erased = _erased(history)
    found = in_order(connection, documents, ("credential_id", "digest"))
    kept = next(found, None)
    for credential_id, digest, reference, position, issuer_id in rows.ordered(
        CREDENTIALS, _EXPECTED
    ):
        digests = list[str]()
        while kept is not None and kept[0] <= credential_id:
            if kept[0] == credential_id:
                digests.append(kept[1])
            kept = next(found, None)
        expected = (credential_id, digest, reference)
        if issuer_id not in elsewhere and (said := _difference(expected, digests, erased)):
            yield Difference(f"document of credential {credential_id}", position, *said)


def _difference(expected: Values, digests: list[str], erased: _Erased) -> tuple[str, str] | None:
    credential_id, digest, reference = expected
    if credential_id in erased.credentials:
        return ("none, it was erased", ", ".join(digests)) if digests else None
    if digest in digests or (not digests and reference in erased.references):
        return None
    return digest, ", ".join(digests) or "none"


def _erased(history: History) -> _Erased:
    asked, erased = dict[object, str](), _Erased(set(), set())
    for item in history.all(topics=_TOPICS):
        match item:
            case Recorded(event=ErasureRequested() as event):
                asked[event.originator_id] = event.subject_ref
            case Recorded(event=ErasureConfirmed() as event) if event.originator_id in asked:
                erased.references.add(asked[event.originator_id])
            case Recorded(event=CredentialDocumentErased() as event):
                erased.credentials.add(str(event.originator_id))
    return erased
