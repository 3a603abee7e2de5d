"""Hold documents against the rules for credentials: VCDM 2.0 (W3C REC 2025-05-15) and 1.1.

Pure: nothing is fetched, no clock is read, no signature is looked at. A credential whose period is
over breaks no rule; what a rule cannot see, such as a resource that is not bundled, it leaves.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any, Final

from registry.formats import contexts as bundled
from registry.formats.canonical import ContextLoader
from registry.formats.vcdm import core, digests, extensions, status_lists
from registry.formats.vcdm.problem import (
    DATA_LOSS,
    LIST_LENGTH,
    MALFORMED,
    RANGE,
    NotIssuableError,
    Problem,
    Rule,
)
from registry.formats.vcdm.words import words

__all__ = [
    "DATA_LOSS",
    "LIST_LENGTH",
    "MALFORMED",
    "RANGE",
    "NotIssuableError",
    "Problem",
    "check_issuable",
    "presentation_problems",
    "problems",
    "structural_problems",
]

_CREDENTIAL: Final[tuple[Rule, ...]] = (
    core.context,
    core.identifier,
    core.type_includes("VerifiableCredential"),
    core.issuer,
    core.subject,
    core.names,
    extensions.typed_parts,
    extensions.related_resources,
    digests.digests,
    status_lists.entries,
    status_lists.lists,
)
_WITHOUT_LISTS: Final = tuple(rule for rule in _CREDENTIAL if rule is not status_lists.lists)
_PRESENTATION: Final[tuple[Rule, ...]] = (
    core.context,
    core.identifier,
    core.type_includes("VerifiablePresentation"),
    core.holder,
    core.presented,
    extensions.typed_parts,
)


def problems(document: Any, *, contexts: ContextLoader = bundled.load) -> Sequence[Problem]:
    """Return every rule a credential breaks: its structure first, then its words.

    Words are looked at only in a document whose structure is sound. Documents that were read from
    JSON are expected, of any shape; nothing is raised for what is in them.
    """
    found = structural_problems(document)
    return found or tuple(words(document, contexts))


def structural_problems(document: Any, *, with_lists: bool = True) -> Sequence[Problem]:
    """Return the rules of structure that a credential breaks, whatever its words mean.

    Without `with_lists`, what a status list holds is left to whoever reads the list anyway.
    """
    period = core.period_1 if _is_version_1(document) else core.period_2
    rules = _CREDENTIAL if with_lists else _WITHOUT_LISTS
    return tuple(_broken(document, (*rules, period)))


def presentation_problems(document: Any) -> Sequence[Problem]:
    """Return the rules of structure that a presentation breaks (VCDM 2.0 §4.13).

    The credentials in it are looked at only from outside: each is verified by itself.
    """
    return tuple(_broken(document, _PRESENTATION))


def check_issuable(document: Any, *, contexts: ContextLoader = bundled.load) -> None:
    """Raise NotIssuableError with every rule the document breaks, if it breaks any."""
    found = problems(document, contexts=contexts)
    if found:
        raise NotIssuableError(found)


def _is_version_1(document: Any) -> bool:
    return isinstance(document, dict) and core.is_version_1(document)


def _broken(document: Any, rules: Sequence[Rule]) -> Iterator[Problem]:
    if not isinstance(document, dict):
        yield Problem("the document", "it is not a JSON object.", "Send one JSON object.")
        return
    yield from chain.from_iterable(rule(document) for rule in rules)
