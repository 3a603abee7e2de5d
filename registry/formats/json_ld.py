"""Expand JSON-LD 1.1 documents without losing a word of them (Data Integrity 1.0 §4.4).

JSON-LD drops what it cannot place: undefined terms, relative ids, nulls. What is dropped is not
signed, and can be changed unseen. Everything that would be dropped is refused here, and so is what
credentials do not need: keywords beyond six, and contexts that are written in the document and do
more than name terms of its own.
"""

import copy
import math
from collections.abc import Callable, Iterable
from functools import lru_cache
from threading import get_ident
from typing import Any, Final

from pyld.context_resolver import ContextResolver
from pyld.jsonld import JsonLdError, JsonLdProcessor

from registry.formats.inline_contexts import MAX_TERMS, check_inline_context, unwrapped
from registry.formats.one_or_many import as_list
from registry.formats.rdf import CanonicalisationError
from registry.formats.strict_json import MAX_INTEGER

ContextLoader = Callable[[str], dict[str, Any]]

# A context costs about a millisecond each time it is applied to one it has not met lately.
MAX_CONTEXTS: Final = 256
# Objects, arrays and scalars; 20,000 statements have fewer.
MAX_VALUES: Final = 40_000

# Results of applying a scoped context, for each thread and set of contexts.
MAX_APPLIED: Final = 256
# Contexts PyLD keeps; those bundled come to some 200, and documents may bring their own.
MAX_RESOLVED: Final = 1_024

_KEYWORDS: Final = frozenset({"@context", "@id", "@type", "@value", "@language", "@direction"})


class UndefinedTermError(CanonicalisationError):
    """A document uses terms or types that none of its contexts defines."""

    problem_type = "https://w3id.org/security#DATA_LOSS_DETECTION_ERROR"

    def __init__(self, terms: Iterable[str]) -> None:
        self.terms = tuple(sorted(terms))
        super().__init__(f"not defined by any context: {', '.join(self.terms)[:500]}")


def expand(document: dict[str, Any], contexts: ContextLoader) -> list[dict[str, Any]]:
    """Return the expanded form of a document, or raise for anything expansion would lose.

    Contexts come from `contexts` alone, which answers the same for a URL every time and raises
    for the URLs it refuses. Raises UndefinedTermError, InlineContextError and
    CanonicalisationError. Relative names are kept as they are.
    """
    options = _options(document, contexts)
    dropped: list[str | None] = []
    try:
        expanded: list[dict[str, Any]] = _Processor(dropped.append).expand(_Json(document), options)
    except JsonLdError as error:
        raise CanonicalisationError(f"not JSON-LD: {_code(error)}") from error
    if dropped:
        # PyLD gives no name for a term that a context maps to nothing.
        raise UndefinedTermError({name or "(a term mapped to nothing)" for name in dropped})
    return expanded


class _Json(dict[str, Any]):
    """A document for PyLD, which copies what it reads: JSON needs less care than Python objects."""

    def __deepcopy__(self, _memo: object) -> dict[str, Any]:
        return {name: _copied(value) for name, value in self.items()}


def _copied(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _copied(member) for name, member in value.items()}
    return [_copied(item) for item in value] if isinstance(value, list) else value


class _Processor(JsonLdProcessor):  # type: ignore[misc] # PyLD has no types
    """A processor that applies the same scoped context to the same active one only once.

    PyLD makes a type's context anew at every node of that type, which is most of its time. Active
    contexts are told apart by the `_uuid` PyLD gives each, and are never changed once applied.
    """

    def _process_context(  # noqa: PLR0917 - PyLD's own signature
        self,
        active_ctx: dict[str, Any],
        local_ctx: Any,
        options: dict[str, Any],
        override_protected: Any = False,  # noqa: FBT002 - as in PyLD
        propagate: Any = True,  # noqa: FBT002 - as in PyLD
        validate_scoped: Any = True,  # noqa: FBT002 - as in PyLD
        cycles: Any = None,
    ) -> Any:
        flags = (override_protected, propagate, validate_scoped)
        if "_uuid" not in active_ctx or cycles:
            return super()._process_context(active_ctx, local_ctx, options, *flags, cycles)
        applied: _Applied = options["contextResolver"].applied
        key = (active_ctx["_uuid"], _identity(local_ctx), *flags)
        if key not in applied:
            if len(applied) >= MAX_APPLIED:
                applied.clear()
            made = super()._process_context(active_ctx, local_ctx, options, *flags, cycles)
            applied[key] = (local_ctx, made)
        return applied[key][1]


