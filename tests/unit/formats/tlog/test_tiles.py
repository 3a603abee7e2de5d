import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.tlog.merkle import Frontier, leaf_hashes, root_of
from registry.formats.tlog.tiles import (
    HASH_BYTES,
    EntriesAddress,
    EntryBundleError,
    TileAddress,
    TileError,
    TilePathError,
    TreeRangeError,
    consistency_proof,
    decode_entries,
    encode_entries,
    entries_path,
    frontier,
    inclusion_proof,
    root,
)
from tests.unit.formats.tlog.trees import Tree, grown, numbered

PATHS = [
    (TileAddress(0, 0), "tile/0/000"),
    (TileAddress(0, 0, 1), "tile/0/000.p/1"),
    (TileAddress(0, 1067, 12), "tile/0/x001/067.p/12"),
    (TileAddress(63, 1_234_067), "tile/63/x001/x234/067"),
    (TileAddress(2, 1000, 255), "tile/2/x001/000.p/255"),
]
NOT_TILES = [
    "tile/0/0",
    "tile/00/000",
    "tile/64/000",
    "tile/-1/000",
    "tile/0/x000/067",
    "tile/0/001/067",
    "tile/0/x001",
    "tile/0/000.p/0",
    "tile/0/000.p/01",
    "tile/0/000.p/256",
    "tile/0/000.p/257",
    "tile/0/000.p/",
    "tile/0/000/",
    "/tile/0/000",
    "tile/0/000\n",
    "tile/0/\u0660\u0660\u0660",
    "tile/8/0/000",
    "tile/0/../000",
    "tile/0/" + "x001/" * 6 + "000",
]


@given(st.lists(st.sampled_from([1, 2, 255, 256, 257, 600]), max_size=6))
def test_tiles_grow_alike_in_any_portions(portions: list[int]) -> None:
    tree = Tree()
    for portion in portions:
        tree.append(numbered(portion, first=len(tree.leaves)))
    assert tree.tiles == grown(numbered(sum(portions))).tiles


def test_tiles_of_70_000_leaves_are_those_of_the_specification() -> None:
    tree = grown(numbered(70_000))
    widths = {key: len(tile) // HASH_BYTES for key, tile in tree.tiles.items()}
    assert len([number for level, number in widths if level == 0]) == 274
    assert widths[0, 273] == 112
    assert (widths[1, 0], widths[1, 1], widths[2, 0]) == (256, 17, 1)
    assert (2, 1) not in widths


def test_a_full_tile_puts_one_hash_into_the_level_above() -> None:
    assert set(grown(numbered(255)).tiles) == {(0, 0)}
    tree = grown(numbered(256))
    assert tree.tiles[1, 0] == root_of(leaf_hashes(numbered(256)))


@pytest.mark.parametrize("size", [0, 1, 255, 256, 257, 65_535, 65_536, 65_537, 66_000])
def test_the_frontier_is_read_back_from_the_tiles(size: int, tree: Tree) -> None:
    expected = Frontier.empty().append_all(leaf_hashes(tree.leaves[:size]))
    assert frontier(size, tree.read_tile) == expected
    assert root(size, tree.read_tile) == expected.root()


def test_proofs_of_a_small_tree_are_read_from_the_tiles_of_a_large_one(tree: Tree) -> None:
    small = grown(tree.leaves[:300])
    assert tree.inclusion(7, 300) == small.inclusion(7, 300)
    assert tree.consistency(256, 300) == small.consistency(256, 300)


def test_a_proof_about_leaves_that_are_not_there_is_refused(tree: Tree) -> None:
    for index, size in [(5, 5), (-1, 5), (0, 0)]:
        with pytest.raises(TreeRangeError):
            inclusion_proof(index, size, tree.read_tile)
    with pytest.raises(TreeRangeError):
        consistency_proof(6, 5, tree.read_tile)


def test_a_tile_that_is_cut_short_is_refused(tree: Tree) -> None:
    with pytest.raises(TileError):
        root(300, lambda level, number, width: tree.read_tile(level, number, width)[:-1])


@pytest.mark.parametrize(("address", "path"), PATHS)
def test_a_tile_has_one_name(address: TileAddress, path: str) -> None:
    assert address.path == path
    assert TileAddress.parse(path) == address


@pytest.mark.parametrize("path", NOT_TILES)
def test_other_names_of_tiles_are_refused(path: str) -> None:
    with pytest.raises(TilePathError):
        TileAddress.parse(path)
    with pytest.raises(TilePathError):
        EntriesAddress.parse(path.replace("tile/0/", "tile/entries/"))


def test_a_bundle_has_one_name() -> None:
    assert entries_path(1067, 12) == "tile/entries/x001/067.p/12"
    assert EntriesAddress.parse("tile/entries/x001/067.p/12") == EntriesAddress(1067, 12)
    assert EntriesAddress(0).path == "tile/entries/000"


@given(st.lists(st.binary(max_size=300)))
def test_entries_survive_a_bundle(entries: list[bytes]) -> None:
    assert decode_entries(encode_entries(entries)) == entries


def test_an_entry_stands_after_its_length() -> None:
    assert encode_entries([b"ab", b"", b"c" * 258]) == b"\0\2ab\0\0\1\2" + b"c" * 258


def test_an_entry_that_no_length_can_state_is_refused() -> None:
    assert decode_entries(encode_entries([bytes(65_535)])) == [bytes(65_535)]
    with pytest.raises(EntryBundleError):
        encode_entries([bytes(65_536)])


def test_a_bundle_that_is_cut_short_is_refused() -> None:
    bundle = encode_entries([b"one", b"two"])
    for length in set(range(len(bundle))) - {0, 5}:
        with pytest.raises(EntryBundleError):
            decode_entries(bundle[:length])
