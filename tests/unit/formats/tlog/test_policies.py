import pytest

from registry.formats.tlog.checkpoints import Checkpoint
from registry.formats.tlog.cosignatures import Cosignature
from registry.formats.tlog.merkle import leaf_hash
from registry.formats.tlog.notes import Note, NoteSigner
from registry.formats.tlog.policies import Policy, PolicyError, PolicyNotMetError
from tests.unit.formats.tlog.conftest import ORIGIN
from tests.unit.formats.tlog.witnesses import Witness, signed

CHECKPOINT = Checkpoint(ORIGIN, 300, leaf_hash(b"root"))
AT = 1_790_000_000
X1, X2, X3, Y1, Y2 = WITNESSES = [
    Witness.with_ed25519(f"witness.example/{name}") for name in ("x1", "x2", "x3", "y1", "y2")
]
LINES = [f"witness {w.name} {w.key.vkey}" for w in WITNESSES]
# Two levels of groups, as in the specification's example.
GROUPS = [
    "group X 2 witness.example/x1 witness.example/x2 witness.example/x3",
    "group Y any witness.example/y1 witness.example/y2",
    "group X-and-Y all X Y",
]


def policy(*lines: str) -> Policy:
    return Policy.parse("".join(f"{line}\n" for line in lines).encode())


@pytest.fixture
def two_levels(signer: NoteSigner) -> Policy:
    log = f"log {signer.verifier_key.vkey} https://registry.example.org/log"
    return policy(log, *LINES, *GROUPS, "quorum X-and-Y")


def cosigned(signer: NoteSigner, *witnesses: Witness, at: int = AT) -> bytes:
    note = signed(CHECKPOINT, signer)
    for witness in witnesses:
        note = witness.cosign(note, at=at)
    return note.to_bytes()


def test_a_policy_names_logs_and_witnesses(two_levels: Policy, signer: NoteSigner) -> None:
    [log] = two_levels.logs
    assert (log.key, log.url) == (signer.verifier_key, "https://registry.example.org/log")
    assert [witness.key for witness in two_levels.witnesses.values()] == [
        witness.key for witness in WITNESSES
    ]
    assert two_levels.quorum == "X-and-Y"


@pytest.mark.parametrize("enough", [[X1, X2, Y1], [X2, X3, Y2], WITNESSES])
def test_a_checkpoint_with_a_quorum_is_accepted(
    enough: list[Witness], two_levels: Policy, signer: NoteSigner
) -> None:
    verdict = two_levels.check(cosigned(signer, *enough))
    assert verdict.checkpoint == CHECKPOINT
    assert verdict.log == signer.verifier_key
    assert verdict.cosignatures == tuple(Cosignature(w.key, AT) for w in enough)


@pytest.mark.parametrize("few", [[], [X1, Y1], [X1, X2, X3], [Y1, Y2], [X1, Y1, Y2]])
def test_a_checkpoint_without_a_quorum_is_refused(
    few: list[Witness], two_levels: Policy, signer: NoteSigner
) -> None:
    with pytest.raises(PolicyNotMetError, match="quorum"):
        two_levels.check(cosigned(signer, *few))


def test_one_witness_that_cosigned_twice_is_one_witness(
    two_levels: Policy, signer: NoteSigner
) -> None:
    twice = X1.cosign(Note.parse(cosigned(signer, X1, Y1)), at=AT + 1)
    with pytest.raises(PolicyNotMetError):
        two_levels.check(twice.to_bytes())


def test_a_quorum_does_not_replace_the_log(two_levels: Policy) -> None:
    other = NoteSigner(ORIGIN, Witness.with_ed25519("any").private_key)  # type: ignore[arg-type]
    with pytest.raises(PolicyNotMetError, match="trusted"):
        two_levels.check(cosigned(other, *WITNESSES))


def test_a_log_is_believed_under_its_own_name_only(signer: NoteSigner) -> None:
    other = NoteSigner("other.example/log", signer.private_key)
    alone = policy(f"log {other.verifier_key.vkey}", "quorum none")
    with pytest.raises(PolicyNotMetError, match="trusted"):
        alone.check(signed(CHECKPOINT, other).to_bytes())


def test_a_bad_cosignature_of_a_known_witness_refuses_the_whole(
    two_levels: Policy, signer: NoteSigner
) -> None:
    elsewhere = Y2.cosign(signed(Checkpoint(ORIGIN, 301, CHECKPOINT.root)))
    note = Note.parse(cosigned(signer, X1, X2, Y1)).with_signatures(elsewhere.signatures)
    with pytest.raises(PolicyNotMetError, match="not by its key"):
        two_levels.check(note.to_bytes())


def test_malformed_notes_do_not_meet_a_policy(two_levels: Policy) -> None:
    with pytest.raises(PolicyNotMetError):
        two_levels.check(b"nothing\n")


def test_no_quorum_requires_the_log_alone(signer: NoteSigner) -> None:
    alone = policy(f"log {signer.verifier_key.vkey}", "quorum none")
    assert alone.check(cosigned(signer)).cosignatures == ()


