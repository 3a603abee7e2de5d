"""RFC 6962: the trees of Certificate Transparency's reference implementation."""

import json
from pathlib import Path
from typing import Any

import pytest

from registry.formats.tlog.merkle import leaf_hash, root_of, verify_consistency, verify_inclusion
from tests.unit.formats.tlog.trees import Tree, grown

VECTORS: dict[str, Any] = json.loads((Path(__file__).parent / "rfc6962.json").read_bytes())
LEAVES = [bytes.fromhex(leaf) for leaf in VECTORS["leaves"]]
ROOTS = [bytes.fromhex(root) for root in VECTORS["roots"]]


@pytest.fixture(scope="module")
def tree() -> Tree:
    return grown(LEAVES)


def proof_of(vector: dict[str, Any]) -> list[bytes]:
    return [bytes.fromhex(step) for step in vector["proof"]]


@pytest.mark.parametrize("size", range(9))
def test_the_root_of_each_tree_is_the_published_one(size: int, tree: Tree) -> None:
    assert root_of([leaf_hash(leaf) for leaf in LEAVES[:size]]) == ROOTS[size]
    assert tree.root(size) == ROOTS[size]


@pytest.mark.parametrize("vector", VECTORS["inclusion"], ids=str)
def test_the_path_of_a_leaf_is_the_published_one(vector: dict[str, Any], tree: Tree) -> None:
    index, size, proof = vector["index"], vector["size"], proof_of(vector)
    assert tree.inclusion(index, size) == proof
    hashed = leaf_hash(LEAVES[index])
    verify_inclusion(leaf_hash=hashed, index=index, size=size, proof=proof, root=ROOTS[size])


@pytest.mark.parametrize("vector", VECTORS["consistency"], ids=str)
def test_the_proof_that_a_tree_grew_is_the_published_one(
    vector: dict[str, Any], tree: Tree
) -> None:
    old, new, proof = vector["old_size"], vector["new_size"], proof_of(vector)
    assert tree.consistency(old, new) == proof
    verify_consistency(
        old_size=old, old_root=ROOTS[old], new_size=new, new_root=ROOTS[new], proof=proof
    )
