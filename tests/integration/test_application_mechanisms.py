"""Achievements secured by every mechanism, and the keys each of them needs."""

from hashlib import sha256

import pytest

from registry.domain import errors
from registry.domain import events as e
from registry.domain.securing import KeyType, Mechanism
from registry.formats import data_integrity, jws, securing, vc_jwt
from registry.formats.did import method_id
from registry.formats.multikey import decode_public_key, key_type_of
from registry.issuing import Issued
from registry.requests import NewAchievement
from tests.integration.world import World, keyed
from tests.making import (
    OPERATOR,
    Parts,
    definition,
    new_achievement,
    new_issuer,
    order,
    organisation,
)

JWTS = [mechanism for mechanism in Mechanism if mechanism.is_jwt]


@pytest.fixture
def world(parts: Parts) -> World:
    return World(parts)


@pytest.fixture
def issuer_id(parts: Parts) -> str:
    """An issuer with a key of every type."""
    return new_issuer(parts.application, 2, key_types=list(KeyType))


def issue(world: World, issuer_id: str, mechanism: Mechanism) -> Issued:
    achievement_id = new_achievement(world.application, issuer_id, mechanism=mechanism)
    [issued] = world.application.issue(OPERATOR, issuer_id, [order(achievement_id)])
    return issued


def verify(issued: Issued, key: str) -> None:
    """Raise unless the document is signed by a key, given as Multikey."""
    public_key = decode_public_key(key)
    if issued.media_type == securing.VC:
        document = securing.as_json(issued.document, issued.media_type)
        [proof] = data_integrity.proofs(document)
        data_integrity.verify_proof(document, proof, public_key=public_key)
    else:
        jws.verify(jws.parse(issued.document.decode()), public_key)


@pytest.mark.parametrize("mechanism", Mechanism)
def test_badge_is_secured_by_the_mechanism_of_its_achievement(
    world: World, issuer_id: str, mechanism: Mechanism
) -> None:
    issued = issue(world, issuer_id, mechanism)
    issuer = world.application.issuer(issuer_id)
    key = issuer.signing_key(mechanism.key_type)
    verify(issued, key)
    assert issued.media_type == securing.media_type_of(mechanism)
    issuance = issued.credential.issuance
    assert issuance.cryptosuite == mechanism.value
    assert issuance.document_digest == sha256(issued.document).hexdigest()
    assert issuance.verification_method == method_id(issuer.did, key, is_jwt=mechanism.is_jwt)


@pytest.mark.parametrize("mechanism", JWTS)
def test_token_is_kept_and_given_again(world: World, issuer_id: str, mechanism: Mechanism) -> None:
    achievement_id = new_achievement(world.application, issuer_id, mechanism=mechanism)
    orders = [order(achievement_id)]
    [first] = world.application.issue(keyed(), issuer_id, orders)
    [again] = world.application.issue(keyed(), issuer_id, orders)
    assert first.document == again.document
    kept = world.application.issued(issuer_id, str(first.credential.id))
    assert (kept.document, kept.media_type) == (first.document, first.media_type)


def test_badges_of_two_mechanisms_are_issued_together(world: World, issuer_id: str) -> None:
    mechanisms = [Mechanism.VC_JWT_ES384, Mechanism.ECDSA_JCS_2019_P256]
    made = [new_achievement(world.application, issuer_id, mechanism=each) for each in mechanisms]
    issued = world.application.issue(OPERATOR, issuer_id, [order(each) for each in made])
    issuer = world.application.issuer(issuer_id)
    for one, mechanism in zip(issued, mechanisms, strict=True):
        verify(one, issuer.signing_key(mechanism.key_type))


def test_lists_are_apart_for_each_mechanism(world: World, issuer_id: str) -> None:
    for mechanism in (Mechanism.EDDSA_RDFC_2022, Mechanism.VC_JWT_ED25519):
        issue(world, issuer_id, mechanism)
    opened = [each for each in world.events() if isinstance(each, e.StatusListOpened)]
    assert [event.cryptosuite for event in opened] == ["eddsa-rdfc-2022", "vc-jwt-ed25519"]


