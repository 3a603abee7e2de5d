"""Verifiers by others take what the running registry issues, and refuse what was changed.

Each resolves the issuer's key and fetches the lists from the server itself. The two in JavaScript
call a revoked badge verified, for it is authentic; whoever asks them reads its status as well.
"""

import copy
import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft201909Validator
from openbadgeslib.ob3 import OB3LdpVerifier, OB3VerificationError
from openvc.did.base import DidResolverRegistry
from openvc.did.did_key import DidKeyResolver
from openvc.did.did_web import DidWebResolver
from openvc.errors import OpenvcError
from openvc.resolvers import default_status_list_resolver
from openvc.status.status_list import (
    CredentialRevoked,
    CredentialSuspended,
    check_credential_status,
)
from openvc.verify import VerificationPolicy, verify_credential

from registry.formats import bitstring, contexts
from tests.e2e.conftest import ROOT
from tests.e2e.javascript_verifiers import verify_digitalbazaar, verify_digitalcredentials
from tests.e2e.live_registry import Badge, Json, LiveRegistry, live_registry

__all__ = ["live_registry"]

SCHEMA = ROOT / "../shared/standards/ob3-schema/achievementcredential.json"
CONTEXTS = Path(contexts.__file__).parent

Verdicts = dict[str, Json]
Answer = dict[str, bool]


def is_rdfc(badge: Badge) -> bool:
    return bool(badge.document["proof"][0]["cryptosuite"] == "eddsa-rdfc-2022")


@pytest.fixture(scope="module")
def rdfc(live_registry: LiveRegistry) -> dict[str, Badge]:
    """The badges that are signed as Open Badges requires."""
    return {name: badge for name, badge in live_registry.badges.items() if is_rdfc(badge)}


@pytest.fixture(scope="module")
def jcs(live_registry: LiveRegistry) -> dict[str, Badge]:
    """The badges that are signed over their JSON instead."""
    return {name: badge for name, badge in live_registry.badges.items() if not is_rdfc(badge)}


def expected(badges: Mapping[str, Badge]) -> dict[str, Answer]:
    return {name: dict(badge.statuses) for name, badge in badges.items()}


# What a thief could change, and what a forger of lists could.


def later_end(document: Json) -> None:
    document["validUntil"] = "2199-12-31T23:59:59Z"


def other_title(document: Json) -> None:
    document["credentialSubject"]["achievement"]["name"] = "Doktorat"


def other_learner(document: Json) -> None:
    document["credentialSubject"]["id"] = "urn:uuid:00000000-0000-4000-8000-000000000000"


def other_index(document: Json) -> None:
    entry = document["credentialStatus"][0]
    entry["statusListIndex"] = str((int(entry["statusListIndex"]) + 1) % 131_072)


def no_status(document: Json) -> None:
    del document["credentialStatus"]


CHANGES = [later_end, other_title, other_learner, other_index, no_status]


def changed(document: Json, change: Callable[[Json], None]) -> Json:
    document = copy.deepcopy(document)
    change(document)
    return document


