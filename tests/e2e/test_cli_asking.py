"""What cannot be taken back is asked for: yes does it, anything else does nothing."""

import pytest

from tests.e2e.conftest import Ran, University


@pytest.fixture(scope="module")
def splitting(university: University) -> University:
    """A registry that may be split: its settings name another shard."""
    assert university.cli.folder is not None
    with (university.cli.folder / "registry.toml").open("a") as settings:
        settings.write('shards = ["b"]\n')
    return university


def move(university: University, *more: str, stdin: bytes = b"") -> Ran:
    return university.cli("shard", "move", university.issuer, *(more or ("--to", "b")), stdin=stdin)


def home(university: University) -> str | None:
    (issuer,) = university.cli("shard", "list", "--json").json["issuers"]
    found: str | None = issuer["home"]
    return found


@pytest.mark.parametrize(
    ("stdin", "why"), [(b"", "nobody can be asked here"), (b"no\n", "the answer was no")]
)
def test_without_a_yes_no_issuer_moves(splitting: University, stdin: bytes, why: str) -> None:
    ran = move(splitting, stdin=stdin)

    assert (ran.code, home(splitting)) == (2, None)
    assert f"Move 1 issuer to the shard b for good? {why}" in ran.err
    assert "or give --yes" in ran.err
    assert ran.out == ""


def test_program_that_reads_json_is_not_asked(splitting: University) -> None:
    ran = move(splitting, "--to", "b", "--json", stdin=b"yes\n")

    assert (ran.code, home(splitting)) == (2, None)
    assert "nobody can be asked here" in ran.json["error"]["reason"]


def test_what_would_be_refused_is_not_asked_for(splitting: University) -> None:
    ran = move(splitting, "--to", "elsewhere", stdin=b"yes\n")

    assert ran.code == 2
    assert "--to: elsewhere is not the name of another shard" in ran.err
    assert "for good" not in ran.err


def test_log_is_not_closed_without_a_yes(splitting: University) -> None:
    ran = splitting.cli("log", "reopen", stdin=b"n\n")

    assert ran.code == 2
    assert "for good, although it and the database agree? the answer was no" in ran.err


def test_yes_moves_it(splitting: University) -> None:
    ran = move(splitting, stdin=b"yes\n")

    assert (ran.code, home(splitting)) == (0, "b"), ran.err