@pytest.mark.parametrize("key_type", [each for each in KeyType if each is not KeyType.RSA])
def test_issuer_that_is_its_key_may_have_one_of_any_type_that_signs_lists(
    world: World, key_type: KeyType
) -> None:
    new = organisation(2, did_method="key", key_type=key_type)
    issuer = world.application.register_issuer(OPERATOR, new)
    [key] = issuer.keys
    assert issuer.did == f"did:key:{key}"
    assert key_type_of(key) is key_type


def test_issuer_that_could_never_sign_is_not_registered(world: World) -> None:
    before = world.events()
    new = organisation(2, did_method="key", key_type=KeyType.RSA)
    with pytest.raises(errors.InvalidValueError) as refusal:
        world.application.register_issuer(OPERATOR, new)
    assert refusal.value.field == "key_type"
    assert "did:web" in (refusal.value.remedy or "")
    assert world.events() == before


def test_token_of_an_issuer_that_is_its_key_names_the_key_as_the_method_does(world: World) -> None:
    new = organisation(2, did_method="key", key_type=KeyType.P256)
    issuer = world.application.register_issuer(OPERATOR, new)
    issued = issue(world, str(issuer.id), Mechanism.VC_JWT_ES256)
    [key] = issuer.keys
    token = jws.parse(issued.document.decode())
    assert vc_jwt.read(token).kid == f"did:key:{key}#{key}"


def test_only_an_issuer_that_is_its_key_is_registered_with_one(world: World) -> None:
    with pytest.raises(errors.InvalidValueError) as refusal:
        world.application.register_issuer(OPERATOR, organisation(2, key_type=KeyType.P256))
    assert refusal.value.field == "key_type"


@pytest.mark.parametrize("key_type", KeyType)
def test_key_of_any_type_is_added(world: World, key_type: KeyType) -> None:
    key = world.application.add_signing_key(OPERATOR, world.issuer_id, key_type)
    assert key_type_of(key) is key_type


def test_same_request_for_a_key_of_another_type_is_a_conflict(world: World) -> None:
    world.application.add_signing_key(keyed(), world.issuer_id)
    with pytest.raises(errors.IdempotencyConflictError):
        world.application.add_signing_key(keyed(), world.issuer_id, KeyType.P256)


def test_achievement_that_no_key_of_the_issuer_fits_is_refused(world: World) -> None:
    new = NewAchievement(definition("minimal"), cryptosuite=Mechanism.ECDSA_RDFC_2019_P256)
    with pytest.raises(errors.NoSigningKeyError) as refusal:
        world.application.define_achievement(OPERATOR, world.issuer_id, new)
    assert refusal.value.remedy == "an operator adds a key of type P-256"


def test_achievement_that_the_only_key_does_not_fit_is_refused(world: World) -> None:
    issuer = world.application.register_issuer(OPERATOR, organisation(2, did_method="key"))
    new = NewAchievement(definition("minimal"), cryptosuite=Mechanism.VC_JWT_ES256)
    with pytest.raises(errors.NoSigningKeyError) as refusal:
        world.application.define_achievement(OPERATOR, str(issuer.id), new)
    assert "fits the only key" in (refusal.value.remedy or "")


def test_achievement_may_be_defined_before_there_is_any_key(world: World) -> None:
    issuer_id = new_issuer(world.application, 2, key_types=[])
    achievement_id = new_achievement(world.application, issuer_id, mechanism=Mechanism.OB_JWT_RS256)
    world.application.add_signing_key(OPERATOR, issuer_id, KeyType.RSA)
    with pytest.raises(errors.NoSigningKeyError) as refusal:
        world.application.issue(OPERATOR, issuer_id, [order(achievement_id)])
    assert refusal.value.remedy == "an operator adds a key of type Ed25519"
    assert not world.of(e.StatusListOpened)


def test_only_key_of_a_type_is_not_retired(world: World, issuer_id: str) -> None:
    key = world.application.issuer(issuer_id).signing_key(KeyType.P256)
    with pytest.raises(errors.KeyRotationError):
        world.application.retire_signing_key(OPERATOR, issuer_id, key)
    world.application.add_signing_key(OPERATOR, issuer_id, KeyType.P256)
    issuer = world.application.retire_signing_key(OPERATOR, issuer_id, key)
    assert issuer.signing_key(KeyType.P256) != key
