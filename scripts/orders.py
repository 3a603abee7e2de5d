"""Check everything about an issuing that can be checked before anything is issued."""

from datetime import datetime

from api.bootstrap import Registry
from api.clock import nonce
from registry.csv_import import grade_fault
from registry.domain.aggregate import Command
from registry.domain.elements import GradeScheme
from registry.domain.errors import InvalidValueError, NoSigningKeyError
from registry.domain.issuer import Issuer
from registry.domain.issuer_keys import key_types_of
from registry.domain.securing import KeyType, Mechanism
from registry.formats.open_badge import check_grade
from registry.issuance import Order, complete_definition
from scripts.local import ACTOR


def check_key(registry: Registry, issuer_id: str, achievement_id: str) -> None:
    """Raise NoSigningKeyError, saying which command makes a key."""
    issuer = registry.application.issuer(issuer_id)
    achievement = registry.application.achievement(issuer_id, achievement_id)
    for key_type in key_types_of(Mechanism(achievement.cryptosuite)):
        _check_key(issuer, key_type)


def _check_key(issuer: Issuer, key_type: KeyType) -> None:
    try:
        issuer.signing_key(key_type)
    except NoSigningKeyError as error:
        remedy = f"run: registry issuer key add {issuer.id}"
        if key_type is not KeyType.ED25519:
            remedy += f" --type {key_type}"
        raise NoSigningKeyError("one is made before the first issuing", remedy=remedy) from error


def check(registry: Registry, issuer_id: str, order: Order, *, now: datetime) -> None:
    """Raise what issuing this order would raise."""
    registry.application.issuing_rule.check(issuer_id)
    check_key(registry, issuer_id, order.achievement_id)
    achievement = registry.application.achievement(issuer_id, order.achievement_id)
    achievement.check_open()
    scheme = complete_definition(achievement).grade_scheme
    if order.grade is not None:
        _check_grade(scheme, order.grade)
    order.check_period(now)
    order.learner.person()
    _check_superseded(registry, issuer_id, order, now=now)


def _check_grade(scheme: GradeScheme | None, grade: str) -> None:
    try:
        check_grade(scheme, grade)
    except InvalidValueError as error:
        allowed = scheme.allowed_values if scheme else ()
        raise InvalidValueError(grade_fault(allowed), field="grade") from error


def _check_superseded(registry: Registry, issuer_id: str, order: Order, *, now: datetime) -> None:
    if order.supersedes is not None:
        old = registry.application.credential(issuer_id, order.supersedes)
        # Decided in memory and never stored.
        old.supersede(Command(now, ACTOR, nonce(), "", nonce), by=nonce())
