"""Gather the evidence of one credential, sign it, and check it before it is given out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from importlib import resources
from typing import Any

from sqlalchemy import Connection

from projections.evidence.list_choice import Choice
from projections.evidence.logged import Logged, LoggedStreams
from projections.evidence.readme import Facts, readme
from projections.past import past_lists
from projections.past.past_lists import LostListVersionError, PastLists, PastVersion
from projections.transparency import tree_state
from projections.transparency.errors import TransparencyError
from projections.transparency.floor import LogFiles, LogFolder, checkpoint_in
from projections.transparency.log_signers import LogSigners, OpenKeys
from projections.transparency.receipts import NotLoggedYetError, Receipts
from registry.domain.errors import DocumentGoneError
from registry.domain.events import CredentialDocumentErased
from registry.domain.instants import instant
from registry.domain.status_list import publication_id
from registry.formats.canonical import jcs
from registry.formats.did import did_document
from registry.formats.evidence import layout
from registry.formats.evidence.checks import EvidenceRefusedError, check_evidence
from registry.formats.evidence.container import ContainerError, pack
from registry.formats.evidence.manifest import Manifest, entries_of
from registry.formats.evidence.statements import aliases_after, keys_after
from registry.formats.tlog.policy_files import NO_WITNESSES, with_logs

PURPOSES = ("revocation", "suspension")

ReadDocument = Callable[[str, str], bytes]
"""Returns a credential's document by its id and digest; raises DocumentGoneError once erased."""


class EvidenceNotMadeError(TransparencyError):
    """What the registry holds does not add up to evidence."""


@dataclass(frozen=True)
class _Gathered:
    """What the database knows: the streams, and the versions of lists with their publications."""

    position: int
    streams: Mapping[str, Sequence[Logged]]
    lists: Sequence[tuple[PastVersion, Logged]]

    @property
    def issued(self) -> dict[str, Any]:
        return self.streams["credential"][0].leaf.event


@dataclass(frozen=True)
class EvidenceMaker:
    """Makes evidence under the newest checkpoint that counts; writes nothing.

    `policy` is the file of the settings, if any; the keys of the log are added to it.
    """

    snapshot: Callable[[], AbstractContextManager[Connection]]
    folder: LogFolder
    receipts: Receipts
    past_lists: PastLists
    document: ReadDocument
    open_keys: OpenKeys
    policy: bytes | None

    def make(self, credential_id: str, *, at: datetime) -> bytes:
        """Return the evidence of a credential; `at` is the present instant.

        Raises NotLoggedYetError, EvidenceNotMadeError, and what the log and its keys raise.
        """
        log = self.folder.log(self.folder.newest)
        checkpoint = self.receipts.checkpoint(log.number) if log.number else None
        if checkpoint is None:
            raise _not_yet()
        gathered = self._gather(credential_id, log, checkpoint)
        files = self._files(credential_id, gathered)
        files[layout.CHECKPOINT] = checkpoint
        return self._signed(files, credential_id, gathered, at=at)

    def _gather(self, credential_id: str, log: LogFiles, checkpoint: bytes) -> _Gathered:
        size = checkpoint_in(checkpoint).size
        with self.snapshot() as connection:
            until = tree_state.position_of(connection, log.number, size - 1)
            logged = LoggedStreams(connection, log, checkpoint, until)
            history = logged.stream(credential_id)
            if not history:
                raise _not_yet()
            issued = history[0].leaf.event
            achievement = issued["achievement_id"]
            streams = {
                "credential": history,
                "issuer": logged.stream(issued["issuer_id"]),
                "achievement": logged.stream(achievement) if achievement else [],
            }
            lists = list(_lists(connection, logged, history)) if issued["list_id"] else []
        return _Gathered(until, streams, lists)

    def _files(self, credential_id: str, gathered: _Gathered) -> dict[str, bytes]:
        history = gathered.streams["credential"]
        files = {
            layout.POSITIONS: jcs([each.position for each in history]),
            layout.CHECKER: _checker(),
        }
        for chain, events in gathered.streams.items():
            for each in events:
                _put_receipt(files, layout.event_name(chain, each.leaf.version), each)
        files |= self._document(credential_id, gathered.issued["document_digest"])
        for version, published in gathered.lists:
            name = layout.publication_name(version.purpose, version.version)
            _put_receipt(files, name, published)
            files |= self._list_forms(version)
        return files | _did_documents(gathered)

    def _document(self, credential_id: str, digest: str) -> dict[str, bytes]:
        try:
            body = self.document(credential_id, digest)
        except DocumentGoneError:
            return {}
        return {layout.document_name(is_jwt=_is_jwt(body)): body}

    def _list_forms(self, version: PastVersion) -> dict[str, bytes]:
        """Return the forms of a version, none where its bytes are lost: its event is left."""
        digests = [each for each in (version.digest, version.jws_digest) if each]
        try:
            bodies = [self.past_lists.body(version, digest) for digest in digests]
        except LostListVersionError:
            return {}
        purpose, number = version.purpose, version.version
        return {layout.list_name(purpose, number, is_jwt=_is_jwt(body)): body for body in bodies}

    def _signed(
        self, files: dict[str, bytes], credential_id: str, gathered: _Gathered, *, at: datetime
    ) -> bytes:
        origin = checkpoint_in(files[layout.CHECKPOINT]).origin
        signers = LogSigners(self.open_keys, self.folder).of(self.folder.newest, origin)
        keys = [signer.verifier_key for signer in signers]
        all_keys = [*self.folder.log(self.folder.newest).keys(), *keys]
        files[layout.POLICY] = with_logs(all_keys, self.policy or NO_WITNESSES)
        made_at = instant(at)
        facts = Facts(
            credential_id=credential_id,
            issued=gathered.issued,
            issuer=[each.leaf for each in gathered.streams["issuer"]],
            origin=origin,
            position=gathered.position,
            made_at=made_at,
            keys=[key.vkey for key in keys],
            names=sorted(files),
            is_erased=any(
                each.leaf.topic == CredentialDocumentErased.TOPIC
                for each in gathered.streams["credential"]
            ),
        )
        files[layout.README] = readme(facts)
        manifest = Manifest(
            origin=origin,
            key_ids=tuple(key.key_id.hex() for key in keys),
            credential_id=credential_id,
            position=gathered.position,
            made_at=made_at,
            files=entries_of(files),
        )
        return _checked(files | {layout.MANIFEST: manifest.signed(signers)})


