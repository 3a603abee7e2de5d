"""A registry with an issuer whose learners come in files; work is done when the test says so."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import text

from api import bootstrap, founding
from api.bootstrap import Registry
from api.settings import Settings
from registry.commands import Caller
from registry.csv_import import Form
from registry.domain.job import Job, RowReport
from registry.domain.securing import KeyType, Mechanism
from registry.domain.subject import IdentityType
from registry.issuance import Learner, Order
from registry.issuing import Issued
from registry.jobs.issuing_terms import IssuingTerms
from registry.requests import NewAchievement, StatusChange
from tests.making import definition, organisation

PUBLIC_URL = "https://registry.example.org"
CALLER = Caller("api-key:office")


class Bureau:
    """One issuer's office and the registry it works with."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        registry.issuing_jobs.slice_rows = 3
        application = registry.application
        self.issuer_id = str(application.register_issuer(CALLER, organisation()).id)
        application.add_signing_key(CALLER, self.issuer_id, KeyType.ED25519)
        self.achievement_id = self.define()

    def define(self) -> str:
        # The quickest mechanism: what is issued is not at issue here.
        new = NewAchievement(definition(), cryptosuite=Mechanism.EDDSA_JCS_2022)
        made = self.registry.application.define_achievement(CALLER, self.issuer_id, new)
        return str(made.id)

    def order(
        self, file: bytes | str | Sequence[str], *, key: str | None = None, **terms: Any
    ) -> Job:
        """Take a file: its bytes, or the addresses in it."""
        if not isinstance(file, bytes | str):
            file = "email\n" + "".join(f"{each}\n" for each in file)
        body = file.encode() if isinstance(file, str) else file
        given = {"achievement_id": self.achievement_id, **terms}
        return self.registry.issuing_jobs.receive(
            Caller("api-key:office", key),
            self.issuer_id,
            IssuingTerms(**given),
            form=Form.CSV,
            chunks=[body[:100], body[100:]],
        )

    def fold(self) -> None:
        self.registry.catch_up.run()

    def finish(self, job: Job) -> Job:
        """Work until nothing is left to do."""
        self.fold()
        while self.registry.jobs.worker.tick():
            self.fold()
        return self.read(job)

    def running(self, file: Sequence[str], **terms: Any) -> Job:
        """Take a file and check it; no row is issued yet."""
        job = self.finish(self.order(file, wait=True, **terms))
        return self.registry.jobs.confirm(job.job_id)

    def read(self, job: Job) -> Job:
        return self.registry.jobs.store.read(job.job_id)

    def issue(self, email: str) -> Issued:
        order = Order(self.achievement_id, Learner(IdentityType.EMAIL_ADDRESS, email))
        [issued] = self.registry.application.issue(Caller("x"), self.issuer_id, [order])
        return issued

    def revoke(self, credential_id: str) -> None:
        application = self.registry.application
        application.revoke(Caller("x"), self.issuer_id, credential_id, StatusChange("other"))

    def report(self, job: Job) -> list[RowReport]:
        found = self.registry.jobs.store.reports(job.job_id)
        return sorted((each for some in found for each in some), key=lambda each: each.line)

    def codes(self, job: Job) -> list[tuple[int, str | None]]:
        return [(each.line, each.code) for each in self.report(job)]

    def statuses(self) -> Mapping[str, str]:
        """Return the status of every credential, by its id."""
        self.fold()
        with self.registry.database.reading() as connection:
            query = text("SELECT credential_id, status FROM credentials WHERE issuer_id = :id")
            rows = connection.execute(query, {"id": self.issuer_id})
            return {row[0]: row[1] for row in rows}


@contextmanager
def opened(folder: Path, url: str) -> Iterator[Registry]:
    """Give a new registry."""
    settings = Settings.read(folder=folder / "registry", database_url=url, public_url=PUBLIC_URL)
    founding.initialise(settings)
    registry = bootstrap.build(settings)
    try:
        bootstrap.check(registry.database, registry.public_url, registry.erasing)
        yield registry
    finally:
        registry.close()
