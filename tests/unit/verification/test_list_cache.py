from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from registry.formats.data_integrity import (
    Cryptosuite,
    add_proof,
    proof_options,
    secure,
)
from registry.verification.list_cache import ListCache, OlderListError, VerifiedList, hold_of
from registry.verification.report import Verdict
from registry.verification.validity import Period
from tests.unit.verification.world import (
    INDEX,
    NOW,
    REVOCATION_URL,
    Document,
    Issuer,
    Key,
    Web,
    World,
    as_bytes,
    instant,
    only,
    revocation_entry,
)

MINUTE = timedelta(minutes=1)


def verified(
    url: str = REVOCATION_URL,
    *,
    age: timedelta | None = MINUTE,
    ends_in: timedelta = timedelta(days=1),
    ttl_ms: int | None = 300_000,
    size: int = 16_384,
) -> VerifiedList:
    return VerifiedList(
        url=url,
        issuer="did:web:registry.example",
        purposes=frozenset({"revocation"}),
        entry_size=None,
        period=Period(None if age is None else NOW - age, NOW + ends_in),
        ttl_ms=ttl_ms,
        bits=bytes(size),
    )


@pytest.mark.parametrize("signed_until", [timedelta(minutes=2), timedelta(days=2)])
def test_a_list_is_not_held_longer_than_its_signature(signed_until: timedelta) -> None:
    cache = ListCache()
    cache.accept(replace(verified(ttl_ms=3_600_000), signed_until=NOW + signed_until), now=NOW)
    held = cache.get(REVOCATION_URL, now=NOW + timedelta(minutes=2))
    assert (held is None) == (signed_until == timedelta(minutes=2))


def test_a_list_whose_signature_ended_is_asked_for_again(world: World, issuer: Issuer) -> None:
    options = proof_options(
        Cryptosuite.EDDSA_RDFC_2022,
        verification_method=issuer.key.verification_method,
        created=instant(),
        expires=instant(MINUTE),
    )
    document = issuer.unsigned_list(REVOCATION_URL, ttl_ms=86_400_000)
    credential = issuer.credential(credentialStatus=revocation_entry())
    issuer.web.pages[REVOCATION_URL] = as_bytes(add_proof(document, options, signer=issuer.key))
    assert world.verify(credential).verdict is Verdict.VALID
    report = world.verify(credential, now=NOW + timedelta(minutes=3))
    assert only(report, "status").code == "status-list-not-verified"


@pytest.mark.parametrize(
    ("ttl_ms", "seconds"),
    [
        (None, 300),
        (90_000, 90),
        (300_000, 300),
        (86_400_000, 86_400),
        (86_400_001, 86_400),
        (2**53, 86_400),
    ],
)
def test_a_list_is_held_for_its_ttl_within_bounds_or_up_to_a_tenth_less(
    ttl_ms: int | None, seconds: int
) -> None:
    held = hold_of(verified(ttl_ms=ttl_ms))
    assert timedelta(seconds=0.9 * seconds) <= held <= timedelta(seconds=seconds)


@pytest.mark.parametrize("ttl_ms", [0, 1, 60_000])
def test_no_list_is_held_for_less_than_a_minute(ttl_ms: int) -> None:
    assert hold_of(verified(ttl_ms=ttl_ms)) == MINUTE


def test_lists_that_were_fetched_together_are_not_all_fetched_again_together() -> None:
    held = [hold_of(verified(f"https://registry.example/lists/{n}")) for n in range(1_000)]
    assert len(set(held)) > 990
    for tenth in range(10):
        least = timedelta(seconds=270 + 3 * tenth)
        assert 60 < sum(least <= one < least + timedelta(seconds=3) for one in held) < 140


def test_a_list_is_held_for_the_same_time_each_time() -> None:
    assert hold_of(verified()) == hold_of(verified())


def test_any_url_has_a_share() -> None:
    assert hold_of(verified("https://registry.example/\ud800")) <= timedelta(seconds=300)


def test_a_list_is_held_until_its_ttl_is_over() -> None:
    cache, fetched = ListCache(), verified()
    cache.accept(fetched, now=NOW)
    over = NOW + hold_of(fetched)
    assert cache.get(REVOCATION_URL, now=over - timedelta(seconds=1)) is fetched
    assert cache.get(REVOCATION_URL, now=over) is None


def test_a_list_is_asked_for_again_when_it_ends_before_its_ttl() -> None:
    cache = ListCache()
    cache.accept(verified(ends_in=MINUTE), now=NOW)
    assert cache.get(REVOCATION_URL, now=NOW + MINUTE) is None


@pytest.mark.parametrize("age", [2 * MINUTE, None])
def test_a_list_older_than_one_seen_is_refused_long_after(age: timedelta | None) -> None:
    cache = ListCache()
    cache.accept(verified(age=MINUTE), now=NOW)
    with pytest.raises(OlderListError):
        cache.accept(verified(age=age), now=NOW + timedelta(hours=1))


def test_the_newer_list_is_used_when_an_older_one_arrives_after_it() -> None:
    cache, newer = ListCache(), verified(age=MINUTE)
    cache.accept(newer, now=NOW)
    assert cache.accept(verified(age=2 * MINUTE), now=NOW) is newer


def test_a_list_without_a_beginning_is_taken_until_one_with_it_was_seen() -> None:
    cache, undated = ListCache(), verified(age=None)
    assert cache.accept(undated, now=NOW) is undated
    assert cache.get(REVOCATION_URL, now=NOW) is undated


