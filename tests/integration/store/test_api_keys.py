"""API keys: made once, shown once, refused without saying why."""

import time
from statistics import median

import pytest
from sqlalchemy import select

from registry.domain.errors import InvalidValueError
from registry.store.api_keys import (
    ApiKeys,
    CredentialsRefusedError,
    KeyElsewhereError,
    Principal,
    Role,
    UnknownApiKeyError,
)
from registry.store.database import Database
from registry.store.tables import api_keys

AT = "2026-11-22T18:00:00.000000Z"
LATER = "2026-11-22T19:00:00.000000Z"
END = "2027-11-22T18:00:00.000000Z"


@pytest.fixture
def keys(database: Database) -> ApiKeys:
    return ApiKeys(database)


def new(keys: ApiKeys, role: Role = Role.OPERATOR) -> tuple[str, str]:
    issuer_id = "issuer-1" if role is Role.ISSUER else None
    key, token = keys.create(role, issuer_id=issuer_id, label="test", at=AT, expires_at=END)
    return key.key_id, token


@pytest.mark.parametrize("role", Role)
def test_key_opens_what_its_role_does(keys: ApiKeys, role: Role) -> None:
    key_id, token = new(keys, role)
    issuer_id = "issuer-1" if role is Role.ISSUER else None
    expected = Principal(f"api-key:{key_id}", role, issuer_id)
    assert keys.authenticate(token, at=LATER) == expected


@pytest.mark.parametrize(
    ("role", "issuer_id"),
    [(Role.ISSUER, None), (Role.OPERATOR, "issuer-1"), (Role.AUDITOR, "issuer-1")],
)
def test_issuers_key_names_its_issuer_and_no_other_does(
    keys: ApiKeys, role: Role, issuer_id: str | None
) -> None:
    with pytest.raises(InvalidValueError) as refusal:
        keys.create(role, issuer_id=issuer_id, label="", at=AT, expires_at=END)
    assert refusal.value.field == "issuer_id"


@pytest.mark.parametrize("end", [AT, "2026-11-22T17:59:59.999999Z"])
def test_key_that_has_ended_is_not_made(keys: ApiKeys, end: str) -> None:
    with pytest.raises(InvalidValueError):
        keys.create(Role.OPERATOR, issuer_id=None, label="", at=AT, expires_at=end)


def test_key_ends_at_its_moment(keys: ApiKeys) -> None:
    _, token = new(keys)
    assert keys.authenticate(token, at="2027-11-22T17:59:59.999999Z").role is Role.OPERATOR
    with pytest.raises(CredentialsRefusedError):
        keys.authenticate(token, at=END)


def test_withdrawn_key_opens_nothing(keys: ApiKeys) -> None:
    key_id, token = new(keys)
    keys.withdraw(key_id, at=LATER)
    with pytest.raises(CredentialsRefusedError):
        keys.authenticate(token, at=LATER)


def test_key_is_withdrawn_once(keys: ApiKeys) -> None:
    key_id, _ = new(keys)
    keys.withdraw(key_id, at=LATER)
    for unknown in (key_id, "0" * 16):
        with pytest.raises(UnknownApiKeyError):
            keys.withdraw(unknown, at=END)
    assert keys.all()[0].withdrawn_at == LATER


def wrong_tokens(key_id: str, token: str) -> dict[str, str]:
    secret = token.split("_", 2)[2]
    return {
        "empty": "",
        "no underscore": "rk",
        "no secret": f"rk_{key_id}",
        "empty secret": f"rk_{key_id}_",
        "other prefix": f"sk_{key_id}_{secret}",
        "no prefix": f"{key_id}_{secret}",
        "unknown id": f"rk_{'0' * 16}_{secret}",
        "unknown id, no secret": f"rk_{'0' * 16}_",
        "other secret": f"rk_{key_id}_{'A' * 43}",
        "shortened": token[:-1],
        "lengthened": f"{token}x",
        "a space behind": f"{token} ",
        "letters": "żółć",
        "SQL": "rk_' OR 1=1 --_x",
        "per cent": "rk_%_%",
    }


