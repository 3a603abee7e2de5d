"""Canonicalise documents of a shape that was seen before, by filling their texts in.

A shape is a document without those texts that stand in its statements as they are: what is left are
its structure, its types and terms, its contexts. All documents of a shape make the same statements,
but for these texts, so JSON-LD has to be processed for the first of them alone. The canonical form
is then that of RDFC-1.0, byte for byte, for documents of others as well: blank nodes need no ids of
their own as long as no two of them say the same. Whatever has no shape takes the whole way.
"""

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Protocol

from registry.formats import contexts as bundled
from registry.formats import rdf
from registry.formats.canonical import check_nothing_empty, check_terms, jcs, rdfc, written_plainly
from registry.formats.json_ld import ContextLoader, expand
from registry.formats.rdf import CanonicalisationError, Canonicaliser, Digest
from registry.formats.shape_filling import Kept, Template, Texts
from registry.formats.shape_learning import (
    NoShapeError,
    Slots,
    marked,
    require_plain_contexts,
    slots_of,
    template_of,
)
from registry.formats.shape_memory import MAX_SIZE, Known
from registry.formats.shape_parts import Parts, parts_of
from registry.formats.statements import statements

# Learning takes time in proportion, and nobody may have to wait for it long.
MAX_TEXTS: Final = 2_000
MAX_CHARACTERS: Final = 131_072


class Forms(Protocol):
    """What puts documents into canonical form, and says whether their terms are defined."""

    def rdfc(self, document: dict[str, Any], *, digest: Digest = "sha256") -> bytes:
        """Return what `canonical.rdfc` returns, or raise what it raises."""
        ...

    def check_terms(self, document: dict[str, Any]) -> None:
        """Raise what `canonical.check_terms` raises."""
        ...

    def checked_jcs(self, document: dict[str, Any]) -> bytes:
        """Return what `canonical.jcs` returns, or raise what it or `check_terms` raises."""
        ...


@dataclass(frozen=True)
class WholeWay:
    """`Forms` by processing each document as JSON-LD."""

    contexts: ContextLoader = bundled.load
    canonicalise: Canonicaliser = rdf.canonicalise

    def rdfc(self, document: dict[str, Any], *, digest: Digest = "sha256") -> bytes:
        """Return the canonical N-Quads of a document."""
        contexts, canonicalise = self.contexts, self.canonicalise
        return rdfc(document, contexts=contexts, digest=digest, canonicalise=canonicalise)

    def check_terms(self, document: dict[str, Any]) -> None:
        """Raise unless every part of a document is defined by the contexts."""
        check_terms(document, contexts=self.contexts)

    def checked_jcs(self, document: dict[str, Any]) -> bytes:
        """Return the canonical JSON of a document whose terms are all defined."""
        self.check_terms(document)
        return jcs(document)


class Shapes:
    """`Forms` that remembers shapes, as many as a bounded memory holds.

    A shape is learned when its structure is met for the `learned_at`-th time, which takes about
    twice as long again as the whole way. Of documents of strangers most come once, so that the
    second time is soon enough for them. Templates are kept of up to `max_size` characters in all,
    those asked for last. May be used from several threads at once.
    """

    def __init__(
        self,
        *,
        contexts: ContextLoader = bundled.load,
        canonicalise: Canonicaliser = rdf.canonicalise,
        learned_at: int = 1,
        max_size: int = MAX_SIZE,
    ) -> None:
        self._whole_way = WholeWay(contexts, canonicalise)
        self._learned_at = learned_at
        self._known = Known(max_size)
        self._kept = Kept()

    def rdfc(self, document: dict[str, Any], *, digest: Digest = "sha256") -> bytes:
        """Return the canonical N-Quads of a document, exactly as `canonical.rdfc` does."""
        parts = parts_of(document)
        template = self._known.template(parts) if parts else None
        if parts and template:
            return self._filled(template, parts.texts, digest)
        form = self._whole_way.rdfc(document, digest=digest)
        self._meet(parts, document)
        return form

    def check_terms(self, document: dict[str, Any]) -> None:
        """Raise as `canonical.check_terms` does unless every part of a document is defined."""
        self._check_terms(document, parts_of(document))

    def checked_jcs(self, document: dict[str, Any]) -> bytes:
        """Return the canonical JSON of a document, exactly as `canonical.jcs` does.

        Raises as `check_terms` unless every part of the document is defined.
        """
        parts = parts_of(document)
        self._check_terms(document, parts)
        if parts is not None and self._known.is_plain(parts, document):
            with suppress(TypeError):
                return written_plainly(document)
        return jcs(document)

    def _check_terms(self, document: dict[str, Any], parts: Parts | None) -> None:
        if parts is not None and self._known.template(parts) is not None:
            return
        self._whole_way.check_terms(document)
        self._meet(parts, document)

    def _filled(self, template: Template, texts: Texts, digest: Digest) -> bytes:
        """Return the canonical form of a document with these texts."""
        try:
            form = template.fill(texts, self._kept, digest=digest)
        except UnicodeEncodeError as error:
            raise CanonicalisationError("a lone surrogate") from error
        if form is not None:
            return form
        # Some of its nodes look alike, and have to be compared.
        return self._whole_way.canonicalise(template.filled_quads(texts), digest=digest)

    def _meet(self, parts: Parts | None, document: dict[str, Any]) -> None:
        """Learn the shape of a document that has been found good, if it is time to."""
        if parts is None or not _is_worth_learning(parts):
            return
        if not self._known.is_to_be_learned(parts.structure, self._learned_at):
            return
        try:
            slots, template = self._learned(parts, document)
        except (NoShapeError, CanonicalisationError):
            self._known.fail(parts.structure)
        else:
            self._known.add(parts, slots, template)

    def _learned(self, parts: Parts, document: dict[str, Any]) -> tuple[Slots, Template]:
        check_nothing_empty(document)
        contexts, canonicalise = self._whole_way.contexts, self._whole_way.canonicalise
        require_plain_contexts(document, contexts)
        expanded = expand(marked(document, {}), contexts)
        slots = slots_of(expanded)
        template = template_of(document, parts.texts, slots=slots, contexts=contexts)
        if self._filled(template, parts.texts, "sha256") != canonicalise(statements(expanded)):
            raise NoShapeError("its statements come out otherwise")
        return slots, template


def _is_worth_learning(parts: Parts) -> bool:
    """Say whether a document is small enough to be one of a kind that is met again and again."""
    texts = parts.texts
    return len(texts) <= MAX_TEXTS and parts.length + sum(map(len, texts)) <= MAX_CHARACTERS
