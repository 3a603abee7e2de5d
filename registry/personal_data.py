"""A learner's own data, to be handed over: access and portability (GDPR art. 15 and 20).

All that the registry holds of one learner: who they are to an issuer, each secured document, each
private note about them, and what happened to each credential, as files that programs and people
can read.
"""

import json
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any
from uuid import UUID

from registry.domain.credential import Credential
from registry.domain.events import (
    CredentialIssued,
    CredentialReinstated,
    CredentialRevoked,
    CredentialSuspended,
    Event,
)
from registry.domain.instants import instant
from registry.domain.legal_hold import LegalHold
from registry.domain.securing import Mechanism
from registry.formats.securing import VC, media_type_of
from registry.lookups import Lookups
from registry.store.vault import Vault
from registry.streams import Streams

DATA_FILE = "data.json"
_TOLD = ("reason", "effective_at", "until", "superseded_by")

_README = """\
# Twoje dane / Your data

## Po polsku

To wszystko, co rejestr mikropoświadczeń przechowuje o Tobie u wymienionych wydawców.

- `data.json`: kim jesteś dla każdego wydawcy, Twoje poświadczenia, ich historia oraz notatki,
  które wydawca zapisał przy zmianach statusu.
- `documents/`: Twoje poświadczenia w postaci podpisanej. Możesz je przekazać, komu chcesz, albo
  wczytać do portfela; ich ważność sprawdzi każdy, bez pytania wydawcy o Ciebie.

Administratorem danych jest wydawca. Do niego skieruj pytania, sprostowania i żądania usunięcia.
Plik zawiera dane osobowe i prywatne notatki: przechowuj go bezpiecznie.

## In English

This is all that the registry of micro-credentials holds about you at the issuers named.

- `data.json`: who you are to each issuer, your credentials, their history, and the notes that an
  issuer wrote when a status changed.
- `documents/`: your credentials as they were signed. Pass them on to whom you like, or load them
  into a wallet; anybody can check them without asking the issuer about you.

The issuer is the controller of these data. Turn to it with questions, corrections and requests to
erase. The file holds personal data and private notes: keep it safe.
"""


class PersonalData:
    """Collects what is held under references of one person."""

    def __init__(
        self,
        *,
        streams: Streams,
        lookups: Lookups,
        vault: Vault,
        credentials_of: Callable[[str], Collection[str]],
        clock: Callable[[], datetime],
    ) -> None:
        self._streams = streams
        self._lookups = lookups
        self._vault = vault
        self._credentials_of = credentials_of
        self._clock = clock

    def files(self, references: Sequence[str]) -> dict[str, bytes]:
        """Return the files by name; raises UnknownSubjectError, DocumentGoneError once erased."""
        documents: dict[str, bytes] = {}
        held = [self._held(reference, documents) for reference in references]
        data = {"exported_at": instant(self._clock()), "held_by": held}
        text = json.dumps(data, ensure_ascii=False, indent=2) + "\n"
        return {"README.md": _README.encode(), DATA_FILE: text.encode(), **documents}

    def _held(self, reference: str, documents: dict[str, bytes]) -> dict[str, Any]:
        """Return what one issuer holds, and add its documents."""
        known = self._vault.known(reference)
        issuer = self._lookups.issuer(known.issuer_id)
        ids = {*self._vault.credentials_of(reference), *self._credentials_of(reference)}
        credentials = [self._streams.load(Credential(UUID(each))) for each in ids]
        issued = [credential for credential in credentials if credential.version]
        issued.sort(key=lambda credential: credential.issuance.recorded_at)
        hold = self._streams.load(LegalHold(UUID(reference)))
        return {
            "issuer": {
                "issuer_id": known.issuer_id,
                "did": issuer.did,
                "name": {"pl": issuer.name_pl, "en": issuer.name_en},
                "url": issuer.url,
            },
            "subject_ref": reference,
            "known_since": known.created_at,
            "person": asdict(self._vault.person(reference)),
            "legal_hold": {"reason": hold.reason, "until": hold.until} if hold.reason else None,
            "credentials": [self._credential(each, documents) for each in issued],
        }

    def _credential(self, credential: Credential, documents: dict[str, bytes]) -> dict[str, Any]:
        issuance, credential_id = credential.issuance, str(credential.id)
        is_json = media_type_of(Mechanism(issuance.cryptosuite)) == VC
        file = f"documents/{credential_id}.{'json' if is_json else 'jwt'}"
        documents[file] = self._vault.document(credential_id, issuance.document_digest)
        return {
            "credential_id": credential_id,
            "title": self._title(issuance),
            "status": str(credential.status),
            "valid_from": issuance.valid_from,
            "valid_until": issuance.valid_until,
            "document": file,
            "history": [self._line(each) for each in self._events(credential)],
        }

    def _title(self, issuance: CredentialIssued) -> object:
        if issuance.achievement_id is None or issuance.achievement_version is None:
            return None
        achievement = self._lookups.any_achievement(issuance.achievement_id)
        return achievement.definition(issuance.achievement_version).get("title")

    def _events(self, credential: Credential) -> Iterable[Any]:
        events: Iterable[Any] = self._streams.events.get(credential.id)
        return events

    def _line(self, event: Event) -> dict[str, Any]:
        told = {name: getattr(event, name, None) for name in _TOLD}
        line = {"event": event.TOPIC, "recorded_at": event.recorded_at}
        line |= {name: value for name, value in told.items() if value is not None}
        match event:
            case CredentialSuspended() | CredentialReinstated() | CredentialRevoked():
                if event.note_digest is not None:
                    note = self._vault.note(str(event.originator_id), event.note_digest)
                    line["note"] = note.decode()
        return line