def test_wrong_tokens_are_refused_all_alike(keys: ApiKeys) -> None:
    refusals = set()
    for token in wrong_tokens(*new(keys)).values():
        with pytest.raises(CredentialsRefusedError) as refusal:
            keys.authenticate(token, at=LATER)
        refusals.add((str(refusal.value), refusal.value.remedy, refusal.value.field))
    assert len(refusals) == 1


def test_secret_of_one_key_does_not_open_another(keys: ApiKeys) -> None:
    (first, _), (_, second) = new(keys), new(keys)
    with pytest.raises(CredentialsRefusedError):
        keys.authenticate(f"rk_{first}_{second.split('_', 2)[2]}", at=LATER)


def test_only_a_hash_of_the_secret_is_stored(database: Database, keys: ApiKeys) -> None:
    _, token = new(keys)
    with database.reading() as connection:
        (row,) = connection.execute(select(api_keys)).all()
    assert token.split("_", 2)[2] not in " ".join(str(value) for value in row)
    assert len(row.secret_hash) == 64


def test_keys_are_listed_without_their_secrets(keys: ApiKeys) -> None:
    ids = {new(keys, role)[0] for role in Role}
    listed = keys.all()
    assert {key.key_id for key in listed} == ids
    assert not any("secret" in name for key in listed for name in vars(key))


def test_unknown_key_takes_as_long_as_a_wrong_secret(keys: ApiKeys) -> None:
    """Loose on purpose: it shows the absence of a short way out, not of a timing signal."""
    key_id, token = new(keys)
    tokens = wrong_tokens(key_id, token)
    known, unknown = tokens["other secret"], tokens["unknown id"]
    # In turns, so that whatever else the machine does falls upon both alike.
    measured = [(_seconds(keys, known), _seconds(keys, unknown)) for _ in range(40)]
    of_known, of_unknown = map(median, zip(*measured, strict=True))
    assert 0.4 < of_unknown / of_known < 2.5


def _seconds(keys: ApiKeys, token: str) -> float:
    began = time.perf_counter()
    with pytest.raises(CredentialsRefusedError):
        keys.authenticate(token, at=LATER)
    return time.perf_counter() - began


def test_the_holder_of_a_living_key_is_known_without_its_secret(keys: ApiKeys) -> None:
    key_id, token = new(keys, Role.ISSUER)
    assert keys.holder(key_id, at=LATER) == keys.authenticate(token, at=LATER)
    with pytest.raises(CredentialsRefusedError):
        keys.holder(key_id, at=END)
    keys.withdraw(key_id, at=LATER)
    with pytest.raises(CredentialsRefusedError):
        keys.holder(key_id, at=LATER)


def test_nobody_holds_an_unknown_key(keys: ApiKeys) -> None:
    with pytest.raises(CredentialsRefusedError):
        keys.holder("0123456789abcdef", at=LATER)


def test_token_of_a_shard_names_it(database: Database) -> None:
    keys = ApiKeys(database, shard="a")
    key_id, token = new(keys)
    assert token.startswith(f"rks_a_{key_id}_")
    assert keys.authenticate(token, at=LATER).actor == f"api-key:{key_id}"


def test_key_of_another_shard_is_sent_there(database: Database) -> None:
    with pytest.raises(KeyElsewhereError) as refusal:
        ApiKeys(database, shard="b").authenticate("rks_a_0123456789abcdef_secret", at=LATER)
    assert refusal.value.shard == "a"


def test_key_is_good_in_the_shard_that_was_split_off_with_a_copy_of_it(database: Database) -> None:
    key_id, token = new(ApiKeys(database, shard="a"))
    copied = ApiKeys(database, shard="b")
    assert copied.authenticate(token, at=LATER).actor == f"api-key:{key_id}"
    with pytest.raises(CredentialsRefusedError):
        copied.authenticate(token[:-1], at=LATER)


@pytest.mark.parametrize("token", ["rks_a_", "rks_a_0123456789abcdef_wrong", "rk_a_x"])
def test_wrong_key_of_this_shard_is_refused(database: Database, token: str) -> None:
    with pytest.raises(CredentialsRefusedError):
        ApiKeys(database, shard="a").authenticate(token, at=LATER)
