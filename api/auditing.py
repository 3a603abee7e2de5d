"""The composition root of an auditor, who needs no key and changes nothing."""

from dataclasses import dataclass

from api.opening import open_reading, public_url_of
from api.settings import Settings
from projections import ALL
from projections.history import History
from projections.publish_folder import PublishFolder
from projections.replay import Replay
from projections.transparency.floor import LogFolder
from registry.domain.errors import UnknownIssuerError
from registry.domain.events import IssuerRegistered
from registry.identifiers import parse_id
from registry.store.database import Database
from registry.store.recorders import open_recorder


@dataclass(frozen=True)
class Audit:
    """What reads the history and compares: no key, no secret, nothing that writes."""

    public_url: str
    database: Database
    history: History
    replay: Replay


def build_audit(settings: Settings) -> Audit:
    """Build what an auditor needs; raises NotInitialisedError. Needs no master key."""
    public_url = public_url_of(settings)
    database = open_reading(settings) or Database(settings.effective_database_url)
    history = History(open_recorder(database))
    folder = PublishFolder(settings.effective_publish_folder)
    log_folder = LogFolder(settings.effective_log_folder)
    replay = Replay(database, history, folder, public_url, ALL, log_folder, shard=settings.shard)
    return Audit(public_url, database, history, replay)


def check_issuer(audit: Audit, issuer_id: str) -> None:
    """Raise UnknownIssuerError unless the history begins an issuer of that id."""
    stream = parse_id(issuer_id, UnknownIssuerError, field="issuer_id")
    if not isinstance(audit.history.event(stream, 1), IssuerRegistered):
        raise UnknownIssuerError("there is no such issuer", field="issuer_id")
