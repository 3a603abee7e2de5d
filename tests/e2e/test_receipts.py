"""Receipts and the log on the command line: issued with them, checked without a registry."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.lines import hash_bytes
from registry.formats.tlog.merkle import verify_consistency
from registry.formats.tlog.notes import Note
from registry.formats.tlog.policies import Policy
from registry.formats.tlog.proofs import Proof
from registry.formats.tlog.verifier_keys import VerifierKey
from scripts.transparency import receipts
from tests.e2e.conftest import Cli, CliWithin, Ran, University
from tests.witness import Witness, new_witness, policy_of, serving


@dataclass(frozen=True)
class Graduate:
    """A badge that was issued with its receipt, and a policy that trusts the log alone."""

    badge: Path
    receipt: Path
    policy: Path


@contextmanager
def with_policy(university: University, policy: Path) -> Iterator[None]:
    """Name a policy in the registry's settings while the block runs."""
    assert university.cli.folder is not None
    file = university.cli.folder / "registry.toml"
    before = file.read_text()
    file.write_text(f'{before}\nlog_policy = "{policy}"\n')
    try:
        yield
    finally:
        file.write_text(before)


def issue(university: University, out: Path, email: str = "learner@example.org") -> Ran:
    to = ("--email", email, "--achievement", university.achievement)
    return university.cli("issue", *to, "--out", out, "--json")


def log_keys(university: University) -> list[VerifierKey]:
    assert university.cli.folder is not None
    lines = (university.cli.folder / "log/1/keys").read_text().split()
    return [VerifierKey.parse(line) for line in lines]


def write_policy(university: University, file: Path, *witnesses: Witness) -> Path:
    file.write_bytes(policy_of(log_keys(university), list(witnesses)))
    return file


@pytest.fixture(scope="module")
def graduate(university: University, tmp_path_factory: pytest.TempPathFactory) -> Graduate:
    folder = tmp_path_factory.mktemp("graduate")
    (issued,) = issue(university, folder).json["credentials"]
    policy = write_policy(university, folder / "policy")
    return Graduate(Path(issued["file"]), Path(issued["receipt"]), policy)


def verify(within: Cli, graduate: Graduate, *options: object, **other: Path) -> Ran:
    files = vars(graduate) | other
    paths = (files["badge"], files["receipt"], "--policy", files["policy"])
    return within("receipt", "verify", *paths, *options)


def test_badge_is_issued_with_its_receipt_beside_it(graduate: Graduate) -> None:
    assert graduate.receipt == graduate.badge.with_suffix(".tlog-proof")
    assert Proof.parse(graduate.receipt.read_bytes()).extra


def test_every_badge_of_a_file_gets_its_receipt(university: University, tmp_path: Path) -> None:
    file = tmp_path / "learners.csv"
    file.write_text("email\n" + "".join(f"l{n}@example.org\n" for n in range(3)))
    out = ("--achievement", university.achievement, "--out", tmp_path / "badges", "--json")

    issued = university.cli("issue", file, *out).json["credentials"]

    assert len(issued) == 3
    assert all(Path(one["receipt"]).exists() for one in issued)