def forged_list(registry: LiveRegistry, badge: Badge) -> Json:
    """Return a badge's revocation list with its bit cleared and everything else as it was."""
    document: Json = json.loads(registry.fetch(badge.lists["revocation"]))
    bits = bytearray(bitstring.decode(document["credentialSubject"]["encodedList"]))
    index = int(badge.entries[0]["statusListIndex"])
    assert bits[index // 8] & 0x80 >> index % 8
    bits[index // 8] ^= 0x80 >> index % 8
    document["credentialSubject"]["encodedList"] = bitstring.encode(bytes(bits)).text
    return document


# npm @digitalbazaar/vc with vc-bitstring-status-list


def bundled_contexts() -> dict[str, Path]:
    """Return the file of each context that the registry carries."""
    files = {contexts_id(path): path for path in CONTEXTS.glob("*.json")}
    return {url: path for url, path in files.items() if url is not None}


def contexts_id(path: Path) -> str | None:
    """Return the URL under which a file is bundled."""
    document = json.loads(path.read_bytes())
    return next((url for url in contexts.BUNDLED if contexts.load(url) == document), None)


@pytest.fixture(scope="module")
def digitalbazaar(live_registry: LiveRegistry) -> Callable[..., list[Json]]:
    def verify(*documents: Json, lists: Mapping[str, Path] | None = None) -> list[Json]:
        return verify_digitalbazaar(
            documents,
            ca_file=live_registry.ca_file,
            contexts={**bundled_contexts(), **(lists or {})},
        )

    return verify


def test_digitalbazaar_verifies_every_badge_and_reads_its_status(
    digitalbazaar: Callable[..., list[Json]], rdfc: dict[str, Badge]
) -> None:
    found = dict(zip(rdfc, digitalbazaar(*(b.document for b in rdfc.values())), strict=True))
    assert {name: one["error"] for name, one in found.items()} == dict.fromkeys(rdfc)
    assert all(one["verified"] is True for one in found.values()), "revoked ones are authentic too"
    assert {name: _statuses(one) for name, one in found.items()} == expected(rdfc)


def test_digitalbazaar_refuses_a_changed_badge(
    digitalbazaar: Callable[..., list[Json]], rdfc: dict[str, Badge]
) -> None:
    documents = [changed(rdfc["valid"].document, change) for change in CHANGES]
    for one in digitalbazaar(*documents):
        assert one["verified"] is False
        assert "Invalid signature" in one["error"]


def test_digitalbazaar_refuses_a_list_from_which_a_revocation_was_removed(
    digitalbazaar: Callable[..., list[Json]],
    live_registry: LiveRegistry,
    rdfc: dict[str, Badge],
    tmp_path: Path,
) -> None:
    badge = rdfc["revoked"]
    forged = _written(tmp_path, forged_list(live_registry, badge))
    (one,) = digitalbazaar(badge.document, lists={badge.lists["revocation"]: forged})
    assert one["verified"] is False
    assert "Invalid signature" in one["error"]


def test_digitalbazaar_refuses_a_list_of_another_purpose(
    digitalbazaar: Callable[..., list[Json]],
    live_registry: LiveRegistry,
    rdfc: dict[str, Badge],
    tmp_path: Path,
) -> None:
    badge = rdfc["revoked"]
    other = json.loads(live_registry.fetch(badge.lists["suspension"]))
    (one,) = digitalbazaar(
        badge.document, lists={badge.lists["revocation"]: _written(tmp_path, other)}
    )
    assert one["verified"] is False


def _written(folder: Path, document: Json) -> Path:
    path = folder / "list.json"
    path.write_text(json.dumps(document))
    return path


def _statuses(verdict: Json) -> Answer:
    return {one["purpose"]: one["status"] for one in verdict["statuses"]}


# npm @digitalcredentials/verifier-core, which is what VerifierPlus runs


@pytest.fixture(scope="module")
def digitalcredentials(live_registry: LiveRegistry) -> Callable[..., list[Json]]:
    def verify(*documents: Json, files: Mapping[str, Path] | None = None) -> list[Json]:
        return verify_digitalcredentials(
            documents, ca_file=live_registry.ca_file, schemas=files or {}
        )

    return verify


def test_digitalcredentials_verifies_every_badge_and_reads_its_status(
    digitalcredentials: Callable[..., list[Json]], rdfc: dict[str, Badge]
) -> None:
    found = dict(zip(rdfc, digitalcredentials(*(b.document for b in rdfc.values())), strict=True))
    assert {name: one["error"] for name, one in found.items()} == dict.fromkeys(rdfc)
    assert all(one["verified"] is True for one in found.values())
    assert {name: _statuses(one) for name, one in found.items()} == expected(rdfc)


def test_digitalcredentials_refuses_a_changed_badge(
    digitalcredentials: Callable[..., list[Json]], rdfc: dict[str, Badge]
) -> None:
    documents = [changed(rdfc["valid"].document, change) for change in CHANGES]
    for one in digitalcredentials(*documents):
        assert one["verified"] is False
        assert "invalid_signature" in one["error"]


def test_digitalcredentials_refuses_a_list_from_which_a_revocation_was_removed(
    digitalcredentials: Callable[..., list[Json]],
    live_registry: LiveRegistry,
    rdfc: dict[str, Badge],
    tmp_path: Path,
) -> None:
    badge = rdfc["revoked"]
    forged = _written(tmp_path, forged_list(live_registry, badge))
    (one,) = digitalcredentials(badge.document, files={badge.lists["revocation"]: forged})
    assert one["verified"] is False
    assert "status_list_signature_error" in one["error"]


def test_digitalcredentials_does_not_know_proofs_over_json(
    digitalcredentials: Callable[..., list[Json]], jcs: dict[str, Badge]
) -> None:
    """Which is what the registry warns of when such an achievement is defined."""
    found = digitalcredentials(*(badge.document for badge in jcs.values()))
    assert [one["verified"] for one in found] == [False] * len(jcs)


# PyPI openbadgeslib


def openbadgeslib_verifies(registry: LiveRegistry, document: Json, **options: Any) -> Any:
    """Verify; raises OB3VerificationError. Keys and lists come from the server."""
    return OB3LdpVerifier().verify(json.dumps(document), download=registry.fetch, **options)


def test_openbadgeslib_verifies_every_proof(
    live_registry: LiveRegistry, rdfc: dict[str, Badge]
) -> None:
    for badge in rdfc.values():
        credential = openbadgeslib_verifies(live_registry, badge.document)
        assert credential.issuer.id == badge.document["issuer"]["id"]


def test_openbadgeslib_binds_a_badge_to_its_learner(
    live_registry: LiveRegistry, rdfc: dict[str, Badge]
) -> None:
    """By the subject's id alone: it does not read the hashed identity beside it."""
    document = rdfc["valid"].document
    learner = document["credentialSubject"]["id"]
    openbadgeslib_verifies(live_registry, document, expected_recipient=learner)
    with pytest.raises(OB3VerificationError, match="Recipient mismatch"):
        openbadgeslib_verifies(live_registry, document, expected_recipient="urn:uuid:another")


def test_openbadgeslib_reads_the_bits_of_the_lists(
    live_registry: LiveRegistry, rdfc: dict[str, Badge]
) -> None:
    """Without their signatures: it knows signed lists only as JSON Web Tokens."""
    for badge in rdfc.values():
        reasons = [purpose for purpose, is_set in badge.statuses.items() if is_set]
        if not reasons:
            openbadgeslib_verifies(
                live_registry, badge.document, check_status=True, verify_status_list=False
            )
            continue
        with pytest.raises(OB3VerificationError, match=f"status '{reasons[0]}' is set"):
            openbadgeslib_verifies(
                live_registry, badge.document, check_status=True, verify_status_list=False
            )
    with pytest.raises(OB3VerificationError, match="not a signed JWT-VC"):
        openbadgeslib_verifies(live_registry, rdfc["valid"].document, check_status=True)


@pytest.mark.parametrize("change", CHANGES)
def test_openbadgeslib_refuses_a_changed_badge(
    live_registry: LiveRegistry, rdfc: dict[str, Badge], change: Callable[[Json], None]
) -> None:
    with pytest.raises(OB3VerificationError):
        openbadgeslib_verifies(live_registry, changed(rdfc["valid"].document, change))


def test_openbadgeslib_does_not_know_proofs_over_json(
    live_registry: LiveRegistry, jcs: dict[str, Badge]
) -> None:
    for badge in jcs.values():
        with pytest.raises(OB3VerificationError, match="eddsa-jcs-2022"):
            openbadgeslib_verifies(live_registry, badge.document)


# PyPI openvc-core


class Openvc:
    """The library as a relying party sets it up, with the server in the place of the Internet.

    `lists` are served instead of the server's, by their URL.
    """

    def __init__(self, registry: LiveRegistry, lists: Mapping[str, Json] | None = None) -> None:
        self._registry, self._lists = registry, lists or {}
        self._resolver = DidResolverRegistry(
            [DidKeyResolver(), DidWebResolver(lambda url: json.loads(registry.fetch(url)))]
        )
        self._contexts = {url: contexts.load(url) for url in contexts.BUNDLED}
        self._list = default_status_list_resolver(
            resolver=self._resolver, fetch=self._fetch, extra_contexts=self._contexts
        )

    def verify(self, document: Json) -> None:
        """Verify the proof, and each list by its own; raises OpenvcError, also for a set bit."""
        verify_credential(
            with_one_proof(document),
            policy=VerificationPolicy(require_status_issuer_binding=True),
            resolver=self._resolver,
            resolve_status_list=self._list,
            extra_contexts=self._contexts,
        )

    def bits(self, document: Json) -> Answer:
        """Return the bit of each entry, from lists whose proofs verify."""
        result = check_credential_status(document, resolve_status_list=self._list)
        return {one.entry.purpose: one.is_set for one in result.entries}

    def _fetch(self, url: str) -> str:
        document = self._lists.get(url)
        return json.dumps(document) if document else self._registry.fetch(url).decode()


def with_one_proof(document: Json) -> Json:
    """Return a badge with its proof by itself and not in an array, which openvc passes over.

    Data Integrity has both forms (VC-DI 1.0 §2.1.2), the schema of Open Badges the array alone.
    No signature covers the difference, for the proof is not part of what is signed.
    """
    (proof,) = document["proof"]
    return {**document, "proof": proof}


def test_openvc_verifies_every_badge_and_every_list_whatever_the_cryptosuite(
    live_registry: LiveRegistry,
) -> None:
    openvc = Openvc(live_registry)
    for name, badge in live_registry.badges.items():
        assert openvc.bits(badge.document) == badge.statuses, name
        with expected_of_openvc(badge):
            openvc.verify(badge.document)


def expected_of_openvc(badge: Badge) -> AbstractContextManager[Any]:
    """Return what must come of verifying a badge: nothing, or the error for its status."""
    if badge.statuses["revocation"]:
        return pytest.raises(CredentialRevoked)
    if badge.statuses.get("suspension"):
        return pytest.raises(CredentialSuspended)
    return nullcontext()


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("name", ["valid", "jcs"])
def test_openvc_refuses_a_changed_badge(
    live_registry: LiveRegistry, name: str, change: Callable[[Json], None]
) -> None:
    document = live_registry.badges[name].document
    Openvc(live_registry).verify(document)
    with pytest.raises(OpenvcError) as refusal:
        Openvc(live_registry).verify(changed(document, change))
    assert_inauthentic(refusal.value)


@pytest.mark.parametrize("name", ["revoked", "of did:key, revoked", "jcs revoked"])
def test_openvc_refuses_a_list_from_which_a_revocation_was_removed(
    live_registry: LiveRegistry, name: str
) -> None:
    badge = live_registry.badges[name]
    forged = forged_list(live_registry, badge)
    with pytest.raises(OpenvcError) as refusal:
        Openvc(live_registry, {badge.lists["revocation"]: forged}).verify(badge.document)
    assert_inauthentic(refusal.value)


def test_openvc_refuses_a_list_of_another_purpose_or_of_another_issuer(
    live_registry: LiveRegistry,
) -> None:
    badge, other = live_registry.badges["revoked"], live_registry.badges["of did:key"]
    for url in (badge.lists["suspension"], other.lists["revocation"]):
        swapped = json.loads(live_registry.fetch(url))
        with pytest.raises(OpenvcError) as refusal:
            Openvc(live_registry, {badge.lists["revocation"]: swapped}).verify(badge.document)
        assert_inauthentic(refusal.value)


def assert_inauthentic(error: OpenvcError) -> None:
    """Assert that it was refused for being forged, and not for its status."""
    assert not isinstance(error, CredentialRevoked | CredentialSuspended)


# The JSON Schema that 1EdTech publishes


@pytest.fixture(scope="module")
def schema() -> Draft201909Validator:
    if not SCHEMA.is_file():
        pytest.skip("the published schema is kept in ../shared/standards, which is not here")
    return Draft201909Validator(json.loads(SCHEMA.read_bytes()))


@pytest.mark.parametrize("name", ["strict", "strict revoked"])
def test_badge_of_the_profile_ob_strict_satisfies_the_schema_throughout(
    schema: Draft201909Validator, live_registry: LiveRegistry, name: str
) -> None:
    schema.validate(live_registry.badges[name].document)


def test_badge_of_the_default_profile_differs_only_in_having_two_status_entries(
    schema: Draft201909Validator, live_registry: LiveRegistry
) -> None:
    for name, badge in live_registry.badges.items():
        faults = list(schema.iter_errors(badge.document))
        where = {tuple(fault.absolute_path) for fault in faults}
        assert where == (set() if "strict" in name else {("credentialStatus",)})
        for entry in badge.entries:
            schema.validate({**badge.document, "credentialStatus": entry})