_Applied = dict[tuple[Any, ...], tuple[Any, Any]]


def _identity(local_ctx: Any) -> object:
    # A context that is an object belongs to a term, and the entry keeps it alive.
    return str(local_ctx) if isinstance(local_ctx, str | list) else id(local_ctx)


def _code(error: JsonLdError) -> str | None:
    # PyLD wraps errors in errors, and its messages quote the document: the code is enough.
    inner = error.__cause__
    return _code(inner) if isinstance(inner, JsonLdError) else error.code


def _options(document: dict[str, Any], contexts: ContextLoader) -> dict[str, Any]:
    """Screen a document, ask for each of its contexts once, and return how PyLD is to read it."""
    for url in _screen(document):
        contexts(url)
    resolver = _resolver(contexts, get_ident())
    resolver.forget_beyond(MAX_RESOLVED)
    # With no base at all, PyLD would resolve relative ids against one of its own.
    return {"base": None, "contextResolver": resolver}


@lru_cache(maxsize=256)
def _resolver(contexts: ContextLoader, _thread: int) -> "_Resolver":
    """Keep processed contexts, which is most of the time; PyLD's cache is for one thread only."""

    def load(url: str, _options: object) -> dict[str, Any]:
        # PyLD rewrites contexts in place.
        document = copy.deepcopy(contexts(url))
        return {"document": document, "documentUrl": url, "contextUrl": None, "tag": "static"}

    return _Resolver({}, load)


class _Resolver(ContextResolver):  # type: ignore[misc] # PyLD has no types
    """PyLD's resolver, with what was applied of the contexts it resolved."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.applied: _Applied = {}

    def forget_beyond(self, limit: int) -> None:
        """Forget every context once there are more than a limit: PyLD itself never does."""
        if len(self.per_op_cache) > limit:
            self.per_op_cache.clear()
            self.shared_cache.clear()


def _screen(document: dict[str, Any]) -> set[str]:
    """Return the contexts a document names, refusing what expansion would drop without a word."""
    entries: list[object] = []
    rest: list[object] = [document]
    seen = 0
    while rest:
        value = rest.pop()
        seen += 1
        if isinstance(value, dict):
            _check_members(value)
            entries += as_list(value.get("@context", []))
            rest += [member for key, member in value.items() if key != "@context"]
        elif isinstance(value, list):
            rest += value
        else:
            _check_scalar(value)
        if seen > MAX_VALUES or len(entries) > MAX_CONTEXTS:
            raise CanonicalisationError("more values or contexts than a credential has")
    return _urls(entries)


def _check_members(members: dict[str, Any]) -> None:
    for key in members:
        if key.startswith("@") and key not in _KEYWORDS:
            raise CanonicalisationError(f"the keyword {key[:20]!r} is not used in credentials")
    if members.keys() & {"@language", "@direction"} and "@value" not in members:
        raise CanonicalisationError("a language without a text would not be signed")


def _check_scalar(value: object) -> None:
    if isinstance(value, str):
        return
    match value:
        case None:
            raise CanonicalisationError("null says nothing and would not be signed")
        case int() if abs(value) > MAX_INTEGER:
            raise CanonicalisationError("an integer beyond 2**53 - 1")
        case float() if not math.isfinite(value):
            raise CanonicalisationError("a number that is not finite")


def _urls(entries: Iterable[object]) -> set[str]:
    """Return the URLs among a document's contexts, having checked those written out."""
    urls = set()
    terms = 0
    for entry in entries:
        match entry:
            case str():
                urls.add(entry)
            case dict():
                check_inline_context(entry)
                terms += len(unwrapped(entry))
            case _:
                raise CanonicalisationError("a context that is neither a URL nor an object")
    if terms > MAX_TERMS:
        raise CanonicalisationError(f"contexts of more than {MAX_TERMS:,} terms in the document")
    return urls
