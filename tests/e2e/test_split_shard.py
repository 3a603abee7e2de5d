"""A shard is split in two as docs/shards.md says, and both halves go on where it stood."""

import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from psycopg import sql

from api import bootstrap, clock
from api.bootstrap import Registry
from api.settings import Settings
from projections.publish_folder import list_name
from projections.transparency.errors import LogContradictedError
from projections.transparency.floor import LogFolder
from projections.transparency.serving import ServedLogs
from registry.formats.tlog.leaves import SuccessionLeaf, read_leaf
from registry.sharding import IssuerElsewhereError
from registry.store.key_store import SecretMissingError
from registry.verification.report import Verdict
from tests.e2e.conftest import CliWithin
from tests.postgres import PostgresServer

PUBLIC_URL = "https://registry.example.org"
SAMPLE = Path(__file__).parents[1] / "samples/minimal.json"


@dataclass
class Shard:
    """One registry of several, by its command line and by its parts."""

    folder: Path
    cli: CliWithin = field(init=False)

    def __post_init__(self) -> None:
        self.cli = CliWithin(self.folder)

    def run(self, *arguments: object) -> Any:
        """Run a command that goes well; return what it printed as JSON."""
        ran = self.cli(*arguments, "--json")
        assert ran.code == 0, ran.err
        return ran.json

    def configure(self, **values: object) -> None:
        """Put settings into the folder's file, in place of those that stand there."""
        file = self.folder / "registry.toml"
        lines = [line for line in file.read_text().splitlines() if line.split(" ")[0] not in values]
        lines += [f"{name} = {json.dumps(value)}" for name, value in values.items()]
        file.write_text("\n".join(lines) + "\n")

    @contextmanager
    def opened(self) -> Iterator[Registry]:
        registry = bootstrap.build(Settings.read(folder=self.folder))
        try:
            registry.catch_up.run()
            yield registry
        finally:
            registry.close()

    def publish(self) -> None:
        """Publish every list that changed."""
        with self.opened() as registry:
            registry.publisher.tick()
            while registry.publisher.resting:
                time.sleep(0.02)
                registry.publisher.tick()
            assert registry.publisher.alarms == {}


@dataclass
class Issuer:
    """An issuer with an achievement, at home in one shard."""

    shard: Shard
    issuer_id: str
    achievement_id: str

    def issue(self, number: int) -> str:
        """Issue to learner `number`; return the credential's id."""
        email = f"learner-{number}@example.org"
        issued = self.shard.run("issue", "--email", email, "--achievement", self.achievement_id)
        return str(issued["credentials"][0]["credential_id"])

    def revoke(self, credential_id: str) -> None:
        self.shard.run("status", "revoke", credential_id, "--reason", "fraud")

    def verdict(self, credential_id: str) -> Verdict:
        """Return what the issuer's shard says of a credential, by what is published."""
        with self.shard.opened() as registry:
            document = registry.application.document(self.issuer_id, credential_id)
            verifier = bootstrap.build_verifier(
                registry, canonicalise=registry.canonicaliser, development=False
            )
            return verifier.verify(document, now=clock.now()).verdict

    def versions(self) -> dict[str, int]:
        """Return the published version of each of the issuer's lists."""
        with self.shard.opened() as registry:
            found = {name: registry.folder.current(name) for name in self._names(registry)}
        return {name: current.version for name, current in found.items() if current}

    def _names(self, registry: Registry) -> list[str]:
        with registry.database.reading() as connection:
            rows = connection.exec_driver_sql(
                "SELECT list_id, purpose, issuer_id FROM status_arrays"
            )
            return [list_name(row[0], row[1]) for row in rows if row[2] == self.issuer_id]


def new_issuer(shard: Shard) -> Issuer:
    names = ("--name-pl", "Uczelnia", "--name-en", "University")
    issuer_id = shard.run("issuer", "add", *names, "--url", "https://u.example")["issuer_id"]
    shard.run("issuer", "key", "add", issuer_id)
    made = shard.run(
        "achievement", "define", SAMPLE, "--issuer", issuer_id, "--cryptosuite", "eddsa-jcs-2022"
    )
    return Issuer(shard, issuer_id, made["achievement_id"])


Copy = Callable[[Shard, Path], Shard]


def copied_files(shard: Shard, folder: Path) -> Shard:
    """Copy a registry that is stopped, its SQLite file among the rest."""
    shutil.copytree(shard.folder, folder)
    return Shard(folder)


