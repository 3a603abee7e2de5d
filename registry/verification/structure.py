"""Check that a document has the structure of a credential or a presentation (VCDM 2.0 §4)."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any, Final

from registry.domain.text import Text
from registry.formats import vcdm
from registry.formats.one_or_many import values_of
from registry.verification.checks import failed, passed
from registry.verification.report import Check

Document = dict[str, Any]

_NAME: Final = "structure"

# Whether these say what they should is for the checks of period and status to tell, which name it
# more precisely; a status that cannot be told is unknown, where a credential may be revoked too.
_PERIOD: Final = frozenset({"validFrom", "validUntil", "issuanceDate", "expirationDate"})
_STATUS_FIELD: Final = re.compile(r"credentialStatus(\[\d+\])?\.(id|status\w+(\[\d+\])?(\.\w+)?)")


def check_structure(document: Document, *, is_list: bool = False) -> Check:
    """Report the first rule for credentials that the document breaks, or that it breaks none.

    What a status list's subject says is left to whoever reads the list, with `is_list`.
    """
    found = vcdm.structural_problems(document, with_lists=not is_list)
    broken = _left_to_nobody_else(found, document)
    if is_list:
        broken = (one for one in broken if not one.field.startswith("credentialSubject."))
    return _check(next(iter(broken), None), "malformed-credential")


def check_presentation_structure(document: Document) -> Check:
    """Report the first rule for presentations that is broken; credentials come by themselves."""
    return _check(next(iter(vcdm.presentation_problems(document)), None), "malformed-presentation")


def issuer_of(document: Document) -> str:
    """Return the issuer's identifier from a document whose structure was found sound."""
    issuer = document["issuer"]
    return str(issuer["id"] if isinstance(issuer, dict) else issuer)


def types_of(document: Document) -> list[Any]:
    """Return the value of `type` as a list."""
    return values_of(document.get("type"))


def _left_to_nobody_else(
    problems: Sequence[vcdm.Problem], document: Document
) -> Iterator[vcdm.Problem]:
    for problem in problems:
        is_of_period = problem.field in _PERIOD and problem.field in document
        if not is_of_period and not _STATUS_FIELD.fullmatch(problem.field):
            yield problem


def _check(problem: vcdm.Problem | None, code: str) -> Check:
    if problem is None:
        return passed(_NAME, "structure-sound", looked_at="the document")
    rule = _RULES.get(_top(problem.field), _OTHER_RULE)
    check = failed(_NAME, code, looked_at=problem.field, field=problem.field, rule=rule).check
    return replace(check, problem_type=problem.problem_type)


def _top(field: str) -> str:
    return re.split(r"[.\[]", field, maxsplit=1)[0]


_TYPED = Text(
    pl="musi to być obiekt z podanym typem (albo tablica takich obiektów).",
    en="it must be an object with a type, or an array of such objects.",
)
_TEXT = Text(
    pl="musi to być tekst albo tekst z podanym językiem.",
    en="it must be a text, or a text with its language.",
)
_OTHER_RULE = Text(
    pl="jego postać jest niezgodna z modelem danych.",
    en="it is not as the data model requires.",
)
_RULES: Final[Mapping[str, Text]] = MappingProxyType(
    {
        "@context": Text(
            pl="musi to być tablica, która zaczyna się od kontekstu poświadczeń W3C.",
            en="it must be an array that begins with W3C's context of credentials.",
        ),
        "id": Text(
            pl="musi to być jeden adres URL albo pole należy pominąć.",
            en="it must be one URL, or be left out.",
        ),
        "type": Text(
            pl="musi wymieniać VerifiableCredential, a w prezentacji VerifiablePresentation.",
            en="it must name VerifiableCredential, or for a presentation VerifiablePresentation.",
        ),
        "issuer": Text(
            pl="musi to być adres URL wystawcy albo obiekt, którego id jest takim adresem.",
            en="it must be the issuer's URL, or an object whose id is one.",
        ),
        "holder": Text(
            pl="musi to być adres URL posiadacza albo obiekt, którego id jest takim adresem.",
            en="it must be the holder's URL, or an object whose id is one.",
        ),
        "credentialSubject": Text(
            pl="musi to być obiekt (albo tablica obiektów), który coś stwierdza.",
            en="it must be an object, or an array of objects, that says something.",
        ),
        "issuanceDate": Text(
            pl="poświadczenie w wersji 1.1 musi podawać datę wydania.",
            en="a credential of version 1.1 must give it.",
        ),
        "verifiableCredential": Text(
            pl="musi to być poświadczenie albo tablica poświadczeń, zapisanych jako obiekty.",
            en="it must be a credential or an array of credentials, each an object.",
        ),
        "relatedResource": Text(
            pl="każdy zasób musi mieć jeden adres URL i skrót zgodny z jego treścią.",
            en="each resource must have one URL and a digest that is that of its content.",
        ),
        "name": _TEXT,
        "description": _TEXT,
        "credentialStatus": _TYPED,
        "credentialSchema": _TYPED,
        "refreshService": _TYPED,
        "termsOfUse": _TYPED,
        "evidence": _TYPED,
        "proof": _TYPED,
    }
)
