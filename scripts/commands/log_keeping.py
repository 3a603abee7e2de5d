"""Keep the transparency log going: its state, its keys, and what a restore asks for."""

from contextlib import closing
from typing import Annotated, Any

import typer

from api import bootstrap, clock
from api.settings import Settings
from api.witnessing import read_log_policy
from projections.transparency.cosigned import CosignedCheckpoints
from projections.transparency.log import TransparencyLog
from projections.transparency.reporting import report
from registry.domain.errors import InvalidValueError
from registry.formats.tlog.notes import NoteSigner
from registry.formats.tlog.policy_files import NO_WITNESSES, with_logs
from registry.formats.tlog.verifier_keys import VerifierKey
from registry.store.log_keys import (
    LogKeyError,
    add_log_key,
    make_another_log_key,
    read_log_keys,
    retire_log_key,
)
from scripts.answers import FAILED, Answer, Session, facts, say
from scripts.arguments import command, group
from scripts.asking import ConfirmOption, confirm
from scripts.local import assembled, existing
from scripts.transparency.checking import said_of


def add_to_group(log: typer.Typer) -> None:
    """Add `status`, `policy`, `restore`, `reopen` and `key` to the group `log`."""
    command(log, "status")(status)
    command(log, "policy")(policy)
    command(log, "restore")(restore)
    command(log, "reopen")(reopen)
    key = group(log, "key", about="The keys that sign checkpoints.")
    command(key, "add")(add)
    command(key, "retire")(retire)


def status(session: Session) -> Answer:
    """Say how the log stands.

    That is its size, lag and keys, and whether database and folder agree. Exits with 1 where
    something keeps the log from going on.

    Example:
      registry log status
    """
    settings = existing(session)
    with assembled(settings) as registry:
        log = registry.transparency
        found = report(log, registry.recorder, now=clock.now())
        hindrance = log.disagreement() or _key_trouble(log)
        witnesses = _last_cosigned(log, settings)
        signing = [key.vkey for key in _signing(log)]
    document: dict[str, Any] = {
        "origin": found.origin,
        "folder": str(settings.effective_log_folder),
        "size": found.size,
        "position": found.position,
        "lag_events": found.lag_events,
        "lag_seconds": round(found.lag_seconds, 3),
        "signing_keys": signing,
        "keys_ever": [key.vkey for key in found.signers],
        **witnesses,
        "hindrance": hindrance,
    }
    shown = {
        name: ", ".join(value) if isinstance(value, list) else value
        for name, value in document.items()
    }
    return Answer(document, facts(shown), exit_code=FAILED if hindrance else 0)


def policy(session: Session) -> Answer:
    """Print whom to believe about this log.

    A file in the form of C2SP tlog-policy: the log's keys, those of the logs that were closed
    before it, and the witnesses of the settings. Give it to auditors by another way than the log
    itself.

    Example:
      registry log policy > policy
    """
    settings = existing(session)
    read_log_policy(settings)
    given = settings.log_policy.read_bytes() if settings.log_policy else NO_WITNESSES
    with assembled(settings) as registry:
        log = registry.transparency
        keys = [*log.folder.last_signers(before=log.current), *_signing(log)]
    text = with_logs(keys, given).decode(errors="replace")
    return Answer({"policy": text}, text.removesuffix("\n"))


def restore(session: Session) -> Answer:
    """Put back events that only the log still holds.

    A restored backup gets them back by itself. This is for events that someone took away, and
    for a database whose everyday role may not insert at old positions: then
    REGISTRY_OWNER_DATABASE_URL names the owner's connection. Nothing is overwritten.

    Example:
      registry log restore
    """
    with assembled(existing(session)) as registry:
        bootstrap.check_role(registry.database)
        before = registry.history.end()
        state = registry.transparency.restore()
        after = registry.history.end()
    document = {"origin": state.origin, "size": state.size, "from": before, "to": after}
    return Answer(document, facts(document))


