"""How a learner is identified, and what is refused because it would say too much."""

import pytest

from registry.domain.subject import (
    IdentifierError,
    IdentityType,
    SaltError,
    Subject,
    SubjectIdError,
    hash_identity,
    normalise_email,
)

SALT = "8fT2kQx0VbLw9sYc3ZrAqg"


def test_identity_hash_is_that_of_identifier_and_salt() -> None:
    # printf 'ola@example.org8fT2kQx0VbLw9sYc3ZrAqg' | sha256sum
    identity = hash_identity(
        " Ola@Example.ORG ", identity_type=IdentityType.EMAIL_ADDRESS, salt=SALT
    )
    assert identity.as_object() == {
        "type": "IdentityObject",
        "hashed": True,
        "identityHash": "sha256$116b037d449e9a60c8683d27a71ec5f359e7c603e17130999e57cb3b060238c2",
        "identityType": "emailAddress",
        "salt": SALT,
    }


def test_identifier_other_than_an_address_keeps_its_case() -> None:
    upper, lower = (
        hash_identity(each, identity_type=IdentityType.IDENTIFIER, salt=SALT)
        for each in ("S123", "s123")
    )
    assert upper != lower


def test_address_keeps_its_dots_and_tags() -> None:
    assert normalise_email("Jan.K+uczelnia@Example.org") == "jan.k+uczelnia@example.org"


def test_composed_and_decomposed_letters_are_one_address() -> None:
    assert normalise_email("zo\u0308e@example.org") == normalise_email("zöe@example.org")


@pytest.mark.parametrize(
    "address", ["", "ola", "@example.org", "ola@", "a b@example.org", "a@b@c", "ola@example..org"]
)
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(IdentifierError):
        normalise_email(address)


@pytest.mark.parametrize("salt", ["", "short", "spaces are not allowed in it", "ż" * 20, "x" * 129])
def test_weak_or_unprintable_salt_is_refused(salt: str) -> None:
    with pytest.raises(SaltError):
        hash_identity("S123", identity_type=IdentityType.IDENTIFIER, salt=salt)


@pytest.mark.parametrize("refused", ["name", "nationalIdentityNumber"])
def test_identity_that_can_be_guessed_or_read_has_no_type(refused: str) -> None:
    with pytest.raises(ValueError, match=refused):
        IdentityType(refused)


@pytest.mark.parametrize(
    "subject_id",
    [
        "",
        "5e0d3f4a-93a5-4d4f-9f0c-6a1b1c1f6f10",
        "urn:uuid:5E0D3F4A-93A5-4D4F-9F0C-6A1B1C1F6F10",
        "urn:uuid:",
        "mailto:ola@example.org",
        "did:web:example.org",
        "did:key:z0OIl",
    ],
)
def test_subject_id_of_another_kind_is_refused(subject_id: str) -> None:
    with pytest.raises(SubjectIdError):
        Subject(subject_id)
