"""Make published versions of lists again from the events, and hold them against the folder's."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

from projections.differences import Difference, Outcome
from projections.list_documents import (
    UnknownFormError,
    document_of,
    encoded_list_of,
    published_bytes,
    published_versions,
    terms_of,
    unsigned,
)
from projections.publish_folder import PublishedVersion, PublishFolder
from registry.domain.events import SigningKeyAdded, StatusListPublished
from registry.formats import bitstring, did, jws
from registry.formats.data_integrity import ProofError, verify_proof
from registry.formats.did import DidError
from registry.formats.jws import JwsError
from registry.formats.multikey import PublicKey, decode_public_key


@dataclass
class ListVersions:
    """Compares versions, every form of each; knows the public keys that were ever added."""

    folder: PublishFolder
    public_url: str
    outcome: Outcome
    keys: dict[str, str] = field(default_factory=dict)

    def add_key(self, added: SigningKeyAdded) -> None:
        """Take in a key, under each of the ids its issuer's document gives it."""
        owner = added.verification_method.partition("#")[0]
        # A key of a type unknown here verifies nothing: what it signed is named as a difference.
        with suppress(DidError):
            for is_jwt in (True, False):
                self.keys[did.method_id(owner, added.key, is_jwt=is_jwt)] = added.key

    def differences(self, event: StatusListPublished, bits: bytes | None) -> Iterator[Difference]:
        """Yield what is not as the events make it; `bits` are the list's as of `event.position`.

        They are None where no event before that one opened the list.
        """
        version = f"version {event.originator_version} of {event.list_id}"
        if bits is None:
            yield Difference(version, event.position, "no list", "a published version")
            return
        try:
            names = published_versions(event)
        except UnknownFormError as error:
            yield Difference(version, event.position, "a known form", str(error))
            return
        found = {name: self.folder.read(name, published) for name, published in names.items()}
        intact = [body for name, body in found.items() if _digest(body) == names[name].digest]
        document = self._document(event, bits, intact)
        for (name, published), recorded in zip(names.items(), event.representations, strict=True):
            what = f"version {event.originator_version} of {name}"
            for expected, other in self._in_form(found[name], published, recorded, document):
                yield Difference(what, event.position, expected, other)

    def _document(
        self, event: StatusListPublished, bits: bytes, intact: Iterable[bytes | None]
    ) -> dict[str, Any]:
        """Return the version's document as the events make it.

        Where the compressor that made it is not installed, the text of an intact form is taken
        over, provided that it unpacks to the same bits: the bytes then agree but for the
        compression.
        """
        try:
            text = bitstring.encode_with(bits, event.encoder)
        except bitstring.UnknownEncoderError:
            self.outcome.compared_by_bits += 1
            texts = (encoded_list_of(body) for body in intact if body)
            text = next((text for text in texts if bitstring.decode(text) == bits), "")
        return unsigned(self.public_url, terms_of(event), text)

    def _in_form(
        self,
        found: bytes | None,
        published: PublishedVersion,
        recorded: Mapping[str, str],
        document: dict[str, Any],
    ) -> Iterator[tuple[str, str]]:
        if found is None:
            yield "its bytes in the publish folder", "no file"
            return
        if _digest(found) != published.digest:
            yield published.digest, str(_digest(found))
        if published_bytes(document, recorded) != found:
            yield "the bytes the events make", "other bytes"
        yield from self._in_signature(found, recorded["verification_method"])

    def _in_signature(self, body: bytes, method: str) -> Iterator[tuple[str, str]]:
        if method not in self.keys:
            yield "a key of the issuer's", method
            return
        try:
            _verify(body, decode_public_key(self.keys[method]))
        except (ProofError, JwsError) as error:
            yield "a signature that verifies", str(error)


def _verify(body: bytes, key: PublicKey) -> None:
    if body.startswith(b"{"):
        document = document_of(body)
        verify_proof(document, document["proof"], public_key=key)
    else:
        jws.verify(jws.parse(body.decode("ascii")), key)


def _digest(body: bytes | None) -> str | None:
    return None if body is None else sha256(body).hexdigest()