def copying_on(server: PostgresServer) -> Copy:
    """Return what copies a registry that is stopped, with its PostgreSQL database."""

    def copy(shard: Shard, folder: Path) -> Shard:
        made = copied_files(shard, folder)
        url = str(Settings.read(folder=shard.folder).database_url)
        template = url.rpartition("/")[2]
        names = sql.Identifier(f"{template}_b"), sql.Identifier(template)
        with server.connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*names))
        made.configure(database_url=f"{url}_b")
        return made

    return copy


@dataclass
class Split:
    """Two shards that were one, and what was issued before."""

    a: Shard
    b: Shard
    staying: Issuer
    moving: Issuer
    moved: Issuer
    revoked: dict[str, str]
    valid: dict[str, str]
    versions: dict[str, int]
    evidence: Path
    receipt: tuple[Path, Path]
    refusal: str
    early_purge: str


@pytest.fixture(
    scope="module", params=[pytest.param("sqlite", marks=pytest.mark.long), "postgresql"]
)
def split(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Split:
    folder = tmp_path_factory.mktemp("shards")
    a, database = Shard(folder / "a"), None
    copy: Copy = copied_files
    if request.param == "postgresql":
        server: PostgresServer = request.getfixturevalue("postgres_server")
        copy, database = copying_on(server), server.create_database()
    given = ["--database-url", database] if database else []
    a.run("init", "--public-url", PUBLIC_URL, "--shard", "a", *given)
    a.configure(shards=["a", "b"], publish_folder=str(folder / "published"))
    return split_in_two(a, copy, folder)


def split_in_two(a: Shard, copy: Copy, folder: Path) -> Split:
    staying, moving = new_issuer(a), new_issuer(a)
    issuers = {"staying": staying, "moving": moving}
    revoked = {name: issuer.issue(1) for name, issuer in issuers.items()}
    valid = {name: issuer.issue(2) for name, issuer in issuers.items()}
    a.publish()
    for name, issuer in issuers.items():
        issuer.revoke(revoked[name])
    a.publish()
    evidence, receipt = folder / "before.zip", folder / "before.tlog-proof"
    a.run("evidence", valid["moving"], "-o", evidence)
    a.run("receipt", "get", valid["moving"], "-o", receipt)
    badge = folder / "before.json"
    with a.opened() as registry:
        badge.write_bytes(registry.application.document(moving.issuer_id, valid["moving"]))
    versions = moving.versions()

    a.run("shard", "move", moving.issuer_id, "--to", "b", "--yes")
    early_purge = a.cli("shard", "purge", "--yes")
    b = copy(a, folder / "b")
    b.configure(shard="b")
    with b.opened() as registry, pytest.raises(LogContradictedError) as refused:
        registry.transparency.tick()
    b.run("log", "reopen", "--yes")
    return Split(
        a=a,
        b=b,
        staying=staying,
        moving=moving,
        moved=Issuer(b, moving.issuer_id, moving.achievement_id),
        revoked=revoked,
        valid=valid,
        versions=versions,
        evidence=evidence,
        receipt=(badge, receipt),
        refusal=refused.value.reason,
        early_purge=early_purge.err,
    )


def test_copy_does_not_sign_the_log_it_came_with(split: Split) -> None:
    assert split.refusal == (
        "the database's log is registry.example.org/log/a, and not registry.example.org/log/b: "
        "it is another shard's"
    )


def test_each_half_has_a_log_of_its_own(split: Split) -> None:
    origins = [shard.run("log", "status")["origin"] for shard in (split.a, split.b)]
    assert origins == ["registry.example.org/log/a", "registry.example.org/log/b/2"]


def test_first_leaf_of_the_new_log_names_the_one_it_was_split_from(split: Split) -> None:
    [first] = LogFolder(split.b.folder / "log").log(2).leaves(0, 1)
    leaf = read_leaf(first)
    assert isinstance(leaf, SuccessionLeaf)
    assert leaf.origin == "registry.example.org/log/a"


def test_log_that_came_with_the_copy_is_not_served_by_it(split: Split) -> None:
    logs = ServedLogs(LogFolder(split.b.folder / "log"), PUBLIC_URL, shard="b")
    assert [each.url for each in logs.all()] == [f"{PUBLIC_URL}/log/b/2"]
    assert logs.checkpoint(1) is None
    assert logs.tile(1, "tile/0/000.p/1") is None
    assert logs.entries(1, "tile/entries/000.p/1") is None
    assert logs.tile(2, "tile/0/000.p/1") is not None


def test_each_half_tells_who_is_at_home_where(split: Split) -> None:
    for shard in (split.a, split.b):
        issuers = shard.run("shard", "list")["issuers"]
        assert [(each["issuer_id"], each["home"]) for each in issuers] == [
            (split.staying.issuer_id, "a"),
            (split.moving.issuer_id, "b"),
        ]
        assert [each["here"] for each in issuers] == [shard is split.a, shard is split.b]


def test_nothing_of_an_issuer_is_changed_where_it_left(split: Split) -> None:
    ran = split.a.cli("status", "revoke", split.valid["moving"], "--reason", "fraud", "--json")
    assert ran.code == 1
    assert "send the same request to the shard b" in ran.err


def test_nothing_of_an_issuer_that_stays_is_changed_in_the_copy(split: Split) -> None:
    with split.b.opened() as registry, pytest.raises(IssuerElsewhereError) as refused:
        registry.application.check_here(split.staying.issuer_id)
    assert refused.value.shard == "a"


def test_what_was_revoked_before_stays_so_and_what_was_issued_verifies(split: Split) -> None:
    found = {
        issuer.verdict(ids[name])
        for name, issuer in (("staying", split.staying), ("moving", split.moved))
        for ids in (split.revoked,)
    }
    assert found == {Verdict.REVOKED}
    assert split.staying.verdict(split.valid["staying"]) is Verdict.VALID
    assert split.moved.verdict(split.valid["moving"]) is Verdict.VALID


def test_both_halves_issue_revoke_and_publish(split: Split) -> None:
    for number, issuer in enumerate((split.staying, split.moved), start=10):
        kept, revoked = issuer.issue(number), issuer.issue(number + 10)
        issuer.revoke(revoked)
        issuer.shard.publish()
        assert issuer.verdict(kept) is Verdict.VALID
        assert issuer.verdict(revoked) is Verdict.REVOKED


def test_versions_of_a_moved_list_go_on_where_they_were(split: Split) -> None:
    split.moved.revoke(split.moved.issue(30))
    split.b.publish()
    now = split.moved.versions()
    assert now.keys() == split.versions.keys()
    assert max(now[name] - version for name, version in split.versions.items()) > 0
    assert min(now[name] - version for name, version in split.versions.items()) >= 0


def test_replay_finds_both_halves_as_their_events_make_them(split: Split) -> None:
    for shard in (split.a, split.b):
        shard.run("log", "status")
        assert shard.run("replay", "--verify", "--all-versions")["identical"]


def test_evidence_and_receipt_of_before_hold_under_the_policy_of_either(
    split: Split, tmp_path: Path
) -> None:
    badge, receipt = split.receipt
    for shard in (split.a, split.b):
        policy = tmp_path / shard.folder.name
        policy.write_text(shard.run("log", "policy")["policy"])
        shard.run("evidence", "verify", split.evidence, "--policy", policy)
        shard.run("receipt", "verify", badge, receipt, "--policy", policy)


def test_nothing_is_purged_before_another_shard_says_that_it_has_it(split: Split) -> None:
    assert "no other shard has said that it has the issuer" in split.early_purge


def test_purge_leaves_each_half_what_its_own_issuers_need(split: Split) -> None:
    for shard in (split.a, split.b):
        shard.publish()  # From then on the other one knows whom it has.
    for shard in (split.a, split.b):
        asked = shard.cli("shard", "purge")
        assert (asked.code, "of 1 issuer elsewhere? nobody can be asked here" in asked.err) == (
            2,
            True,
        )
        purged = shard.run("shard", "purge", "--yes")
        assert (purged["issuers"], purged["learners"] >= 2, purged["documents"] >= 2) == (
            1,
            True,
            True,
        )
        assert shard.run("shard", "purge", "--yes")["secrets"] == 0
        assert shard.run("replay", "--verify")["identical"]
    with split.a.opened() as registry:
        keys = registry.application.issuer(split.moving.issuer_id).keys
        with pytest.raises(SecretMissingError):
            registry.application.open_signer(
                split.moving.issuer_id, next(iter(keys)), verification_method="x"
            )
    for number, issuer in enumerate((split.staying, split.moved), start=40):
        revoked = issuer.issue(number)
        issuer.revoke(revoked)
        issuer.shard.publish()
        assert issuer.verdict(revoked) is Verdict.REVOKED
        assert issuer.verdict(split.valid["moving" if issuer is split.moved else "staying"])
