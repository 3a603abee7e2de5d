"""Roots and proofs beside those of PyPI's `pymerkle`, which hashes as RFC 6962 does."""

import pytest
from pymerkle import InmemoryTree
from pymerkle import verify_consistency as others_verify_consistency
from pymerkle import verify_inclusion as others_verify_inclusion

from registry.formats.tlog.merkle import leaf_hash, verify_consistency
from tests.unit.formats.tlog.trees import Tree

SIZES = [*range(1, 20), 31, 32, 33, 63, 64, 65, 127, 128, 255, 256, 257, 300, 511, 512, 513, 600]


@pytest.fixture(scope="module")
def oracle(tree: Tree) -> InmemoryTree:
    made = InmemoryTree(algorithm="sha256")
    for leaf in tree.leaves[: SIZES[-1]]:
        made.append_entry(leaf)
    return made


@pytest.mark.parametrize("size", SIZES)
def test_both_make_one_root(size: int, tree: Tree, oracle: InmemoryTree) -> None:
    assert tree.root(size) == oracle.get_root(size)


@pytest.mark.parametrize("size", SIZES)
def test_both_make_one_path_and_each_accepts_it(
    size: int, tree: Tree, oracle: InmemoryTree
) -> None:
    for index in {0, size // 3, size // 2, size - 1}:
        # The oracle counts leaves from 1, and begins each path with the leaf.
        theirs = oracle.prove_inclusion(index + 1, size)
        leaf, *path = theirs.path
        assert leaf == leaf_hash(tree.leaves[index])
        assert path == tree.inclusion(index, size)
        others_verify_inclusion(leaf, tree.root(size), theirs)


@pytest.mark.parametrize("new", SIZES)
def test_each_accepts_the_others_proof_that_a_tree_grew(
    new: int, tree: Tree, oracle: InmemoryTree
) -> None:
    for old in {1, new // 3, new // 2, new - 1} - {0}:
        # The oracle's proofs are longer than RFC 6962's, so only their outcome is compared.
        theirs = oracle.prove_consistency(old, new)
        others_verify_consistency(tree.root(old), tree.root(new), theirs)
        verify_consistency(
            old_size=old,
            old_root=oracle.get_root(old),
            new_size=new,
            new_root=oracle.get_root(new),
            proof=tree.consistency(old, new),
        )
