"""The container of evidence: there is one way to write it, and no other is read."""

import io
import struct
import tracemalloc
import zipfile

import pytest

from registry.formats.evidence.container import MAX_FILES, ContainerError, pack, unpack

FILES = {"a/1.txt": b"one", "b.json": b"{}", "README.txt": "Dowód".encode()}


def test_what_was_packed_is_unpacked() -> None:
    assert unpack(pack(FILES)) == FILES


def test_order_of_the_files_makes_no_difference() -> None:
    assert pack(dict(reversed(FILES.items()))) == pack(FILES)


def test_every_changed_byte_is_refused() -> None:
    archive = pack(FILES)
    for at in range(len(archive)):
        for bit in (0, 5, 7):
            tampered = archive[:at] + bytes([archive[at] ^ 1 << bit]) + archive[at + 1 :]
            try:
                assert unpack(tampered) != FILES
            except ContainerError:
                continue


def test_every_truncation_and_every_addition_is_refused() -> None:
    archive = pack(FILES)
    for tampered in (
        *(archive[:end] for end in range(len(archive))),
        archive + b"x",
        b"x" + archive,
    ):
        with pytest.raises(ContainerError):
            unpack(tampered)


@pytest.mark.parametrize("name", ["../a", "/a", "a/../b", "a//b", "a\\b", "", "a b", "ż", ".a"])
def test_name_that_could_lead_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(ContainerError):
        pack({name: b""})
    with pytest.raises(ContainerError):
        unpack(_written({name: b""}))


def test_compressed_entry_is_refused() -> None:
    with pytest.raises(ContainerError, match="compressed"):
        unpack(_written({"a": bytes(10_000_000)}, zipfile.ZIP_DEFLATED))


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_file_that_stands_twice_is_refused() -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writer:
        for body in ("one", "two"):
            writer.writestr("a", body)
    with pytest.raises(ContainerError):
        unpack(archive.getvalue())


def test_more_files_than_evidence_has_are_refused() -> None:
    with pytest.raises(ContainerError, match="at most"):
        pack({f"f{number}": b"" for number in range(MAX_FILES + 1)})


def _written(files: dict[str, bytes], compression: int = zipfile.ZIP_STORED) -> bytes:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", compression) as writer:
        for name, body in files.items():
            entry = zipfile.ZipInfo(name or "/", (1980, 1, 1, 0, 0, 0))
            writer.writestr(entry, body, compression)
    return archive.getvalue()


def test_directory_of_very_many_entries_is_refused_before_it_is_read() -> None:
    entry = struct.pack("<4s12xI4xII18x", b"PK\1\2", 33 << 16, 0, 0)
    directory = (entry[:28] + struct.pack("<H", 1) + entry[30:46].ljust(16, b"\0") + b"a") * 200_000
    archive = directory + struct.pack("<4s4H2LH", b"PK\5\6", 0, 0, 9, 9, len(directory), 0, 0)
    tracemalloc.start()
    try:
        with pytest.raises(ContainerError):
            unpack(archive)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < len(archive)
