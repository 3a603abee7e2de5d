"""Forged evidence: two checkers that share no code refuse it, at the same step.

Some forgers have the registry's own key: what they sign still has to agree with the log.
"""

import re
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.mldsa import MLDSA44PrivateKey

from registry.formats import rdf
from registry.formats.canonical import jcs
from registry.formats.evidence import layout
from registry.formats.evidence.checks import check_evidence
from registry.formats.evidence.container import pack, unpack
from registry.formats.multikey import encode_public_key
from registry.formats.strict_json import loads
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import sign_cosignature
from registry.formats.tlog.notes import Note, NoteSigner
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.proofs import Proof
from registry.verification.evidence import check_signatures
from registry.verification.report import Outcome
from tests.evidence import HOLDS, flipped, manifest_of, resigned, signers_shown, verdict
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.integration.projections.offices import new_office
from tests.making import Clock
from tests.witness import Witness, policy_of

Files = dict[str, bytes]

WITNESSES = [
    Witness("ed25519.example/witness", [Ed25519PrivateKey.generate()], Path("none")),
    Witness("mldsa44.example/witness", [MLDSA44PrivateKey.generate()], Path("none")),
]


@dataclass(frozen=True)
class Forgery:
    """Good evidence, and the keys that signed it."""

    archive: bytes
    keys: tuple[Ed25519PrivateKey, ...]

    @property
    def origin(self) -> str:
        return manifest_of(self.files).origin

    @property
    def policy(self) -> bytes:
        """The policy of whoever got the keys elsewhere."""
        return policy_of([NoteSigner(self.origin, key).verifier_key for key in self.keys], [])

    @property
    def files(self) -> Files:
        return unpack(self.archive)

    def forged(self, change: Callable[[Files], object]) -> bytes:
        """Return evidence that the registry itself signed anew after a change."""
        files = self.files
        change(files)
        return self.signed(files)

    def signed(self, files: Files) -> bytes:
        """Return evidence of these files, signed anew by the registry."""
        return resigned(files, manifest_of(self.files), self.keys)

    def with_file(self, name: str, body: bytes) -> bytes:
        """Return evidence with another file in a place, signed anew by the registry."""
        return self.forged(lambda files: files.update({name: body}))

    def without(self, name: str) -> bytes:
        """Return evidence without a file, signed anew by the registry."""
        return self.forged(lambda files: files.pop(name))


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Forgery]:
    """The evidence of a credential that was suspended, reinstated and revoked."""
    folder = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.clock.now", clock := Clock())
        registry = open_registry(folder, f"sqlite:///{folder}/registry.db")
        office = new_office(ByHand(registry, clock))
        office.change()
        yield Forgery(office.make(), office.keys)
        registry.close()


def test_changed_bytes_are_refused(scene: Forgery) -> None:
    for at in range(0, len(scene.archive), 97):
        assert verdict(flipped(scene.archive, at, bit=at % 8)) != HOLDS


