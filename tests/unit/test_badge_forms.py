"""A badge written from a form is, byte for byte, the one that is built and secured by itself."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from registry.badge_forms import BadgeForm, Unsigned, likeness
from registry.badge_writing import WronglyWrittenError, check_by_the_whole_way
from registry.domain.achievement import Achievement, Profile
from registry.domain.aggregate import Command
from registry.domain.credential import Placement
from registry.domain.definition import parse_definition
from registry.domain.instants import document_instant
from registry.domain.issuer import Issuer
from registry.domain.securing import Mechanism
from registry.formats.securing import SecuringError, secure_credential
from registry.formats.shapes import Shapes
from registry.issuance import Badge, Learner, unsigned_document
from tests.making import PUBLIC_URL, START, definition, learner
from tests.unit.formats.signers import signer_of

DID = "did:web:issuer.example"
WALLET = "did:key:z6MkhaXgBZDvotDkL5257faiztiGiC2QtKLGpbnnEGta2doK"
COMMAND = Command(START, "api-key:issuer", "c", "d", lambda: "0" * 32)


def an_issuer() -> Issuer:
    issuer = Issuer(uuid4())
    names = {"name_pl": "Uczelnia „Żółw”", "name_en": "University", "country": "PL"}
    issuer.register(COMMAND, did=DID, url="https://issuer.example", **names)
    return issuer


def an_achievement(mechanism: Mechanism, profile: Profile = Profile.DEFAULT) -> Achievement:
    achievement = Achievement(uuid4())
    achievement.define(
        COMMAND,
        issuer_id=str(uuid4()),
        definition=definition(),
        language="pl",
        cryptosuite=mechanism.value,
        profile=profile,
    )
    return achievement


def badge(number: int, achievement: Achievement, *, who: Learner | None = None) -> Badge:
    subject = (who or learner(number)).subject(str(UUID(int=number)), salt=f"{number:032}")
    return Badge(
        credential_id=str(uuid4()),
        issuer=ISSUER,
        achievement=achievement,
        definition=parse_definition(definition()),
        subject=subject,
        placement=Placement(str(uuid4()), number),
        valid_from=START + timedelta(seconds=number),
        valid_until=None,
        grade=None,
    )


ISSUER = an_issuer()
RDFC = an_achievement(Mechanism.EDDSA_RDFC_2022)
KINDS = {
    "plain": badge(1, RDFC),
    "with an end": replace(badge(2, RDFC), valid_until=START + timedelta(days=9)),
    "for a wallet": badge(3, RDFC, who=Learner(did=WALLET)),
    "one entry": badge(4, an_achievement(Mechanism.EDDSA_RDFC_2022, Profile.OB_STRICT)),
    "with a grade": replace(badge(5, RDFC), grade="5.0"),
}


def unsigned(one: Badge) -> Unsigned:
    signer = signer_of(Mechanism(one.achievement.cryptosuite).key_type, did=DID)
    return Unsigned(one, signer, START)


def by_itself(one: Badge) -> bytes:
    return secure_credential(
        unsigned_document(one, public_url=PUBLIC_URL),
        mechanism=Mechanism(one.achievement.cryptosuite),
        signer=unsigned(one).signer,
        created=document_instant(START),
    ).body


def another(one: Badge, number: int = 77) -> Badge:
    """Return a badge of the same form for somebody else."""
    its = badge(number, one.achievement, who=Learner(did=WALLET[:-1] + "L"))
    subject = its.subject if not one.subject.identities else badge(number, RDFC).subject
    return replace(its, valid_until=one.valid_until, grade=one.grade, subject=subject)


@pytest.mark.parametrize("mechanism", Mechanism)
def test_badge_of_every_mechanism_is_the_one_that_is_built_by_itself(mechanism: Mechanism) -> None:
    achievement = an_achievement(mechanism)
    form, shapes = BadgeForm(badge(1, achievement), public_url=PUBLIC_URL), Shapes()
    for number in range(3):
        one = badge(number, achievement)
        assert form.secured(unsigned(one), shapes) == by_itself(one)


@pytest.mark.parametrize("kind", KINDS)
def test_badge_of_every_kind_is_the_one_that_is_built_by_itself(kind: str) -> None:
    first, shapes = KINDS[kind], Shapes()
    form = BadgeForm(first, public_url=PUBLIC_URL)
    for one in (first, another(first), another(first, 78)):
        assert likeness(one) == likeness(first)
        assert form.secured(unsigned(one), shapes) == by_itself(one)


def test_badges_of_different_kinds_are_of_different_forms() -> None:
    assert len({likeness(one) for one in KINDS.values()}) == len(KINDS)


def test_key_of_another_type_than_the_mechanisms_secures_nothing() -> None:
    form = BadgeForm(KINDS["plain"], public_url=PUBLIC_URL)
    signer = signer_of(Mechanism.ECDSA_RDFC_2019_P256.key_type, did=DID)
    with pytest.raises(SecuringError, match="key of type"):
        form.secured(Unsigned(KINDS["plain"], signer, START), Shapes())


@pytest.mark.parametrize("mechanism", Mechanism)
def test_badge_that_was_written_well_passes_the_check(mechanism: Mechanism) -> None:
    one = badge(1, an_achievement(mechanism))
    check_by_the_whole_way(unsigned(one), by_itself(one), public_url=PUBLIC_URL)


SPOILED: dict[str, Callable[[Badge], bytes]] = {
    "another learner's": lambda one: by_itself(another(one)),
    "not in JCS form": lambda one: b" " + by_itself(one),
    "altered": lambda one: by_itself(one).replace(b"urn:uuid:", b"urn:uuid:f", 1),
    "no JSON": lambda _: b"{",
}


@pytest.mark.parametrize("how", SPOILED)
@pytest.mark.parametrize("mechanism", [Mechanism.EDDSA_RDFC_2022, Mechanism.EDDSA_JCS_2022])
def test_badge_that_was_written_wrongly_fails_the_check(mechanism: Mechanism, how: str) -> None:
    one = badge(1, an_achievement(mechanism))
    with pytest.raises(WronglyWrittenError):
        check_by_the_whole_way(unsigned(one), SPOILED[how](one), public_url=PUBLIC_URL)


def test_jwt_of_another_learner_fails_the_check() -> None:
    one = badge(1, an_achievement(Mechanism.VC_JWT_ED25519))
    with pytest.raises(WronglyWrittenError, match="what was ordered"):
        check_by_the_whole_way(unsigned(one), by_itself(another(one)), public_url=PUBLIC_URL)
