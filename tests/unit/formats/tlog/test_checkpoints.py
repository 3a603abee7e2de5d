from base64 import b64encode

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from registry.formats.tlog.checkpoints import Checkpoint, CheckpointError, open_checkpoint
from registry.formats.tlog.merkle import EMPTY_ROOT, leaf_hash
from registry.formats.tlog.notes import NoteError, NoteSigner
from tests.unit.formats.tlog.conftest import ORIGIN
from tests.unit.formats.tlog.witnesses import signed

ROOT = leaf_hash(b"leaf")
ROOT_LINE = b64encode(ROOT).decode()


def test_a_checkpoint_is_three_lines() -> None:
    checkpoint = Checkpoint(ORIGIN, 20_852_163, ROOT)
    assert checkpoint.text == f"{ORIGIN}\n20852163\n{ROOT_LINE}\n"
    assert Checkpoint.parse(checkpoint.text) == checkpoint


def test_a_checkpoint_may_have_more_lines() -> None:
    checkpoint = Checkpoint(ORIGIN, 1, ROOT, ("one", "two"))
    assert Checkpoint.parse(checkpoint.text) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        f"{ORIGIN}\n1\n",
        f"\n1\n{ROOT_LINE}\n",
        f"{ORIGIN}\n1\n{ROOT_LINE}",
        f"{ORIGIN}\n1\n{ROOT_LINE}\n\n",
        f"{ORIGIN}\n1\n{ROOT_LINE}\n\nmore\n",
        f"{ORIGIN}\n01\n{ROOT_LINE}\n",
        f"{ORIGIN}\n-1\n{ROOT_LINE}\n",
        f"{ORIGIN}\n+1\n{ROOT_LINE}\n",
        f"{ORIGIN}\n1 \n{ROOT_LINE}\n",
        f"{ORIGIN}\n1_0\n{ROOT_LINE}\n",
        f"{ORIGIN}\n\u0661\n{ROOT_LINE}\n",
        f"{ORIGIN}\n9223372036854775808\n{ROOT_LINE}\n",
        f"{ORIGIN}\n0\n{ROOT_LINE}\n",
        f"{ORIGIN}\n1\n{ROOT_LINE[:-1]}\n",
        f"{ORIGIN}\n1\n{ROOT_LINE} \n",
        f"{ORIGIN}\n1\n{b64encode(bytes(31)).decode()}\n",
        f"{ORIGIN}\n1\n{b64encode(bytes(33)).decode()}\n",
        f"{ORIGIN}\n1\n{'A' * 42}B=\n",
    ],
)
def test_malformed_checkpoints_are_refused(text: str) -> None:
    with pytest.raises(CheckpointError):
        Checkpoint.parse(text)


def test_a_signed_checkpoint_is_opened_with_the_key_of_its_log(signer: NoteSigner) -> None:
    checkpoint = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    note = signed(checkpoint, signer).to_bytes()
    assert open_checkpoint(note, [signer.verifier_key]) == checkpoint


def test_a_key_signs_for_its_own_log_only(signer: NoteSigner) -> None:
    note = signed(Checkpoint("other.example/log", 1, ROOT), signer).to_bytes()
    with pytest.raises(NoteError):
        open_checkpoint(note, [signer.verifier_key])


@pytest.mark.parametrize("line", range(5))
def test_a_signed_checkpoint_is_refused_with_a_line_changed_or_gone(
    line: int, signer: NoteSigner
) -> None:
    other = NoteSigner(ORIGIN, Ed25519PrivateKey.generate())
    lines = signed(Checkpoint(ORIGIN, 7, ROOT), signer).to_bytes().splitlines(keepends=True)
    others = signed(Checkpoint(ORIGIN + "/2", 8, bytes(32)), other).to_bytes()
    changed = others.splitlines(keepends=True)
    # Line 3 is the blank one: put a character there.
    changed[3] = b"x\n"
    for replacement in (b"", changed[line]):
        made = b"".join([*lines[:line], replacement, *lines[line + 1 :]])
        with pytest.raises((NoteError, CheckpointError)):
            open_checkpoint(made, [signer.verifier_key])