def _lists(
    connection: Connection, logged: LoggedStreams, history: Sequence[Logged]
) -> Iterator[tuple[PastVersion, Logged]]:
    """Yield the versions of the credential's lists that belong here, with their publications."""
    list_id = history[0].leaf.event["list_id"]
    places = [(each.leaf, each.position) for each in history]
    choice = Choice(connection, list_id, logged.until)
    for purpose in PURPOSES:
        for number in choice.versions(purpose, places):
            published = logged.event(publication_id(list_id, purpose), number)
            if published is not None:
                yield past_lists.numbered(connection, list_id, purpose, number), published


def _did_documents(gathered: _Gathered) -> dict[str, bytes]:
    """Return the DID documents of when the credential was issued and of now, as served."""
    issuer, issued_at = gathered.streams["issuer"], gathered.streams["credential"][0].position
    did = issuer[0].leaf.event["did"]
    if not did.startswith("did:web:"):
        return {}
    then = sum(each.position < issued_at for each in issuer)
    leaves = [each.leaf for each in issuer]
    return {
        layout.did_name(version): jcs(
            did_document(
                did,
                assertion_keys=keys_after(leaves[:version]),
                also_known_as=aliases_after(leaves[:version]),
            )
        )
        for version in {then, len(issuer)}
    }


def _checked(files: Mapping[str, bytes]) -> bytes:
    """Return the archive; what would be refused anywhere else is not given out."""
    try:
        archive = pack(files)
    except ContainerError as error:
        raise EvidenceNotMadeError(
            str(error), remedy="it cannot be one file: registry receipt get gives proofs one by one"
        ) from error
    try:
        check_evidence(archive)
    except EvidenceRefusedError as error:
        raise EvidenceNotMadeError(
            str(error), remedy="run: registry replay --verify; see that log_policy is up to date"
        ) from error
    return archive


def _put_receipt(files: dict[str, bytes], name: str, logged: Logged) -> None:
    files[f"{name}{layout.RECEIPT}"] = logged.proof.to_text().encode()


def _is_jwt(body: bytes) -> bool:
    return not body.startswith(b"{")


def _checker() -> bytes:
    return (resources.files("registry.formats.evidence") / layout.CHECKER).read_bytes()


def _not_yet() -> NotLoggedYetError:
    return NotLoggedYetError(
        "no checkpoint that counts covers the credential yet",
        remedy="ask again in a second; where it lasts, the log or its witnesses are away",
    )
