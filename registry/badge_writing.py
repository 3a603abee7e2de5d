"""Write and sign the badges of a batch in a fraction of the whole way, and check some by it.

The quick way rests on forms and shapes that were learned from other documents. So of each batch, of
each form in it, one badge in a thousand, and one at least, is read again from its bytes and checked
with nothing that was learned, before anything is stored.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from typing import Final

import rfc8785
import structlog

from registry.badge_forms import BadgeForm, Likeness, Unsigned, likeness
from registry.domain.errors import RegistryError
from registry.formats import jws, vc_jwt
from registry.formats.canonical import check_terms
from registry.formats.data_integrity import ProofError, proofs, verify_proof
from registry.formats.multikey import decode_public_key
from registry.formats.shapes import Forms
from registry.formats.strict_json import loads
from registry.issuance import unsigned_document

CHECKED_OF: Final = 1_000
"""One badge of so many is checked by the whole way, and one of each form in a batch at least."""

log = structlog.get_logger(__name__)


class WronglyWrittenError(RegistryError):
    """A badge that was written from a shape is not what the whole way gives; none was issued."""


class BadgeWriter:
    """Secures badges; may be used from several threads at once.

    `make_forms` gives what remembers shapes, anew once a shape turned out wrong. `pick` gives a
    random number below another.
    """

    def __init__(
        self, *, public_url: str, make_forms: Callable[[], Forms], pick: Callable[[int], int]
    ) -> None:
        self._public_url = public_url
        self._make_forms = make_forms
        self._forms = make_forms()
        self._pick = pick

    def written(self, batch: Sequence[Unsigned]) -> list[bytes]:
        """Return each badge as it is handed out; raises WronglyWrittenError where a sample fails.

        Raises as `secure_credential` does for what cannot be secured.
        """
        forms: dict[Likeness, BadgeForm] = {}
        alike: dict[Likeness, list[int]] = defaultdict(list)
        bodies = []
        for place, unsigned in enumerate(batch):
            kind = likeness(unsigned.badge)
            if kind not in forms:
                forms[kind] = BadgeForm(unsigned.badge, public_url=self._public_url)
            alike[kind].append(place)
            bodies.append(forms[kind].secured(unsigned, self._forms))
        for places in alike.values():
            for place in self._sample(places):
                self._check(batch[place], bodies[place])
        return bodies

    def _sample(self, places: Sequence[int]) -> Iterator[int]:
        for first in range(0, len(places), CHECKED_OF):
            some = places[first : first + CHECKED_OF]
            yield some[self._pick(len(some))]

    def _check(self, unsigned: Unsigned, body: bytes) -> None:
        try:
            check_by_the_whole_way(unsigned, body, public_url=self._public_url)
        except WronglyWrittenError as error:
            self._forms = self._make_forms()
            badge = unsigned.badge
            log.critical(
                "badges were written wrongly, none of the batch was issued",
                issuer=str(badge.issuer.id),
                achievement=str(badge.achievement.id),
                reason=error.reason,
            )
            raise


def check_by_the_whole_way(unsigned: Unsigned, body: bytes, *, public_url: str) -> None:
    """Raise WronglyWrittenError unless a body says what the badge does, and is signed so.

    A JWT's signature is over its very bytes; of what it says the terms are looked at again.
    """
    read = _read_jwt if unsigned.badge.mechanism.is_jwt else _read_json
    try:
        said = read(unsigned, body)
    except (ValueError, rfc8785.CanonicalizationError) as error:
        raise _wrong(f"it does not verify: {error}") from error
    if said != unsigned_document(unsigned.badge, public_url=public_url):
        raise _wrong("it does not say what was ordered")


def _read_json(unsigned: Unsigned, body: bytes) -> object:
    document = loads(body)
    if rfc8785.dumps(document) != body:
        raise ProofError("its bytes are not the JCS form")
    [proof] = proofs(document)
    key = unsigned.signer.verification_method.partition("#")[2]
    verify_proof(document, proof, public_key=decode_public_key(key))
    return {name: value for name, value in document.items() if name != "proof"}


def _read_jwt(_: Unsigned, body: bytes) -> object:
    document = dict(vc_jwt.read(jws.parse(body.decode("ascii"))).document)
    check_terms(document)
    return document


def _wrong(reason: str) -> WronglyWrittenError:
    return WronglyWrittenError(reason, remedy="repeat the request; tell whoever runs the registry")
