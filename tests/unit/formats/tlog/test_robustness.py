"""Whatever bytes come in, a reader gives a value with one spelling, or its own error."""

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError
from registry.formats.tlog.leaves import LeafError, read_leaf
from registry.formats.tlog.notes import Note, NoteError, VerifierKey, VerifierKeyError
from registry.formats.tlog.policies import Policy, PolicyError
from registry.formats.tlog.proofs import Proof, ProofFormatError

PIECES = [
    b"\n",
    b"\n\n",
    "\u2014 a AAAAAAA=\n".encode(),
    b"\xff",
    b"\xed\xa0\x80",
    b"0\n",
    b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n",
    b"c2sp.org/tlog-proof@v1\n",
    b"extra AAAA\n",
    b"index 7\n",
    b"quorum none\n",
    b"group g any ",
    b"witness w name+00000000+AQ==\n",
    b'{"succeeds":"a","checkpoint":"',
    b'{"stream":"0b8a6e4c-8f7e-8f52-9e43-0f6f0a8f5b11","version":1,"topic":"a","event":',
    b"{}",
    b'"}',
]
BYTES = st.lists(st.sampled_from(PIECES) | st.binary(max_size=5), max_size=9).map(b"".join)
READERS: list[tuple[Callable[[bytes], Any], type[Exception], Callable[[Any], bytes] | None]] = [
    (Note.parse, NoteError, Note.to_bytes),
    (Proof.parse, ProofFormatError, lambda proof: proof.to_text().encode()),
    (Policy.parse, PolicyError, None),
    (read_leaf, LeafError, None),
]
TEXT_READERS: list[tuple[Callable[[str], Any], type[Exception], Callable[[Any], str]]] = [
    (Checkpoint.parse, CheckpointError, lambda checkpoint: checkpoint.text),
    (VerifierKey.parse, VerifierKeyError, lambda key: key.vkey),
]


@pytest.mark.parametrize(("read", "error", "write"), READERS)
@given(data=BYTES)
def test_bytes_are_read_or_refused(
    read: Callable[[bytes], Any],
    error: type[Exception],
    write: Callable[[Any], bytes] | None,
    data: bytes,
) -> None:
    try:
        found = read(data)
    except error:
        return
    assert write is None or write(found) == data


@pytest.mark.parametrize(("read", "error", "write"), TEXT_READERS)
@given(data=BYTES)
def test_texts_are_read_or_refused(
    read: Callable[[str], Any],
    error: type[Exception],
    write: Callable[[Any], str],
    data: bytes,
) -> None:
    text = data.decode(errors="surrogateescape")
    try:
        found = read(text)
    except error:
        return
    assert write(found) == text