def test_changed_files_are_refused_alike_even_where_the_registry_signed_them(
    scene: Forgery,
) -> None:
    refused = set()
    for name, body in scene.files.items():
        for at in range(0, len(body), max(1, len(body) // 9)):
            said = verdict(scene.with_file(name, flipped(body, at)))
            # Nothing else is free to say what it likes; the manifest is made anew. Positions are
            # the registry's word, of DID documents one form of the keys is looked at.
            is_free = name in {layout.README, layout.CHECKER, layout.MANIFEST}
            is_held = name != layout.POSITIONS and not name.startswith(layout.DID_FOLDER)
            assert (said == HOLDS) == is_free or not is_held
            refused.add(said)
    assert refused >= {"manifest", "checkpoint", "receipts", "history", "document", "lists", "keys"}


def test_missing_and_added_files_are_refused(scene: Forgery) -> None:
    files = scene.files
    for name in files:
        rest = {other: body for other, body in files.items() if other != name}
        assert verdict(pack(rest)) == "manifest"
    assert verdict(pack(files | {"more": b""})) == "manifest"


def test_what_the_check_needs_is_missed_though_the_rest_is_signed(scene: Forgery) -> None:
    missed = {
        layout.POLICY: "manifest",
        layout.CHECKPOINT: "checkpoint",
        layout.POSITIONS: "history",
        layout.event_name("issuer", 1) + layout.RECEIPT: "history",
        layout.event_name("achievement", 1) + layout.RECEIPT: "history",
        layout.publication_name("revocation", 1) + layout.RECEIPT: "lists",
    }
    assert {name: verdict(scene.without(name)) for name in missed} == missed


def test_history_with_a_gap_is_refused_though_it_is_signed(scene: Forgery) -> None:
    for version in (1, 2, 3):
        name = layout.event_name("credential", version) + layout.RECEIPT
        assert verdict(scene.without(name)) == "history"


def test_events_in_each_others_places_are_refused(scene: Forgery) -> None:
    names = [layout.event_name("credential", each) + layout.RECEIPT for each in (2, 3)]

    def swap(files: Files) -> None:
        files[names[0]], files[names[1]] = files[names[1]], files[names[0]]

    assert verdict(scene.forged(swap)) == "history"


def test_list_of_another_version_is_refused(scene: Forgery) -> None:
    one, two = (layout.list_name("revocation", version, is_jwt=False) for version in (1, 2))
    assert verdict(scene.with_file(two, scene.files[one])) == "lists"


def test_list_that_does_not_show_a_change_it_covers_is_refused(scene: Forgery) -> None:
    # The revocation is said to have come later, where the newest list shows it already.
    earlier = loads(scene.files[layout.POSITIONS])[:-1]
    positions = jcs([*earlier, manifest_of(scene.files).position])
    assert verdict(scene.with_file(layout.POSITIONS, positions)) == "lists"


@pytest.mark.parametrize("positions", [[], [1, 2, 3], [4, 3, 2, 1], [1, 1, 2, 3], [1, 2, 3, 10**6]])
def test_positions_that_do_not_rise_are_refused(scene: Forgery, positions: list[int]) -> None:
    assert verdict(scene.with_file(layout.POSITIONS, jcs(positions))) == "history"


@pytest.mark.parametrize(
    "said", [{"verificationMethod": []}, {"id": "did:web:x"}, {"alsoKnownAs": ["did:web:x"]}]
)
def test_did_document_that_says_more_or_less_is_refused(
    scene: Forgery, said: dict[str, object]
) -> None:
    (name,) = (name for name in scene.files if name.startswith(layout.DID_FOLDER))
    assert verdict(scene.with_file(name, jcs(loads(scene.files[name]) | said))) == "keys"


def test_whoever_brings_a_policy_believes_no_other_key(scene: Forgery) -> None:
    stranger = NoteSigner(scene.origin, Ed25519PrivateKey.generate())
    assert verdict(scene.archive, scene.policy) == HOLDS
    assert verdict(scene.archive, policy_of([stranger.verifier_key], [])) == "manifest"


def test_evidence_signed_anew_by_a_stranger_is_refused_under_a_policy(scene: Forgery) -> None:
    stranger = NoteSigner(scene.origin, Ed25519PrivateKey.generate())
    files = scene.files | {layout.POLICY: policy_of([stranger.verifier_key], [])}
    forged = resigned(files, manifest_of(scene.files), [stranger.private_key])
    assert (verdict(forged), verdict(forged, scene.policy)) == ("checkpoint", "manifest")


def test_keys_in_the_forgers_policy_that_signed_nothing_are_not_shown(scene: Forgery) -> None:
    stranger = NoteSigner(scene.origin, Ed25519PrivateKey.generate())
    tree = Note.parse(scene.files[layout.CHECKPOINT]).text
    checkpoint = Note(tree, (stranger.sign(tree),)).to_bytes()
    files = scene.files | {layout.CHECKPOINT: checkpoint}
    for name in (name for name in files if name.endswith(layout.RECEIPT)):
        proof = replace(Proof.parse(files[name]), checkpoint=checkpoint)
        files[name] = proof.to_text().encode()
    files[layout.POLICY] = scene.policy + f"log {stranger.verifier_key.vkey}\n".encode()
    forged = resigned(files, manifest_of(scene.files), [stranger.private_key])

    assert verdict(forged) == HOLDS
    assert check_evidence(forged).signed_by == [stranger.verifier_key]
    assert signers_shown(forged) == [stranger.verifier_key.vkey]


def test_checkpoint_of_another_trusted_log_is_refused(scene: Forgery) -> None:
    other = NoteSigner("other.example/log", Ed25519PrivateKey.generate())
    tree = Checkpoint.parse(Note.parse(scene.files[layout.CHECKPOINT]).text)
    text = replace(tree, origin=other.name).text
    note = Note(text, (other.sign(text),)).to_bytes()
    trusted = scene.files[layout.POLICY] + f"log {other.verifier_key.vkey}\n".encode()
    given = {layout.CHECKPOINT: note, layout.POLICY: trusted}
    assert verdict(scene.forged(lambda files: files.update(given))) == "checkpoint"


def test_cosignatures_of_both_kinds_make_the_quorum(scene: Forgery) -> None:
    whole = scene.forged(lambda files: cosign(files, WITNESSES))
    assert verdict(whole) == HOLDS
    for lacking in (WITNESSES[:1], WITNESSES[1:]):
        files = scene.files
        cosign(files, lacking)
        assert verdict(scene.signed(files)) == "checkpoint"


def test_changed_cosignatures_are_refused_alike(scene: Forgery) -> None:
    whole = scene.forged(lambda files: cosign(files, WITNESSES))
    cosigned, checkpoint = replace(scene, archive=whole), unpack(whole)[layout.CHECKPOINT]
    for at in range(0, len(checkpoint), 61):
        forged = cosigned.with_file(layout.CHECKPOINT, flipped(checkpoint, at))
        assert verdict(forged) in {"checkpoint", "receipts"}


def test_changed_policies_are_judged_alike(scene: Forgery) -> None:
    whole = scene.forged(lambda files: cosign(files, WITNESSES))
    cosigned, policy = replace(scene, archive=whole), unpack(whole)[layout.POLICY]
    names = {at for word in (b"group", b"quorum") for at in _places(policy, word)}
    for at in {*range(0, len(policy), 61), *names}:
        verdict(cosigned.with_file(layout.POLICY, flipped(policy, at)))


def test_document_that_the_issuers_keys_did_not_sign_is_found(scene: Forgery) -> None:
    evidence = check_evidence(scene.archive)
    stranger = encode_public_key(Ed25519PrivateKey.generate().public_key())
    issuer = [
        replace(leaf, event=leaf.event | {"key": stranger}) if "key" in leaf.event else leaf
        for leaf in evidence.chains["issuer"]
    ]
    forged = replace(evidence, chains=dict(evidence.chains) | {"issuer": issuer})
    for given, outcome in ((evidence, Outcome.PASSED), (forged, Outcome.FAILED)):
        checks = check_signatures(given, copy=None, canonicalise=rdf.canonicalise)
        assert {check.outcome for check in checks} == {outcome}


def test_checker_in_the_evidence_is_short_and_imports_nothing_of_the_registry(
    scene: Forgery,
) -> None:
    source = scene.files[layout.CHECKER].decode()
    assert len(source.splitlines()) <= 200
    packages = set(
        re.findall(r"^ *(?:import|from) (\w+)(?:[\w.]* import.*)?$", source, re.MULTILINE)
    )
    assert packages - set(sys.stdlib_module_names) == {"cryptography"}


def cosign(files: Files, by: Sequence[Witness]) -> None:
    """Have witnesses cosign the checkpoint that everything stands under, and ask for both."""
    note = Note.parse(files[layout.CHECKPOINT])
    signatures = [
        sign_cosignature(note.text, name=each.name, private_key=each.keys[0], at=1_800_000_000)
        for each in by
    ]
    checkpoint = note.with_signatures(signatures).to_bytes()
    for name in files:
        if name.endswith(layout.RECEIPT):
            proof = replace(Proof.parse(files[name]), checkpoint=checkpoint)
            files[name] = proof.to_text().encode()
    logs = [log.key for log in Policy.parse(files[layout.POLICY]).logs]
    files |= {layout.CHECKPOINT: checkpoint, layout.POLICY: policy_of(logs, WITNESSES)}


def _places(policy: bytes, word: bytes) -> range:
    """Return the places of the line that begins with a word."""
    start = policy.index(b"\n" + word) + 1
    return range(start, policy.index(b"\n", start))
