"""Evidence in the hands of a test: both checkers, and what a forger with or without keys makes."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import util
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.evidence import checks, layout
from registry.formats.evidence.checks import EvidenceRefusedError
from registry.formats.evidence.container import pack
from registry.formats.evidence.manifest import Manifest, entries_of, open_manifest
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.merkle import leaf_hash, root_of
from registry.formats.tlog.notes import Note, NoteSigner
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.proofs import Proof

CHECKER = Path(checks.__file__).with_name(layout.CHECKER)
HOLDS = "ok"


def _independent() -> Any:
    specification = util.spec_from_file_location("independent_checker", CHECKER)
    assert specification is not None
    assert specification.loader is not None
    module = util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


_checker = _independent()


def own_verdict(archive: bytes, policy: bytes | None = None) -> str:
    """Return `ok`, or the step at which the registry's own check refuses."""
    try:
        checks.check_evidence(archive, None if policy is None else Policy.parse(policy))
    except EvidenceRefusedError as error:
        return str(error.step)
    return HOLDS


def independent_verdict(archive: bytes, policy: bytes | None = None) -> str:
    """Return `ok`, or the step at which the independent checker refuses."""
    steps: list[str] = []
    try:
        steps.extend(_checker.check(archive, policy))
    except Exception:  # noqa: BLE001 - as the checker itself does
        return steps[-1]
    return HOLDS


def signers_shown(archive: bytes) -> list[str]:
    """Return the keys that the independent checker says have signed."""
    said, mark = _checker.check(archive, None), "signed by: "
    return [step.removeprefix(mark) for step in said if step.startswith(mark)]


def verdict(archive: bytes, policy: bytes | None = None) -> str:
    """Return what both checkers say, who must agree."""
    own, independent = own_verdict(archive, policy), independent_verdict(archive, policy)
    assert own == independent, "two checkers, two verdicts"
    return own


def manifest_of(files: Mapping[str, bytes]) -> Manifest:
    policy = Policy.parse(files[layout.POLICY])
    return open_manifest(files[layout.MANIFEST], [log.key for log in policy.logs])


def resigned(
    files: Mapping[str, bytes], manifest: Manifest, keys: Sequence[Ed25519PrivateKey]
) -> bytes:
    """Return an archive of these files, under a manifest that these keys sign."""
    signers = [NoteSigner(manifest.origin, key) for key in keys]
    rest = {name: body for name, body in files.items() if name != layout.MANIFEST}
    signed = replace(
        manifest,
        key_ids=tuple(signer.verifier_key.key_id.hex() for signer in signers),
        files=entries_of(rest),
    ).signed(signers)
    return pack(rest | {layout.MANIFEST: signed})


def flipped(body: bytes, at: int, bit: int = 0) -> bytes:
    """Return some bytes with one bit turned over."""
    return body[:at] + bytes([body[at] ^ 1 << bit]) + body[at + 1 :]


def relogged(
    files: Mapping[str, bytes], leaves: Mapping[str, bytes], key: Ed25519PrivateKey
) -> dict[str, bytes]:
    """Return evidence as of a log that has just these leaves, by name of their receipts."""
    rest = {name: body for name, body in files.items() if not name.endswith(layout.RECEIPT)}
    signer, hashes = (
        NoteSigner(manifest_of(files).origin, key),
        list(map(leaf_hash, leaves.values())),
    )
    text = Checkpoint(signer.name, len(hashes), root_of(hashes)).text
    note = Note(text, (signer.sign(text),)).to_bytes()
    receipts = {
        name: Proof(index, tuple(_path(index, hashes)), note, leaf).to_text().encode()
        for index, (name, leaf) in enumerate(leaves.items())
    }
    policy = f"log {signer.verifier_key.vkey}\nquorum none\n".encode()
    return rest | receipts | {layout.CHECKPOINT: note, layout.POLICY: policy}


def leaves_of(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """Return the leaves in the receipts, by the receipts' names."""
    receipts = {name: body for name, body in files.items() if name.endswith(layout.RECEIPT)}
    return {name: Proof.parse(body).extra or b"" for name, body in receipts.items()}


def _path(index: int, hashes: Sequence[bytes]) -> list[bytes]:
    """Return the way from a leaf to the root (RFC 6962 §2.1.1)."""
    if len(hashes) == 1:
        return []
    half = 1 << (len(hashes) - 1).bit_length() - 1
    if index < half:
        return [*_path(index, hashes[:half]), root_of(hashes[half:])]
    return [*_path(index - half, hashes[half:]), root_of(hashes[:half])]
