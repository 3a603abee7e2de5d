"""Give up a compromised signing key, and issue anew what it is proved to have signed before."""

from typing import Annotated, Any

import typer

from api.bootstrap import Registry
from api.compromises import compromise_answer, compromise_reports
from projections import queries
from projections.compromise import CompromiseReport
from registry.domain.errors import ConflictError, DocumentGoneError, UnknownKeyError
from registry.domain.issuer import Issuer
from registry.store.learner_keys import VaultDamagedError
from scripts.answers import FAILED, Answer, Session, facts, say, table
from scripts.arguments import IdempotencyKeyOption, SinceOption, command, group
from scripts.asking import ConfirmOption, answered
from scripts.local import caller, opened
from scripts.pages import every

KeyArgument = Annotated[str, typer.Argument(metavar="KEY", help="The public key, z6Mk…")]


def add_to(app: typer.Typer) -> None:
    """Add `key`."""
    key = group(app, "key", about="Give up a signing key that others may have held.")
    command(key, "compromise")(compromise)
    command(key, "report")(report)
    command(key, "reissue")(reissue)


def compromise(
    session: Session,
    key: KeyArgument,
    since: SinceOption,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Record that others may have held a key.

    The key leaves the issuer's DID document and signs nothing more. Where no other key of its
    type signs, the next one is made. The lists it signed are signed anew at once. What it
    touched is reported.

    Example:
      registry key compromise z6Mk… --since 2026-01-31T12:00:00Z
    """
    with opened(session) as registry:
        issuer, changes = _owner(registry, key), registry.application.issuer_changes
        changes.compromise_key(caller(idempotency_key), str(issuer.id), key, since=since)
        registry.catch_up.run()
        registry.publisher.tick()
        found = _report(registry, key)
    _say_what_is_next(found)
    return _answer(found)


def report(session: Session, key: KeyArgument) -> Answer:
    """Report what a key signed.

    Of each credential it says whether it is proved to be older than the key's compromise.

    Example:
      registry key report z6Mk… --json
    """
    with opened(session) as registry:
        return _answer(_report(registry, key))


def reissue(
    session: Session,
    key: KeyArgument,
    yes: ConfirmOption = False,
) -> Answer:
    """Issue anew what is proved to be older.

    Each new credential is signed by the next key and says the same of the same learner, with
    entries of its own; the old one is revoked as superseded. You are asked first; without a yes
    it only says what. A repeat goes on where an earlier one stopped.

    Examples:
      registry key reissue z6Mk…
      registry key reissue z6Mk… --yes
    """
    with opened(session) as registry:
        found = _report(registry, key)
        _check_is_compromised(found)
        if not (yes or _is_agreed(session, found)):
            say(f"Nothing was changed: registry key reissue {key} --yes issues them anew.")
            return _answer(found)
        done, left = _reissue_all(registry, found)
    say("The lists that show the old ones revoked are published by the server, at once where one")
    say("runs. Learners get the new ones from their issuer, which reads them over HTTP.")
    return _reissued(found, done, left)


def _owner(registry: Registry, key: str) -> Issuer:
    for row in every(lambda window: queries.issuers(registry.database, window)):
        if key in row["keys"]:
            return registry.application.issuer(row["issuer_id"])
    raise UnknownKeyError(
        f"no issuer here has the key {key}",
        field="key",
        remedy="give the public key as `registry issuer show ISSUER` prints it",
    )


def _report(registry: Registry, key: str) -> CompromiseReport:
    return compromise_reports(registry).report(_owner(registry, key), key)


def _check_is_compromised(found: CompromiseReport) -> None:
    if found.since is None:
        raise ConflictError(
            "the key is not recorded as compromised, so what it signed is as good as ever",
            field="key",
            remedy=f"run: registry key compromise {found.key} --since TIME",
        )


def _is_agreed(session: Session, found: CompromiseReport) -> bool:
    count = len(list(found.reissuable()))
    if session.as_json or not count:
        return False
    return bool(answered(f"Issue {count:,} credentials anew and revoke the old ones?"))


def _reissue_all(
    registry: Registry, found: CompromiseReport
) -> tuple[dict[str, str], dict[str, str]]:
    """Return the new credential of each old one, and why others were left as they are."""
    done, left = {}, {}
    for each in found.reissuable():
        try:
            new = registry.application.reissuing.reissue(
                caller(None), found.issuer_id, each.credential_id
            )
            done[each.credential_id] = str(new.id)
        except (ConflictError, DocumentGoneError, VaultDamagedError) as error:
            left[each.credential_id] = error.reason
    return done, left


def _reissued(found: CompromiseReport, done: dict[str, str], left: dict[str, str]) -> Answer:
    pairs = [*done.items(), *((old, f"not: {reason}") for old, reason in left.items())]
    counts = facts({"reissued": len(done), "left": len(left)})
    shown = f"{counts}\n{table(('credential', 'issued anew as'), pairs)}"
    document = {"key": found.key, "reissued": done, "left": left}
    return Answer(document, shown, FAILED if left else 0)


def _answer(found: CompromiseReport) -> Answer:
    document = compromise_answer(found).model_dump(mode="json")
    head = {name: document[name] for name in ("issuer_id", "key", "since")}
    shown = facts(head | document["counts"])
    if document["credentials"]:
        shown += f"\n{table(_COLUMNS, [_row(each) for each in document['credentials']])}"
    return Answer(document, shown)


_COLUMNS = ("credential", "issued at", "proved older", "status", "can be issued anew")


def _row(credential: dict[str, Any]) -> tuple[Any, ...]:
    status = "erased" if credential["erased"] else credential["status"]
    named = ("credential_id", "issued_at", "proved")
    return *(credential[name] for name in named), status, credential["reissuable"]


def _say_what_is_next(found: CompromiseReport) -> None:
    say("What the key signed no longer verifies anywhere, once others' copies of the DID document")
    say("have run out. See docs/keys-and-issuers.md for what to tell holders.")
    if any(found.reissuable()):
        say(f"Next: registry key reissue {found.key}")