def reopen(session: Session, yes: ConfirmOption = False) -> Answer:
    """Close the log and begin the next.

    For a log that contradicts the database; the next has a new origin and a new key. Find out
    first what happened to the events; you are asked before anything is done. Everybody
    sees that it happened: the new log's first leaf names the old one's last checkpoint, and both
    stay served. Receipts of the old log go on to prove what they proved.

    Example:
      registry log reopen
    """
    settings = existing(session)
    with assembled(settings) as registry:
        log = registry.transparency
        old = log.origin
        if not yes:
            confirm(session, f"Close {old} for good{_why(log)}?")
        bootstrap.check_role(registry.database)
        state = log.reopen(lambda: _make_key(settings))
        _retire_used(settings, log)
        log.run()
        keys = [key.vkey for key in _signing(log)]
        document = {"closed": old, "origin": state.origin, "size": log.size, "keys": keys}
    say("Tell auditors and witnesses of the new origin and key, and why the old log was closed.")
    say("Both logs are in the new policy: registry log policy")
    return Answer(document, facts(document | {"keys": ", ".join(keys)}))


def add(session: Session) -> Answer:
    """Make another key that signs checkpoints, beside those there are.

    Example:
      registry log key add
    """
    settings = _with_key_file(session)
    key = add_log_key(settings.log_key_file)
    with assembled(settings) as registry:
        made = NoteSigner(registry.transparency.origin, key).verifier_key
    say("Give it to auditors and witnesses before the old key is retired; both sign until then.")
    return Answer({"key": made.vkey}, made.vkey)


def retire(
    session: Session,
    key_id: Annotated[str, typer.Argument(metavar="KEYID", help="Eight digits, as status says.")],
) -> Answer:
    """Let a key sign no more; checkpoints it signed stay good.

    Example:
      registry log key retire 1234abcd
    """
    settings = _with_key_file(session)
    with closing(bootstrap.build(settings)) as registry:
        log = registry.transparency
        keys = [NoteSigner(log.origin, key).verifier_key for key in log.signers.all()]
    chosen = [key for key in keys if key.key_id.hex() == key_id.lower()]
    if not chosen:
        raise InvalidValueError(
            "no key that signs has this id", field="KEYID", remedy="run: registry log status"
        )
    retire_log_key(settings.log_key_file, chosen[0].public_key)
    return Answer({"retired": chosen[0].vkey}, f"retired {chosen[0].vkey}")


def _make_key(settings: Settings) -> None:
    """Make the next log's key; raises LogKeyError where they are not kept in a file."""
    if settings.log_key is not None:
        raise LogKeyError(
            "a log that follows another needs a key of its own, and REGISTRY_LOG_KEY gives none",
            field="REGISTRY_LOG_KEY",
            remedy="put a new key first, or in the place of the old one, 32 random bytes in "
            "base64url; then repeat",
        )
    make_another_log_key(settings.log_key_file)


def _retire_used(settings: Settings, log: TransparencyLog) -> None:
    """Take the keys of closed logs out of the file; without that they would sign nothing too."""
    if settings.log_key is None:
        for public_key in log.signers.used_before(log.current):
            retire_log_key(settings.log_key_file, public_key)


def _with_key_file(session: Session) -> Settings:
    settings = existing(session)
    if settings.log_key is not None:
        raise InvalidValueError(
            "the keys are given by REGISTRY_LOG_KEY and not by a file",
            field="REGISTRY_LOG_KEY",
            remedy="change its lines where it is set: a line a key, the first is the primary",
        )
    read_log_keys(None, file=settings.log_key_file)
    return settings


def _signing(log: TransparencyLog) -> list[VerifierKey]:
    try:
        return [signer.verifier_key for signer in log.signers.of(log.current, log.origin)]
    except LogKeyError:
        return []


def _key_trouble(log: TransparencyLog) -> str | None:
    try:
        log.signers.of(log.current, log.origin)
    except LogKeyError as error:
        return error.reason
    return None


def _last_cosigned(log: TransparencyLog, settings: Settings) -> dict[str, Any]:
    """Return what a quorum of the policy's witnesses cosigned last, nothing without a policy."""
    policy = read_log_policy(settings)
    if policy is None:
        return {}
    cosigned = CosignedCheckpoints(log.files.path, policy)
    note = cosigned.newest()
    verdict = cosigned.verdict(note) if note else None
    if verdict is None:
        return {"cosigned_size": 0, "cosigned_by": []}
    signed = [said_of(each) for each in verdict.cosignatures]
    return {"cosigned_size": verdict.checkpoint.size, "cosigned_by": signed}


def _why(log: TransparencyLog) -> str:
    found = log.disagreement()
    return f" ({found})" if found else ", although it and the database agree"
