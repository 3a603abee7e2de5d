"""A scene in which the key of an issuer turns out to be compromised."""

import json
from datetime import datetime
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from api import bootstrap
from projections.compromise import CompromiseReport, CompromiseReports
from projections.proofs_of_age import ProofsOfAge
from projections.transparency.cosigned import CosignedCheckpoints
from registry.domain.credential import Credential
from registry.formats import rdf
from registry.formats.tlog.cosignatures import cosigner_key, sign_cosignature
from registry.formats.tlog.notes import Note
from registry.formats.tlog.policies import Policy
from registry.verification.opening import open_document
from registry.verification.report import Report
from tests.integration.projections.by_hand import (
    ByHand,
    achievement_of,
)
from tests.making import OPERATOR, order

WITNESSES = {f"witness.example.org/{name}": Ed25519PrivateKey.generate() for name in ("w1", "w2")}


class Scene:
    """An issuer's credentials and lists, its key, and the witnesses of the log."""

    def __init__(self, by_hand: ByHand) -> None:
        self.by_hand = by_hand
        self.registry = by_hand.registry
        self.application = by_hand.registry.application
        (self.credential,) = by_hand.issue(1)
        by_hand.settle()
        self.issuer_id = self.credential.issuance.issuer_id
        self.key = self.application.issuer(self.issuer_id).signing_key(by_hand.mechanism.key_type)

    @property
    def now(self) -> datetime:
        return self.by_hand.clock.now

    def issue(self, number: int = 2) -> Credential:
        new = order(achievement_of(self.credential), number)
        return self.application.issue(OPERATOR, self.issuer_id, [new])[0].credential

    def compromise(self, since: datetime | None = None) -> None:
        self.application.issuer_changes.compromise_key(
            OPERATOR, self.issuer_id, self.key, since=since or self.now
        )

    def next_key(self) -> str:
        issuer = self.application.issuer(self.issuer_id)
        return issuer.signing_key(self.by_hand.mechanism.key_type)

    def cosign(self, at: datetime, *names: str) -> None:
        """Let the log sign a checkpoint over all there is, and witnesses cosign it."""
        self.registry.transparency.run()
        checkpoint = self.registry.transparency.checkpoint()
        assert checkpoint is not None
        text = Note.parse(checkpoint).text
        signatures = [
            sign_cosignature(text, name=name, private_key=key, at=int(at.timestamp()))
            for name, key in WITNESSES.items()
            if name in (names or WITNESSES)
        ]
        files = self.registry.transparency.files
        CosignedCheckpoints(files.path, self.policy()).add(checkpoint, signatures)

    def policy(self) -> Policy:
        """Return a policy that wants both witnesses."""
        logs = [f"log {key.vkey}" for key in self.registry.transparency.files.keys()]  # noqa: SIM118 - a method of the log's
        keys = [f"witness {name} {cosigner_key(name, key).vkey}" for name, key in WITNESSES.items()]
        quorum = [f"group both all {' '.join(WITNESSES)}", "quorum both", ""]
        return Policy.parse("\n".join([*logs, *keys, *quorum]).encode())

    def report(self, *, with_policy: bool = True) -> CompromiseReport:
        policy = self.policy() if with_policy else None
        ages = ProofsOfAge(self.registry.transparency.folder, policy)
        reports = CompromiseReports(self.registry.history, ages)
        return reports.report(self.application.issuer(self.issuer_id), self.key)

    def proved(self, credential: Credential, **how: Any) -> bool:
        signed = {each.credential_id: each for each in self.report(**how).credentials}
        return signed[str(credential.id)].is_proved

    def reissue(self, credential: Credential) -> Credential:
        reissuing = self.application.reissuing
        return reissuing.reissue(OPERATOR, self.issuer_id, str(credential.id))

    def document(self, credential: Credential) -> dict[str, Any]:
        body = self.application.document(self.issuer_id, str(credential.id))
        return open_document(body).document

    def verify(self, credential: Credential) -> Report:
        """Verify a credential as the registry itself does."""
        verifier = bootstrap.build_verifier(
            self.registry, canonicalise=rdf.canonicalise, development=False
        )
        body = self.application.document(self.issuer_id, str(credential.id))
        return verifier.verify(body, now=self.now)

    def did_document(self) -> dict[str, Any]:
        path = self.registry.folder.root / f"issuers/{self.issuer_id}/did.json"
        document: dict[str, Any] = json.loads(path.read_bytes())
        return document
