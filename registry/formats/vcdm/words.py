"""Words of a document that its contexts do not define, or that they try to redefine."""

from collections.abc import Iterator
from typing import Final

from registry.formats import canonical
from registry.formats.inline_contexts import InlineContextError
from registry.formats.vcdm.problem import DATA_LOSS, Document, Problem

_SHOWN_TERMS: Final = 10


def words(document: Document, contexts: canonical.ContextLoader) -> Iterator[Problem]:
    """Report what a signature would not cover, or what other readers would read otherwise.

    Terms and types no context defines, contexts that are not bundled, protected terms defined
    anew, ids that are not absolute, and all else `canonical.check_terms` refuses (VCDM 2.0 §5.2.1,
    Data Integrity 1.0 §4.4).
    """
    try:
        canonical.check_terms(document, contexts=contexts)
    except canonical.ContextNotBundledError as error:
        reason = f"no checked copy of {error.url!r} is at hand, so its words mean nothing here."
        yield Problem("@context", reason, "Use contexts that are bundled.", DATA_LOSS)
    except canonical.UndefinedTermError as error:
        named = ", ".join(error.terms[:_SHOWN_TERMS])
        reason = f"no context defines {named}, so no signature would cover it."
        remedy = "Correct the spelling, write types as absolute URLs, or add a context."
        yield Problem(error.terms[0], reason, remedy, DATA_LOSS)
    except InlineContextError as error:
        remedy = "Map each term to an absolute IRI of your own, or name a context by its URL."
        yield Problem("@context", f"{error}.", remedy, DATA_LOSS)
    except canonical.CanonicalisationError as error:
        remedy = "Write it in terms that the document's contexts define."
        yield Problem("the document", f"{error}.", remedy, DATA_LOSS)
