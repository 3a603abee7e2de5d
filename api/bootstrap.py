"""The composition root: every object of a registry, built from its settings in one place.

Building connects to nothing, so that a process starts and serves published lists while its
database is away.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from api import background, clock
from api.opening import open_reading
from api.own_documents import OthersListCache, OwnDocuments
from api.own_issuers import IssuersHere
from api.parts import (
    build_application,
    build_base,
    build_erasing,
    build_issuing_receiver,
    build_jobs,
    build_moving,
    build_personal_data,
    build_publisher,
    build_scheduler,
    build_static,
    build_status_orders,
    build_transparency,
)
from api.settings import Settings
from api.standing import standing_answer
from api.witnessing import build_witnesses, read_log_policy
from projections import ALL
from projections.catch_up import CatchUp
from projections.history import History
from projections.positions import prepare
from projections.process_roles import ProcessRole
from projections.publish_folder import PublishFolder
from projections.publisher import Publisher
from projections.runner import Runner
from projections.scheduler import InTurn
from projections.static.copying import Copying
from projections.transparency.log import TransparencyLog
from projections.transparency.receipts import Receipts
from projections.transparency.witnesses import WitnessClient
from registry.application import CredentialRegistry
from registry.commands import REGISTRY
from registry.erasing import Erasing
from registry.formats.canonical import Canonicaliser
from registry.housekeeping import Housekeeping
from registry.jobs.issuing_receiving import IssuingReceiver
from registry.jobs.jobs import Jobs
from registry.jobs.running import JobRunner
from registry.jobs.status_changes_orders import StatusChangeOrders
from registry.moving import Moving
from registry.personal_data import PersonalData
from registry.store import installation, schema
from registry.store.access_log import AccessLog
from registry.store.api_keys import ApiKeys, Role
from registry.store.database import Database
from registry.store.leadership import Leadership, open_leadership
from registry.store.owners_connection import OwnersConnection
from registry.store.recorders import EventRecorder
from registry.store.vault import Vault
from registry.store.view_owners import check_views, check_views_whenever_connected
from registry.verification.guarded_fetch import GuardedFetcher
from registry.verification.killable import KillableCanonicaliser
from registry.verification.verify import Verifier

_VIEWS = [view for projection in ALL for view in projection.tables]


@dataclass(frozen=True)
class Registry:
    """The parts of one running registry."""

    settings: Settings
    public_url: str
    database: Database
    reading: Database
    """Where auditors' questions are answered from: a standby, or the database itself."""
    owners: OwnersConnection
    recorder: EventRecorder
    history: History
    application: CredentialRegistry
    housekeeping: Housekeeping
    erasing: Erasing
    moving: Moving
    personal_data: PersonalData
    vault: Vault
    api_keys: ApiKeys
    access_log: AccessLog
    folder: PublishFolder
    catch_up: CatchUp
    publisher: Publisher
    runner: Runner
    leadership: Leadership
    transparency: TransparencyLog
    receipts: Receipts
    witnesses: WitnessClient | None
    """Asks the witnesses of the policy in the settings; None without one."""
    token_key: Callable[[], bytes]
    """Gives the 32 bytes that access tokens are signed with."""
    canonicaliser: KillableCanonicaliser
    jobs: Jobs
    issuing_jobs: IssuingReceiver
    status_orders: StatusChangeOrders
    job_runner: JobRunner
    """Works on jobs in this process, once it is started."""
    static: Sequence[Copying]
    """Copies what is published to each static target, once they are started."""

    def standing(self, issuer_id: str) -> bytes:
        """Return what everybody is told of an issuer's standing.

        Raises UnknownIssuerError or IssuerElsewhereError.
        """
        self.application.check_here(issuer_id)
        answer = standing_answer(
            self.database,
            self.application.issuer(issuer_id),
            public_url=self.public_url,
            enforced=self.application.issuing_rule.enforced,
            now=clock.now(),
        )
        return answer.model_dump_json().encode()

    def read_by(self, role: Role) -> Database:
        """Return where the questions of a role are answered from.

        Others than auditors must find what they have just written.
        """
        return self.reading if role is Role.AUDITOR else self.database

    def start(self) -> None:
        """Start the background work that is this process's."""
        self.runner.start()
        if ProcessRole.JOBS in self.settings.effective_roles:
            self.job_runner.start()
        if ProcessRole.STATIC in self.settings.effective_roles:
            for copying in self.static:
                copying.start()
        if self.witnesses is not None and ProcessRole.LOG in self.settings.effective_roles:
            self.witnesses.start()

    def close(self) -> None:
        """Stop the background work and close the database."""
        self.job_runner.stop()
        self.runner.stop()
        for copying in self.static:
            copying.stop()
        self.leadership.close()
        if self.witnesses is not None:
            self.witnesses.stop()
        self.canonicaliser.close()
        self.owners.close()
        self.reading.close()
        self.database.close()


