import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.tlog.merkle import (
    EMPTY_ROOT,
    ConsistencyError,
    Frontier,
    FrontierError,
    InclusionError,
    leaf_hash,
    leaf_hashes,
    node_hash,
    root_of,
    verify_consistency,
    verify_inclusion,
)
from tests.unit.formats.tlog.trees import Tree, numbered

SIZES = st.integers(0, 600) | st.integers(0, 66_000)


def defined_root(hashes: list[bytes]) -> bytes:
    """The tree as RFC 6962 §2.1 defines it, by recursion."""
    if len(hashes) < 2:
        return hashes[0] if hashes else EMPTY_ROOT
    middle = 1
    while middle * 2 < len(hashes):
        middle *= 2
    return node_hash(defined_root(hashes[:middle]), defined_root(hashes[middle:]))


def include(tree: Tree, index: int, size: int, proof: list[bytes]) -> None:
    hashed = leaf_hash(tree.leaves[index])
    verify_inclusion(leaf_hash=hashed, index=index, size=size, proof=proof, root=tree.root(size))


def extend(tree: Tree, old: int, new: int, proof: list[bytes]) -> None:
    verify_consistency(
        old_size=old,
        old_root=tree.root(old),
        new_size=new,
        new_root=tree.root(new),
        proof=proof,
    )


def changed(hashes: list[bytes], position: int) -> list[bytes]:
    flipped = bytes([hashes[position][0] ^ 1]) + hashes[position][1:]
    return [*hashes[:position], flipped, *hashes[position + 1 :]]


def test_roots_are_as_defined_for_every_small_size() -> None:
    hashes = leaf_hashes(numbered(130))
    for size in range(131):
        assert root_of(hashes[:size]) == defined_root(hashes[:size])


def test_a_leaf_is_never_hashed_like_an_inner_node() -> None:
    left, right = leaf_hash(b"left"), leaf_hash(b"right")
    assert leaf_hash(left + right) != node_hash(left, right)


@given(st.lists(st.integers(0, 300), max_size=5))
def test_a_frontier_grows_alike_in_any_portions(portions: list[int]) -> None:
    hashes = leaf_hashes(numbered(sum(portions)))
    frontier, start = Frontier.empty(), 0
    for portion in portions:
        frontier = frontier.append_all(hashes[start : start + portion])
        start += portion
    assert frontier == Frontier.empty().append_all(hashes)
    assert frontier.root() == root_of(hashes)
    assert Frontier.from_bytes(frontier.size, frontier.to_bytes()) == frontier


@pytest.mark.parametrize(("size", "length"), [(0, 32), (1, 31), (3, 32), (4, 64), (-1, 0)])
def test_bytes_that_are_no_frontier_of_that_size_are_refused(size: int, length: int) -> None:
    with pytest.raises(FrontierError):
        Frontier.from_bytes(size, bytes(length))


def test_every_leaf_of_every_small_tree_is_proved(tree: Tree) -> None:
    for size in [*range(1, 70), 255, 256, 257, 600]:
        for index in range(size):
            include(tree, index, size, tree.inclusion(index, size))


def test_every_pair_of_small_trees_is_proved_consistent(tree: Tree) -> None:
    for new in [*range(70), 255, 256, 257, 600]:
        for old in range(new + 1):
            extend(tree, old, new, tree.consistency(old, new))


@given(st.data())
def test_any_leaf_of_any_tree_is_proved_and_no_other_proof_is_taken(
    tree: Tree, data: st.DataObject
) -> None:
    size = data.draw(SIZES.filter(bool))
    index = data.draw(st.integers(0, size - 1))
    proof = tree.inclusion(index, size)
    include(tree, index, size, proof)
    wrong = [proof[:-1], [*proof, tree.root(size)], proof[::-1]]
    wrong += [changed(proof, position) for position in range(len(proof))]
    for other in wrong:
        if other != proof:
            with pytest.raises(InclusionError):
                include(tree, index, size, other)


@given(st.data())
def test_a_leaf_is_not_proved_at_another_index_or_in_another_tree(
    tree: Tree, data: st.DataObject
) -> None:
    size = data.draw(st.integers(2, 600))
    index, other = data.draw(st.permutations(range(size)))[:2]
    proof, hashed = tree.inclusion(index, size), leaf_hash(tree.leaves[index])
    for wrong_index in (other, size, -1):
        with pytest.raises(InclusionError):
            verify_inclusion(
                leaf_hash=hashed,
                index=wrong_index,
                size=size,
                proof=proof,
                root=tree.root(size),
            )
    with pytest.raises(InclusionError):
        include(tree, index, size, tree.inclusion(other, size))


@given(st.data())
def test_any_tree_is_proved_to_begin_with_any_older_one_and_no_other_proof_is_taken(
    tree: Tree, data: st.DataObject
) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(0, new))
    proof = tree.consistency(old, new)
    extend(tree, old, new, proof)
    wrong = [proof[:-1], [*proof, tree.root(new)], proof[::-1]]
    wrong += [changed(proof, position) for position in range(len(proof))]
    for other in wrong:
        if other != proof:
            with pytest.raises(ConsistencyError):
                extend(tree, old, new, other)


@given(st.data())
def test_a_tree_is_not_consistent_with_another_root(tree: Tree, data: st.DataObject) -> None:
    new = data.draw(SIZES)
    old = data.draw(st.integers(0, new))
    proof, right, wrong = tree.consistency(old, new), tree.root(old), leaf_hash(b"wrong")
    with pytest.raises(ConsistencyError):
        verify_consistency(
            old_size=old, old_root=wrong, new_size=new, new_root=tree.root(new), proof=proof
        )
    # Nothing is claimed about what follows the empty tree.
    if old:
        with pytest.raises(ConsistencyError):
            verify_consistency(
                old_size=old, old_root=right, new_size=new, new_root=wrong, proof=proof
            )


def test_a_tree_does_not_extend_a_larger_one(tree: Tree) -> None:
    with pytest.raises(ConsistencyError, match="cannot extend"):
        extend(tree, 9, 8, [])


def test_an_inner_node_is_not_proved_as_a_leaf(tree: Tree) -> None:
    with pytest.raises(InclusionError, match="too short"):
        verify_inclusion(leaf_hash=tree.root(2), index=0, size=2, proof=[], root=tree.root(2))
    above = node_hash(tree.root(1), tree.root(1))
    with pytest.raises(InclusionError, match="too long"):
        verify_inclusion(leaf_hash=tree.root(1), index=0, size=1, proof=[tree.root(1)], root=above)


def test_a_proof_of_consistency_has_one_length(tree: Tree) -> None:
    step = tree.root(2)
    with pytest.raises(ConsistencyError, match="too short"):
        verify_consistency(
            old_size=1,
            old_root=tree.root(1),
            new_size=4,
            new_root=node_hash(tree.root(1), step),
            proof=[step],
        )
    with pytest.raises(ConsistencyError, match="too short"):
        extend(tree, 3, 4, [])
    for old, new in [(1, 2), (3, 7), (5, 5), (0, 5)]:
        with pytest.raises(ConsistencyError, match="too long"):
            extend(tree, old, new, [*tree.consistency(old, new), step])
