"""What the registry's log says, checked by Go's `sumdb/tlog` and `sumdb/note`."""

from pathlib import Path

import pytest

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.notes import NoteSigner
from registry.formats.tlog.tiles import TileAddress, entries_path
from tests.go.checker import GoChecker, RefusedError
from tests.unit.formats.tlog.conftest import ORIGIN
from tests.unit.formats.tlog.trees import Tree, grown, numbered
from tests.unit.formats.tlog.witnesses import Witness, signed

SIZES = [1, 2, 255, 256, 257, 513, 65_535, 65_536, 65_537, 66_000]


def checkpoint(tree: Tree, size: int, signer: NoteSigner) -> bytes:
    return signed(Checkpoint(ORIGIN, size, tree.root(size)), signer).to_bytes()


def flip(path: Path, position: int) -> None:
    data = bytearray(path.read_bytes())
    data[position] ^= 1
    path.write_bytes(data)


@pytest.mark.parametrize("size", SIZES)
def test_go_accepts_a_leaf_of_a_tree_of_any_size(
    size: int, tree: Tree, signer: NoteSigner, checker: GoChecker
) -> None:
    note, vkeys = checkpoint(tree, size, signer), [signer.verifier_key.vkey]
    for index in {0, size // 2, size - 1}:
        checker.check(note, vkeys, record=(index, tree.leaves[index], tree.inclusion(index, size)))


@pytest.mark.parametrize(
    ("old", "new"), [(1, 2), (255, 257), (256, 66_000), (300, 65_536), (65_537, 66_000), (9, 9)]
)
def test_go_accepts_that_a_tree_grew(
    old: int, new: int, tree: Tree, signer: NoteSigner, checker: GoChecker
) -> None:
    since = (checkpoint(tree, old, signer), tree.consistency(old, new))
    checker.check(checkpoint(tree, new, signer), [signer.verifier_key.vkey], since=since)


def test_go_reads_every_tile_and_every_entry(
    tree: Tree, signer: NoteSigner, checker: GoChecker, tmp_path: Path
) -> None:
    tree.write(tmp_path)
    note = checkpoint(tree, 66_000, signer)
    checker.check(note, [signer.verifier_key.vkey], folder=tmp_path)


def test_go_reads_an_older_tree_from_the_files_that_have_grown_since(
    signer: NoteSigner, checker: GoChecker, tmp_path: Path
) -> None:
    grown_since = grown(numbered(700))
    grown_since.write_growing(tmp_path)
    note = checkpoint(grown_since, 300, signer)
    checker.check(note, [signer.verifier_key.vkey], folder=tmp_path)


def test_go_refuses_a_tampered_leaf(
    tree: Tree, signer: NoteSigner, checker: GoChecker, tmp_path: Path
) -> None:
    small = grown(tree.leaves[:300])
    small.write(tmp_path)
    note, vkeys = checkpoint(small, 300, signer), [signer.verifier_key.vkey]
    checker.check(note, vkeys, folder=tmp_path)
    # The last character of leaf 4; the lengths stay as they are.
    flip(tmp_path / entries_path(0), 39)
    with pytest.raises(RefusedError, match="is not the one in the tree"):
        checker.check(note, vkeys, folder=tmp_path)
    with pytest.raises(RefusedError, match="invalid transparency proof"):
        checker.check(note, vkeys, record=(7, b"leaf 8", small.inclusion(7, 300)))


def test_go_refuses_a_tampered_tile(signer: NoteSigner, checker: GoChecker, tmp_path: Path) -> None:
    small = grown(numbered(300))
    small.write(tmp_path)
    flip(tmp_path / TileAddress(0, 1, 44).path, 5)
    with pytest.raises(RefusedError, match="inconsistent tile"):
        checker.check(checkpoint(small, 300, signer), [signer.verifier_key.vkey], folder=tmp_path)


@pytest.mark.parametrize("path", [TileAddress(0, 1, 44).path, entries_path(1, 44)])
def test_go_refuses_a_truncated_tail(
    path: str, signer: NoteSigner, checker: GoChecker, tmp_path: Path
) -> None:
    small = grown(numbered(300))
    small.write(tmp_path)
    (tmp_path / path).write_bytes((tmp_path / path).read_bytes()[:-40])
    with pytest.raises(RefusedError, match="cut short"):
        checker.check(checkpoint(small, 300, signer), [signer.verifier_key.vkey], folder=tmp_path)


def test_go_refuses_a_checkpoint_of_a_shorter_tree(
    tree: Tree, signer: NoteSigner, checker: GoChecker
) -> None:
    since = (checkpoint(tree, 301, signer), tree.consistency(300, 301))
    with pytest.raises(RefusedError, match="invalid"):
        checker.check(checkpoint(tree, 300, signer), [signer.verifier_key.vkey], since=since)


def test_go_refuses_a_fork(tree: Tree, signer: NoteSigner, checker: GoChecker) -> None:
    fork = grown([*numbered(290), *numbered(110, first=5_000)])
    vkeys, old = [signer.verifier_key.vkey], checkpoint(tree, 300, signer)
    for proof in (fork.consistency(300, 400), tree.consistency(300, 400)):
        with pytest.raises(RefusedError, match="invalid transparency proof"):
            checker.check(checkpoint(fork, 400, signer), vkeys, since=(old, proof))


def test_go_verifies_the_signatures_of_log_and_witnesses(
    tree: Tree,
    signer: NoteSigner,
    witness: Witness,
    quantum_safe_witness: Witness,
    checker: GoChecker,
) -> None:
    note = signed(Checkpoint(ORIGIN, 300, tree.root(300)), signer)
    note = quantum_safe_witness.cosign(witness.cosign(note))
    keys = [signer.verifier_key, witness.key, quantum_safe_witness.key]
    checker.check(note.to_bytes(), [key.vkey for key in keys])


@pytest.mark.parametrize("line", range(3))
def test_go_refuses_a_note_of_which_a_line_was_changed(
    line: int, tree: Tree, signer: NoteSigner, checker: GoChecker
) -> None:
    lines = checkpoint(tree, 300, signer).decode().split("\n")
    lines[line] = {0: ORIGIN + "/2", 1: "301", 2: "A" * 43 + "="}[line]
    with pytest.raises(RefusedError, match="invalid signature"):
        checker.check("\n".join(lines).encode(), [signer.verifier_key.vkey])


def test_go_names_tiles_as_the_registry_does(
    tree: Tree, signer: NoteSigner, checker: GoChecker
) -> None:
    numbers = [(0, 7), (999, 1), (1_000, 255), (1_234_067, 256), (123_456_789, 256)]
    paths = [TileAddress(3, number, width).path for number, width in numbers]
    checker.check(checkpoint(tree, 1, signer), [signer.verifier_key.vkey], tiles=paths)
