"""Evidence that could be read in two ways: both checkers refuse it, though the log signed it so."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats import rdf
from registry.formats.evidence import layout
from registry.formats.evidence.container import pack, unpack
from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.notes import Note, NoteSigner
from scripts.evidence import wording
from scripts.evidence.examining import examine
from tests.evidence import (
    HOLDS,
    independent_verdict,
    leaves_of,
    manifest_of,
    own_verdict,
    relogged,
    resigned,
    verdict,
)
from tests.integration.projections.by_hand import ByHand, open_registry
from tests.integration.projections.offices import new_office
from tests.making import Clock

ISSUED = layout.event_name("credential", 1) + layout.RECEIPT
POSITION = "position "


@dataclass(frozen=True)
class Log:
    """A log that signs whatever it is told to, and good evidence to begin with."""

    files: dict[str, bytes]
    key: Ed25519PrivateKey

    def with_leaf(self, change: Callable[[bytes], bytes]) -> bytes:
        """Return evidence whose first event was logged in another form."""
        leaves = leaves_of(self.files)
        leaves[ISSUED] = change(leaves[ISSUED])
        return self.signed(relogged(self.files, leaves, self.key))

    def with_file(self, name: str, body: bytes) -> bytes:
        return self.signed(self.files | {name: body})

    def signed(self, files: dict[str, bytes]) -> bytes:
        return resigned(files, manifest_of(self.files), [self.key])

    def with_manifest(self, old: str, new: str) -> bytes:
        """Return evidence with another text of the manifest."""
        rest = {name: body for name, body in self.files.items() if name != layout.MANIFEST}
        text = manifest_of(self.files).text
        changed = text.replace(old, new, 1)
        signer = NoteSigner(manifest_of(self.files).origin, self.key)
        note = Note(changed, (signer.sign(changed),)).to_bytes()
        return pack(rest | {layout.MANIFEST: note})


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Log]:
    folder = tmp_path_factory.mktemp("registry")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("api.clock.now", clock := Clock())
        registry = open_registry(folder, f"sqlite:///{folder}/registry.db")
        office = new_office(ByHand(registry, clock))
        files, key = unpack(office.make()), office.keys[0]
        good = relogged(files, leaves_of(files), key)
        yield Log(unpack(resigned(good, manifest_of(files), [key])), key)
        registry.close()


def did_name(log: Log) -> str:
    return next(name for name in log.files if name.startswith(layout.DID_FOLDER))


def test_what_the_log_makes_of_good_evidence_holds(log: Log) -> None:
    assert verdict(log.with_leaf(lambda leaf: leaf)) == HOLDS


@pytest.mark.parametrize(
    "change",
    [
        lambda leaf: leaf[:-1] + b',"event":{}}',
        lambda leaf: leaf[:-2] + b',"issuer_id":"x"}}',
        lambda leaf: leaf[:-2] + b',"x":NaN}}',
        lambda leaf: leaf[:-2] + b',"x":-Infinity}}',
        lambda leaf: leaf.decode().encode("utf-16"),
        lambda leaf: b"\xef\xbb\xbf" + leaf,
        lambda leaf: leaf[:-2] + b',"x":"\xff"}}',
    ],
)
def test_leaf_of_two_meanings_is_refused(log: Log, change: Callable[[bytes], bytes]) -> None:
    assert verdict(log.with_leaf(change)) == "receipts"


@pytest.mark.parametrize("number", ["02", "1_0", "9", "0", "x"])
def test_did_document_of_no_number_of_events_is_refused(log: Log, number: str) -> None:
    files = {**log.files, f"did/{number}.json": log.files[did_name(log)]}
    assert verdict(log.signed(files)) == "keys"


@pytest.mark.parametrize(
    "change",
    [
        lambda body: b'{"id":"did:web:other.example",' + body[1:],
        lambda body: body[:-1] + b',"x":NaN}',
        lambda body: body.decode().encode("utf-16"),
    ],
)
def test_did_document_of_two_meanings_is_refused(
    log: Log, change: Callable[[bytes], bytes]
) -> None:
    name = did_name(log)
    assert verdict(log.with_file(name, change(log.files[name]))) == "keys"


@pytest.mark.parametrize("before", [b"", b"\xef\xbb\xbf"])
@pytest.mark.parametrize("positions", [b"[%d.5]", b"[%d.0]", b"[true]", b"[NaN]", b'{"%d":1}'])
def test_positions_that_are_no_whole_numbers_are_refused(
    log: Log, before: bytes, positions: bytes
) -> None:
    body = before + positions.replace(b"%d", log.files[layout.POSITIONS][1:-1])
    assert verdict(log.with_file(layout.POSITIONS, body)) == "history"


@pytest.mark.parametrize("spelled", ["+{}", "0{}", " {}", "{}_0", "{}.0"])
def test_manifest_with_a_position_in_another_spelling_is_refused(log: Log, spelled: str) -> None:
    position = str(manifest_of(log.files).position)
    forged = log.with_manifest(POSITION + position, POSITION + spelled.format(position))
    assert verdict(forged) == "manifest"


def test_manifest_made_at_no_instant_is_refused(log: Log) -> None:
    made_at = manifest_of(log.files).made_at
    for other in (made_at.replace("-", "."), "9999-99-99T99:99:99.999999Z"):
        assert own_verdict(log.with_manifest(made_at, other)) == "manifest"


@pytest.mark.parametrize(
    "change",
    [lambda size: f"+{size}", lambda size: f"0{size}"],
)
def test_checkpoint_with_a_size_in_another_spelling_is_refused(
    log: Log, change: Callable[[int], str]
) -> None:
    files = dict(log.files)
    text = Note.parse(files[layout.CHECKPOINT]).text
    size = Checkpoint.parse(text).size
    changed = text.replace(f"\n{size}\n", f"\n{change(size)}\n", 1)
    assert verdict(log.signed(restated(log, files, changed))) == "checkpoint"


def test_checkpoint_with_an_empty_line_is_refused(log: Log) -> None:
    text = Note.parse(log.files[layout.CHECKPOINT]).text + "\nmore\n"
    assert verdict(log.signed(restated(log, log.files, text))) == "checkpoint"


def test_policy_of_two_quorums_is_refused(log: Log) -> None:
    twice = log.files[layout.POLICY] + b"quorum none\n"
    assert verdict(log.with_file(layout.POLICY, twice)) == "manifest"


def test_comment_of_a_policy_need_not_be_utf_8(log: Log) -> None:
    commented = log.files[layout.POLICY] + b"# \xe9\n"
    assert verdict(log.with_file(layout.POLICY, commented)) == HOLDS


def test_empty_policy_trusts_nobody(log: Log) -> None:
    assert independent_verdict(pack(log.files), b"") == "manifest"


def test_two_documents_are_refused(log: Log) -> None:
    (name,) = (name for name in log.files if name.startswith(layout.DOCUMENT_FOLDER))
    assert verdict(log.with_file("credential/other.json", log.files[name])) == "document"


def test_what_is_not_here_is_not_said_to_be_right(log: Log) -> None:
    without = {
        name: body
        for name, body in log.files.items()
        if not name.startswith((layout.DOCUMENT_FOLDER, layout.LISTS_FOLDER, layout.DID_FOLDER))
    }
    found = examine(log.signed(without), None, copy=None, canonicalise=rdf.canonicalise)
    said = {taken.step: taken.said for taken in found.taken}
    absent = (wording.NOT_ENCLOSED, wording.NO_LISTS, wording.NO_KEYS)
    assert tuple(said[step] for step in ("document", "lists", "keys")) == absent


def restated(log: Log, files: dict[str, bytes], text: str) -> dict[str, bytes]:
    """Return files under a checkpoint of another text, which the log signs."""
    signer = NoteSigner(manifest_of(log.files).origin, log.key)
    old, new = files[layout.CHECKPOINT], Note(text, (signer.sign(text),)).to_bytes()
    return {name: body.replace(old, new) for name, body in files.items()}