def test_the_oldest_lists_leave_when_there_are_too_many_but_their_floors_stay() -> None:
    cache = ListCache(max_bytes=40_000)
    for name in "abc":
        cache.accept(verified(f"https://lists.example/{name}"), now=NOW)
    held = [cache.get(f"https://lists.example/{name}", now=NOW) for name in "abc"]
    assert [one is not None for one in held] == [False, True, True]
    with pytest.raises(OlderListError):
        cache.accept(verified("https://lists.example/a", age=2 * MINUTE), now=NOW)


def test_a_verifier_refuses_a_list_older_than_it_has_seen(
    world: World, web: Web, issuer: Issuer
) -> None:
    credential = issuer.credential(credentialStatus=revocation_entry())
    issuer.publish_list(set_entries={}, valid_from=instant(-2 * MINUTE))
    before_revocation = web.pages[REVOCATION_URL]
    issuer.publish_list(set_entries={INDEX: 1}, valid_from=instant(-MINUTE))
    assert world.verify(credential).verdict is Verdict.REVOKED
    web.pages[REVOCATION_URL] = before_revocation
    assert world.verify(credential).verdict is Verdict.REVOKED, "still held"
    later = world.verify(credential, now=NOW + timedelta(seconds=300))
    assert later.verdict is Verdict.UNKNOWN
    assert only(later, "status").code == "status-list-older-than-seen"


def signed(document: Document, key: Key, *, at: str) -> Document:
    suite = Cryptosuite.EDDSA_RDFC_2022
    return secure(document, cryptosuite=suite, signer=key, created=at)


def test_an_old_list_that_somebody_countersigned_is_no_newer(
    world: World, web: Web, issuer: Issuer
) -> None:
    credential = issuer.credential(credentialStatus=revocation_entry())
    old = issuer.unsigned_list(REVOCATION_URL)
    new = issuer.unsigned_list(REVOCATION_URL, set_entries={INDEX: 1})
    web.pages[REVOCATION_URL] = as_bytes(signed(new, issuer.key, at=instant()))
    assert world.verify(credential).verdict is Verdict.REVOKED
    countersigned = signed(signed(old, issuer.key, at=instant(-MINUTE)), Key(), at=instant(MINUTE))
    web.pages[REVOCATION_URL] = as_bytes(countersigned)
    report = world.verify(credential, now=NOW + timedelta(seconds=300))
    assert only(report, "status").code == "status-list-older-than-seen"


def test_a_list_may_say_without_a_time_zone_when_it_was_signed(
    world: World, web: Web, issuer: Issuer
) -> None:
    document = issuer.unsigned_list(REVOCATION_URL)
    web.pages[REVOCATION_URL] = as_bytes(signed(document, issuer.key, at="2026-11-22T17:00:00"))
    credential = issuer.credential(credentialStatus=revocation_entry())
    assert world.verify(credential).verdict is Verdict.VALID


def test_a_list_from_the_future_does_not_raise_the_floor(world: World, issuer: Issuer) -> None:
    credential = issuer.credential(credentialStatus=revocation_entry())
    issuer.publish_list(
        valid_from=instant(timedelta(days=1)), valid_until=instant(timedelta(days=2))
    )
    assert world.verify(credential).verdict is Verdict.UNKNOWN
    issuer.publish_list()
    assert world.verify(credential).verdict is Verdict.VALID


def test_a_held_list_serves_only_credentials_of_its_own_issuer(
    world: World, web: Web, issuer: Issuer
) -> None:
    stranger = Issuer(web, "stranger")
    entry = revocation_entry()
    assert world.verify(issuer.credential(credentialStatus=entry)).verdict is Verdict.VALID
    report = world.verify(stranger.credential(credentialStatus=entry))
    assert only(report, "status").code == "status-list-other-issuer"


@pytest.mark.parametrize("signed_at", [NOW - 2 * MINUTE, None])
def test_of_lists_of_one_beginning_the_one_signed_earlier_is_refused(
    signed_at: datetime | None,
) -> None:
    cache = ListCache()
    cache.accept(replace(verified(), signed_at=NOW - MINUTE), now=NOW)
    with pytest.raises(OlderListError):
        cache.accept(replace(verified(), signed_at=signed_at), now=NOW + timedelta(hours=1))


def test_lists_without_a_beginning_are_told_apart_by_when_they_were_signed() -> None:
    cache = ListCache()
    cache.accept(replace(verified(age=None), signed_at=NOW - MINUTE), now=NOW)
    later = NOW + timedelta(hours=1)
    newer = replace(verified(age=None), signed_at=NOW)
    assert cache.accept(newer, now=later) is newer
    with pytest.raises(OlderListError):
        cache.accept(
            replace(verified(age=None), signed_at=NOW - MINUTE), now=later + timedelta(hours=1)
        )


def test_one_list_in_two_forms_may_be_signed_at_two_instants() -> None:
    cache, later = ListCache(), NOW + timedelta(hours=1)
    cache.accept(replace(verified(), signed_at=NOW), now=NOW)
    token = replace(verified(), signed_at=NOW - MINUTE, form="token")
    assert cache.accept(token, now=later) is token
    with pytest.raises(OlderListError):
        cache.accept(replace(verified(), signed_at=NOW - MINUTE), now=later + timedelta(hours=1))


def test_a_later_beginning_is_newer_whenever_it_was_signed() -> None:
    cache = ListCache()
    cache.accept(replace(verified(age=2 * MINUTE), signed_at=NOW), now=NOW)
    newer = replace(verified(age=MINUTE), signed_at=NOW - MINUTE)
    assert cache.accept(newer, now=NOW + timedelta(hours=1)) is newer