def test_receipt_is_verified_without_registry_database_or_network(
    graduate: Graduate, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("socket.socket", None)

    ran = verify(CliWithin(tmp_path / "no registry"), graduate)

    assert ran.code == 0, ran.err
    heading, *steps, sentence = ran.out.splitlines()
    assert heading == f"{graduate.badge}: proved"
    assert [step.split()[:2] for step in steps] == [
        ["passed", "document"],
        ["passed", "leaf"],
        ["passed", "tree"],
        ["passed", "signatures"],
    ]
    assert "does not prove that nothing came later" in sentence
    assert not (tmp_path / "no registry").exists()


def test_what_a_receipt_proves_is_shown_in_json(within: Cli, graduate: Graduate) -> None:
    shown = verify(within, graduate, "--json").json

    assert (shown["verdict"], shown["event"]["version"]) == ("proved", 1)
    assert shown["event"]["stream"] == graduate.badge.stem
    assert shown["checkpoint"]["origin"] == "registry.example.org/log"


def test_changed_badge_is_refused_at_the_document(
    within: Cli, graduate: Graduate, tmp_path: Path
) -> None:
    document = json.loads(graduate.badge.read_bytes())
    document["validFrom"] = "2020-01-01T00:00:00Z"
    changed = tmp_path / "changed.json"
    changed.write_text(json.dumps(document))

    ran = verify(within, graduate, badge=changed)

    assert ran.code == 1
    assert ran.out.startswith(f"{changed}: refused\n  failed  document")


def test_receipt_under_another_log_is_refused_at_the_signatures(
    within: Cli, graduate: Graduate, tmp_path: Path
) -> None:
    stranger = tmp_path / "policy"
    stranger.write_text("quorum none\n")

    ran = verify(within, graduate, policy=stranger)

    assert ran.code == 1
    assert "failed  signatures" in ran.out


def test_policy_that_is_none_is_wrong_usage(
    within: Cli, graduate: Graduate, tmp_path: Path
) -> None:
    nonsense = tmp_path / "policy"
    nonsense.write_text("quorum none\nlog nonsense\n")

    ran = verify(within, graduate, policy=nonsense)

    assert (ran.code, ran.out) == (2, "")
    assert "--policy" in ran.err
    assert "line 2" in ran.err


def test_receipt_is_got_later(
    university: University, within: Cli, graduate: Graduate, tmp_path: Path
) -> None:
    file = tmp_path / "later.tlog-proof"

    ran = university.cli("receipt", "get", graduate.badge.stem, "-o", file)

    assert ran.code == 0, ran.err
    assert verify(within, graduate, receipt=file).code == 0


def test_receipt_of_nothing_is_refused(university: University) -> None:
    ran = university.cli("receipt", "get", "00000000-0000-8000-8000-000000000000")

    assert (ran.code, ran.out) == (2, "")


def test_badge_is_issued_with_a_receipt_that_witnesses_cosigned(
    university: University, tmp_path: Path
) -> None:
    issue(university, tmp_path / "first")
    witness = new_witness(tmp_path, "w1", logs=log_keys(university), kinds="ed25519 and mldsa44")
    with serving(witness):
        policy = write_policy(university, tmp_path / "policy", witness)
        with with_policy(university, policy):
            (issued,) = issue(university, tmp_path).json["credentials"]
    checkpoint = Proof.parse(Path(issued["receipt"]).read_bytes()).checkpoint
    assert len(Policy.parse(policy.read_bytes()).check(checkpoint).cosignatures) == 2


def test_witnesses_that_are_away_keep_no_badge_from_being_issued(
    university: University, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(receipts, "WAIT_SECONDS", 0.2)
    witness = new_witness(tmp_path, "w1", logs=[])
    with serving(witness):
        policy = write_policy(university, tmp_path / "policy", witness)
    with with_policy(university, policy):
        ran = issue(university, tmp_path)

    assert ran.code == 0
    (issued,) = ran.json["credentials"]
    assert Path(issued["file"]).exists()
    assert issued["receipt"] is None
    assert "1 receipts are not there yet" in ran.err


def test_policy_in_the_settings_that_cannot_be_read_is_named(
    university: University, tmp_path: Path
) -> None:
    with with_policy(university, tmp_path / "missing"):
        ran = issue(university, tmp_path)

    assert ran.code == 1
    assert "log_policy" in ran.err


def test_log_is_verified_and_has_only_grown(
    university: University, graduate: Graduate, tmp_path: Path
) -> None:
    policy, kept = ("--policy", graduate.policy), tmp_path / "kept"
    assert university.cli("log", "verify", *policy, "--keep", kept).code == 0
    issue(university, tmp_path)

    ran = university.cli("log", "verify", *policy, "--checkpoint", kept, "--entries")

    assert ran.code == 0, ran.out
    assert [line.split()[:2] for line in ran.out.splitlines()[1:-1]] == [
        ["passed", "signatures"],
        ["passed", "growth"],
        ["passed", "entries"],
    ]


def test_kept_checkpoint_that_the_log_does_not_extend_is_refused(
    university: University, graduate: Graduate, tmp_path: Path
) -> None:
    assert university.cli.folder is not None
    kept, rewritten = tmp_path / "kept", tmp_path / "rewritten"
    policy = ("--policy", graduate.policy)
    university.cli("log", "verify", *policy, "--keep", kept)
    size = Checkpoint.parse(Note.parse(kept.read_bytes()).text).size
    rewritten.write_bytes(
        kept.read_bytes().replace(f"\n{size}\n".encode(), f"\n{size - 1}\n".encode())
    )

    ran = university.cli("log", "verify", *policy, "--checkpoint", rewritten)

    assert ran.code == 1
    assert "failed  checkpoint" in ran.out


def test_leaf_is_proved_by_its_number_or_its_credential(
    university: University, graduate: Graduate, tmp_path: Path
) -> None:
    by_credential, by_number = tmp_path / "one", tmp_path / "other"
    shown = university.cli("log", "prove", graduate.badge.stem, "-o", by_credential, "--json").json

    university.cli("log", "prove", "--leaf", shown["leaf_index"], "-o", by_number)

    assert by_credential.read_bytes() == by_number.read_bytes()
    proof = Proof.parse(by_credential.read_bytes())
    assert proof.extra == Proof.parse(graduate.receipt.read_bytes()).extra


def test_consistency_of_two_trees_is_printed_for_others_to_check(
    university: University, graduate: Graduate, tmp_path: Path
) -> None:
    old, new = tmp_path / "old", tmp_path / "new"
    old.write_bytes(Proof.parse(graduate.receipt.read_bytes()).checkpoint)
    university.cli("log", "verify", "--policy", graduate.policy, "--keep", new)

    shown = university.cli("log", "consistency", old, new, "--json").json

    before, after = (Checkpoint.parse(Note.parse(f.read_bytes()).text) for f in (old, new))
    verify_consistency(
        old_size=before.size,
        old_root=before.root,
        new_size=after.size,
        new_root=after.root,
        proof=[hash_bytes(step) for step in shown["proof"]],
    )
    sized = university.cli("log", "consistency", old, "--size", before.size, "--json").json
    assert (sized["new_size"], sized["proof"]) == (before.size, [])


@pytest.mark.parametrize(
    ("arguments", "saying"),
    [
        (["log", "prove"], "give the id of a credential or --leaf"),
        (["log", "prove", "--leaf", "99999"], "--leaf"),
        (["log", "prove", "--leaf", "1", "--url", "http://registry.example.org/log"], "https"),
        (["log", "verify", "--log", "9", "--policy", "POLICY"], "holds no signed checkpoint"),
    ],
)
def test_wrong_usage_says_so(
    university: University, graduate: Graduate, arguments: list[str], saying: str
) -> None:
    given = [str(graduate.policy) if word == "POLICY" else word for word in arguments]

    ran = university.cli(*given)

    assert (ran.code, ran.out) == (2, "")
    assert saying in ran.err
