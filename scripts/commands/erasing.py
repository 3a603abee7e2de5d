"""Erase learners, and hold what must not be erased."""

from collections.abc import Sequence
from typing import Annotated

import typer

from api.bootstrap import Registry
from api.erasures import erasure_answer, erasure_row, hold_answer
from projections import erasures
from registry.domain.erasure import DeclineReason, Erasure, ErasureReason, ErasureState
from registry.domain.errors import InvalidValueError, UnknownCredentialError
from registry.domain.legal_hold import HoldReason, LegalHold, LiftReason
from scripts.answers import FAILED, Answer, Session, facts, say, table
from scripts.arguments import EndOption, IdempotencyKeyOption, command, group
from scripts.asking import typed
from scripts.local import caller, opened
from scripts.pages import every

SubjectArgument = Annotated[
    str,
    typer.Argument(
        metavar="SUBJECT", help="An issuer's reference of the learner, or a credential's id."
    ),
]
ErasureArgument = Annotated[str, typer.Argument(metavar="ERASURE", help="The erasure's id.")]
PersonOption = Annotated[
    bool,
    typer.Option("--person", help="At every issuer that knows the person by the same identifier."),
]
YesOption = Annotated[bool, typer.Option("--yes", help="Do not ask for the word erase.")]


def add_to(app: typer.Typer) -> None:
    """Add `erase`, `erasures` and `hold`."""
    command(app, "erase")(erase)
    several = group(app, "erasures", about="Erasures that were asked for, and their end.")
    command(several, "list")(list_all)
    command(several, "confirm")(confirm)
    command(several, "decline")(decline)
    command(several, "settle")(settle)
    hold = group(app, "hold", about="Legal holds: whom nobody may erase.")
    command(hold, "place")(place_hold)
    command(hold, "lift")(lift_hold)
    command(hold, "show")(show_hold)


def erase(
    session: Session,
    subject: SubjectArgument,
    reason: Annotated[
        ErasureReason, typer.Option(help="A code; the history keeps it for ever.")
    ] = ErasureReason.LEARNER_REQUEST,
    person: PersonOption = False,
    yes: YesOption = False,
) -> Answer:
    """Erase what is held of a learner, for good.

    That is key, name, identifier, documents and notes. Statuses, lists and the history stay as
    they are. You are asked to type the word erase for each issuer. Over HTTP two operators are
    needed; here is who holds the master key anyway.

    Examples:
      registry erase 3f2a…
      registry erase 3f2a… --person --reason no-longer-needed
    """
    with opened(session) as registry:
        erasing = registry.erasing
        references = references_meant(registry, subject, person=person)
        for reference in references:
            erasing.check_erasable(reference)
        chosen = [each for each in references if yes or _is_sure(registry, each)]
        if not chosen:
            raise InvalidValueError("nothing was confirmed, nothing was erased")
        done = [erasing.erase(caller(None), each, reason) for each in chosen]
    return _answer(done)


def references_meant(registry: Registry, subject: str, *, person: bool = False) -> list[str]:
    """Return the reference named, or that of the credential named; with `person` every issuer's."""
    try:
        issuance = registry.application.any_credential(subject.removeprefix("urn:uuid:")).issuance
    except UnknownCredentialError:
        reference = subject
    else:
        reference = issuance.subject_ref
    return registry.erasing.references_of_person(reference) if person else [reference]


def _is_sure(registry: Registry, reference: str) -> bool:
    issuer = registry.application.issuer(registry.vault.known(reference).issuer_id)
    say(f"All that {issuer.name_en} holds of the learner {reference} will be gone for good.")
    say("Type erase to go on: ")
    return typed() == "erase"


def list_all(
    session: Session,
    state: Annotated[ErasureState | None, typer.Option(help="In this state only.")] = None,
) -> Answer:
    """List erasures, newest first.

    Example:
      registry erasures list --state pending
    """
    with opened(session) as registry:
        rows = every(lambda window: erasures.page(registry.database, window, state=state))
        document = [erasure_row(row).model_dump(mode="json") for row in rows]
    columns = ("erasure_id", "issuer_id", "subject_ref", "state", "requested_at")
    headings = ("erasure", "issuer", "learner", "state", "requested at")
    return Answer(document, table(headings, [[each[c] for c in columns] for each in document]))


