from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from registry.formats.tlog.proofs import Proof, ProofFormatError

NOTE = "registry.example.org/log\n3\n" + "A" * 43 + "=\n\n— registry.example.org/log AAAAAAA=\n"
HASH = bytes(range(32))
HASH_LINE = b64encode(HASH).decode()
HEADER = "c2sp.org/tlog-proof@v1\n"


def test_a_proof_is_lines_and_the_checkpoint() -> None:
    proof = Proof(73_894, (HASH, HASH), NOTE.encode(), b"leaf")
    expected = f"{HEADER}extra bGVhZg==\nindex 73894\n{HASH_LINE}\n{HASH_LINE}\n\n{NOTE}"
    assert proof.to_text() == expected
    assert Proof.parse(expected) == proof
    assert Proof.parse(expected.encode()) == proof


@given(
    st.integers(0, 2**63 - 1),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63),
    st.none() | st.binary(max_size=99),
)
def test_proofs_survive_being_written(index: int, path: list[bytes], extra: bytes | None) -> None:
    proof = Proof(index, tuple(path), NOTE.encode(), extra)
    assert Proof.parse(proof.to_text()) == proof


@pytest.mark.parametrize(
    "text",
    [
        "",
        NOTE,
        f"{HEADER}index 0\n{NOTE}",
        f"{HEADER}index 0\n\n",
        f"{HEADER}\n{NOTE}",
        f"c2sp.org/tlog-proof@v2\nindex 0\n\n{NOTE}",
        f"{HEADER}index 00\n\n{NOTE}",
        f"{HEADER}index -1\n\n{NOTE}",
        f"{HEADER}index  1\n\n{NOTE}",
        f"{HEADER}index 9223372036854775808\n\n{NOTE}",
        f"{HEADER}extra bGVhZg\nindex 0\n\n{NOTE}",
        f"{HEADER}extra bGVhZh==\nindex 0\n\n{NOTE}",
        f"{HEADER}extra bGVhZg==\nextra bGVhZg==\nindex 0\n\n{NOTE}",
        f"{HEADER}index 0\nextra bGVhZg==\n\n{NOTE}",
        f"{HEADER}index 0\n{HASH_LINE[:-4]}\n\n{NOTE}",
        f"{HEADER}index 0\n{HASH_LINE} \n\n{NOTE}",
        f"{HEADER}index 0\n{HASH_LINE}\r\n\n{NOTE}",
        f"{HEADER}index 0\n" + f"{HASH_LINE}\n" * 64 + f"\n{NOTE}",
        f"{HEADER}index 0\n\n{NOTE}x",
        f"{HEADER}index 0\n\n{NOTE[:-1]}",
        f"{HEADER}index 0\n\n{NOTE}\udc80",
        f"{HEADER}index 0\n\n{NOTE}" + "x" * 400_000,
    ],
)
def test_malformed_proofs_are_refused(text: str) -> None:
    with pytest.raises(ProofFormatError):
        Proof.parse(text)


def test_bytes_that_are_no_text_are_refused() -> None:
    with pytest.raises(ProofFormatError):
        Proof.parse(b"\xff")