def build(settings: Settings) -> Registry:
    """Build a registry that `init` has made; raises NotInitialisedError or MasterKeyError."""
    base = build_base(settings)
    database, streams = base.database, base.streams
    # Apart from the one for verifying, so that strangers' documents keep no issuer waiting.
    canonicaliser = KillableCanonicaliser()
    application = build_application(base, canonicaliser)
    publisher = build_publisher(base, application)
    catch_up = CatchUp(database, base.history, ALL)
    housekeeping = Housekeeping(
        database=database, streams=streams, commands=base.commands, vault=base.vault
    )
    erasing, transparency = build_erasing(base), build_transparency(base)
    jobs = build_jobs(base, application)
    status_orders = build_status_orders(base, jobs)
    job_runner = JobRunner(jobs, prepare=lambda: check(database, base.public_url, erasing))
    jobs.wake = job_runner.wake
    policy = read_log_policy(settings)
    leadership = open_leadership(database, settings.given_direct_database_url)
    runner = background.build_runner(
        base,
        background.Parts(
            leadership=leadership,
            catch_up=catch_up,
            publisher=publisher,
            transparency=transparency,
            scheduler=InTurn(build_scheduler(base, housekeeping), erasing.work),
        ),
        prepare=lambda: check(database, base.public_url, erasing),
    )
    base.wake.target = runner.wake
    return Registry(
        settings=settings,
        public_url=base.public_url,
        database=database,
        reading=open_reading(settings) or database,
        owners=base.owners,
        recorder=base.recorder,
        history=base.history,
        application=application,
        housekeeping=housekeeping,
        erasing=erasing,
        moving=build_moving(base, erasing=erasing, jobs=jobs),
        personal_data=build_personal_data(base),
        vault=base.vault,
        api_keys=ApiKeys(database, shard=settings.shard),
        access_log=AccessLog(database),
        folder=base.folder,
        catch_up=catch_up,
        publisher=publisher,
        runner=runner,
        leadership=leadership,
        transparency=transparency,
        receipts=Receipts(database=database, folder=transparency.folder, policy=policy),
        witnesses=build_witnesses(transparency.folder, policy),
        token_key=lambda: base.keys.keyed_digest(REGISTRY, "oauth/access-tokens", b""),
        canonicaliser=canonicaliser,
        jobs=jobs,
        issuing_jobs=build_issuing_receiver(base, application, jobs),
        status_orders=status_orders,
        job_runner=job_runner,
        static=[Copying(each) for each in build_static(settings)],
    )


def build_verifier(
    registry: Registry, *, canonicalise: Canonicaliser, development: bool
) -> Verifier:
    """Build what verifies for a process as long as it lives; it reads the registry's own lists.

    In `development` others' lists may be on this machine.
    """
    beyond = GuardedFetcher(allow_loopback=development)
    fetcher = OwnDocuments(
        registry.folder, registry.public_url, beyond=beyond, standing=registry.standing
    )
    cache = OthersListCache(registry.public_url)
    own = IssuersHere(registry.application)
    return Verifier(
        fetcher, cache=cache, canonicalise=canonicalise, own_issuers=own, tells_standing=True
    )


def check(database: Database, public_url: str, erasing: Erasing) -> None:
    """Raise unless the database has the newest form and was made for this public URL.

    Whoever a restored database brought back is erased again.
    """
    schema.check(database)
    installation.check_public_url(database, public_url)
    check_role(database)
    prepare(database, ALL)
    erasing.work.prepare()


def check_role(database: Database) -> None:
    """Raise OwnerUsesViewsError for a role that must not use the views of the one that serves."""
    check_views(database, _VIEWS)


def check_role_whenever_connected(database: Database) -> None:
    """Refuse a role as `check_role` does on each new connection: the database may be away now."""
    check_views_whenever_connected(database, _VIEWS)