def test_a_quorum_may_be_one_witness(signer: NoteSigner) -> None:
    one = policy(f"log {signer.verifier_key.vkey}", LINES[0], "quorum witness.example/x1")
    one.check(cosigned(signer, X1))
    with pytest.raises(PolicyNotMetError):
        one.check(cosigned(signer, X2))


def test_both_kinds_of_witnesses_make_a_quorum(
    signer: NoteSigner, witness: Witness, quantum_safe_witness: Witness
) -> None:
    lines = [f"witness {w.name} {w.key.vkey}" for w in (witness, quantum_safe_witness)]
    log, group = f"log {signer.verifier_key.vkey}", "group all-of-them all witness.example/1"
    both = policy(log, *lines, f"{group} witness.example/2", "quorum all-of-them")
    both.check(cosigned(signer, quantum_safe_witness, witness))


def test_a_quorum_before_a_time_counts_earlier_cosignatures_only(two_levels: Policy) -> None:
    times = [(X1, AT - 9), (X2, AT - 1), (Y1, AT - 5)]
    before = [Cosignature(witness.key, at) for witness, at in times]
    assert two_levels.quorum_before(before, AT)
    assert not two_levels.quorum_before(before, AT - 1)
    without_time = [*before[:2], Cosignature(Y1.key, 0)]
    assert not two_levels.quorum_before(without_time, AT)


def test_without_a_quorum_nothing_is_known_to_be_before_a_time(signer: NoteSigner) -> None:
    alone = policy(f"log {signer.verifier_key.vkey}", "quorum none")
    assert not alone.quorum_before([], AT)


def test_spaces_tabs_comments_and_blank_lines_mean_nothing(signer: NoteSigner) -> None:
    vkey = signer.verifier_key.vkey
    plain = policy(f"log {vkey}", "quorum none")
    assert policy("", "# żółw", " \t", f"\tlog \t {vkey} ", "  # more", "quorum none") == plain


def test_names_are_bytes(signer: NoteSigner) -> None:
    data = b"witness \xff " + X1.key.vkey.encode() + b"\nquorum \xff\n"
    assert Policy.parse(data).satisfied_by([X1.key])
    for other in (b"\xc3\xbf", b"\xfe"):
        with pytest.raises(PolicyError, match="line 2"):
            Policy.parse(data.replace(b"quorum \xff", b"quorum " + other))


@pytest.mark.parametrize(
    ("lines", "line"),
    [
        ([], 1),
        (["quorum none", "quorum none"], 2),
        (["quorum x1"], 1),
        (["quorum"], 1),
        (["quorum none none"], 1),
        (["Quorum none"], 1),
        (["log"], 1),
        (["log nonsense"], 1),
        ([f"log {X1.key.vkey}"], 1),
        ([f"witness none {X1.key.vkey}"], 1),
        ([f"witness x1 {X1.key.vkey} https://w.example more"], 1),
        ([f"witness x1 {X1.key.vkey}", f"witness x1 {X2.key.vkey}"], 2),
        ([f"witness x1 {X1.key.vkey}", f"witness x2 {X1.key.vkey}"], 2),
        ([LINES[0], "group g 1"], 2),
        ([LINES[0], "group g 0 witness.example/x1"], 2),
        ([LINES[0], "group g 2 witness.example/x1"], 2),
        ([LINES[0], "group g 01 witness.example/x1"], 2),
        ([LINES[0], "group g some witness.example/x1"], 2),
        ([LINES[0], "group none 1 witness.example/x1"], 2),
        ([LINES[0], "group g 1 g"], 2),
        ([LINES[0], "group g 1 none"], 2),
        ([LINES[0], "group g 1 witness.example/x1 witness.example/x1"], 2),
        ([LINES[0], "group g 1 witness.example/x1", "group h 1 witness.example/x1"], 3),
        (["group g 1 witness.example/x1", LINES[0]], 1),
        (["# comment", "quorum\u000bnone"], 2),
        (["# comment\u000b"], 1),
        (["quorum none\r"], 1),
        (["quorum none\x7f"], 1),
    ],
)
def test_malformed_policies_are_refused_naming_the_line(lines: list[str], line: int) -> None:
    with pytest.raises(PolicyError) as refused:
        policy(*lines, *([] if "quorum none" in lines or not lines else ["quorum none"]))
    assert refused.value.line == line


def test_a_log_is_named_once(signer: NoteSigner) -> None:
    log = f"log {signer.verifier_key.vkey}"
    with pytest.raises(PolicyError, match="line 2"):
        policy(log, log, "quorum none")


def test_a_last_line_that_is_cut_short_is_refused() -> None:
    with pytest.raises(PolicyError, match="newline"):
        Policy.parse(b"quorum none")


def test_a_file_that_is_too_long_is_refused() -> None:
    with pytest.raises(PolicyError, match="longer"):
        Policy.parse(b"#\n" * 600_000)