def confirm(session: Session, erasure_id: ErasureArgument, yes: YesOption = False) -> Answer:
    """Carry out an erasure that somebody asked for over HTTP.

    Example:
      registry erasures confirm 018f…
    """
    with opened(session) as registry:
        reference = registry.erasing.erasure(erasure_id).subject_ref
        if not (yes or _is_sure(registry, reference)):
            raise InvalidValueError("nothing was confirmed, nothing was erased")
        return _answer([registry.erasing.confirm(caller(None), erasure_id)])


def decline(
    session: Session,
    erasure_id: ErasureArgument,
    reason: Annotated[DeclineReason, typer.Option(help="A code, kept for ever.")],
) -> Answer:
    """Refuse an erasure that was asked for; nothing is erased.

    Example:
      registry erasures decline 018f… --reason identity-not-proved
    """
    with opened(session) as registry:
        return _answer([registry.erasing.decline(caller(None), erasure_id, reason)])


def settle(session: Session) -> Answer:
    """Clear deleted bytes from the database's files.

    That completes the pending erasures.

    On PostgreSQL this rewrites the tables of keys and documents, each locked meanwhile, and moves
    the write-ahead log on. That alone is done as the tables' owner, by the connection that
    REGISTRY_OWNER_DATABASE_URL names. On SQLite it is seldom needed.

    Example:
      registry erasures settle
    """
    with opened(session) as registry:
        hindrance = registry.erasing.work.settle()
    if hindrance is None:
        return Answer({"settled": True, "hindrance": None}, "Nothing deleted is in any file.")
    shown = f"Not settled: {hindrance}. Remove what is in the way, then repeat."
    return Answer({"settled": False, "hindrance": hindrance}, shown, exit_code=FAILED)


def place_hold(
    session: Session,
    subject: SubjectArgument,
    reason: Annotated[HoldReason, typer.Option(help="A code, kept for ever.")],
    until: EndOption = None,
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Let nobody erase a learner.

    Until a moment, or until the hold is lifted.

    Example:
      registry hold place 3f2a… --reason legal-claim --until 2027-01-31T12:00:00Z
    """
    with opened(session) as registry:
        [reference] = references_meant(registry, subject)
        who = caller(idempotency_key)
        return _held(registry.erasing.place_hold(who, reference, reason, until=until))


def lift_hold(
    session: Session,
    subject: SubjectArgument,
    reason: Annotated[LiftReason, typer.Option(help="A code, kept for ever.")],
    idempotency_key: IdempotencyKeyOption = None,
) -> Answer:
    """Let a learner be erased again.

    Example:
      registry hold lift 3f2a… --reason settled
    """
    with opened(session) as registry:
        [reference] = references_meant(registry, subject)
        return _held(registry.erasing.lift_hold(caller(idempotency_key), reference, reason))


def show_hold(session: Session, subject: SubjectArgument) -> Answer:
    """Show what holds a learner's data.

    Example:
      registry hold show 3f2a…
    """
    with opened(session) as registry:
        [reference] = references_meant(registry, subject)
        return _held(registry.erasing.hold(reference))


def _held(hold: LegalHold) -> Answer:
    document = hold_answer(hold).model_dump(mode="json")
    return Answer(document, facts(document | {"reason": hold.reason or "nothing holds it"}))


def _answer(done: Sequence[Erasure]) -> Answer:
    document = [erasure_answer(each).model_dump(mode="json") for each in done]
    if any(each.state is ErasureState.PENDING for each in done):
        say("Nothing can be read any more. The database's files may still hold the bytes:")
        say("a running server goes on with it; on PostgreSQL run: registry erasures settle")
    return Answer(document, "\n\n".join(facts(each) for each in document))
