"""Witnesses for tests, and checkpoints that they cosign."""

from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import cosigner_key, sign_cosignature
from registry.formats.tlog.notes import Note, NoteSigner, VerifierKey


@dataclass(frozen=True)
class Witness:
    name: str
    private_key: Ed25519PrivateKey | MLDSA44PrivateKey

    @classmethod
    def with_ed25519(cls, name: str) -> "Witness":
        return cls(name, Ed25519PrivateKey.generate())

    @classmethod
    def with_mldsa44(cls, name: str) -> "Witness":
        return cls(name, MLDSA44PrivateKey.generate())

    @property
    def key(self) -> VerifierKey:
        return cosigner_key(self.name, self.private_key)

    def cosign(self, note: Note, *, at: int = 1_790_000_000) -> Note:
        signature = sign_cosignature(note.text, name=self.name, private_key=self.private_key, at=at)
        return note.with_signatures([signature])


def signed(checkpoint: Checkpoint, *signers: NoteSigner) -> Note:
    text = checkpoint.text
    return Note(text, tuple(signer.sign(text) for signer in signers))
