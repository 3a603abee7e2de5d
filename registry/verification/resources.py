"""Say what was not looked at: resources and schemas that a credential refers to (VCDM 2.0 §5.3).

Neither is fetched. A digest binds whoever retrieves the resource, and that of a bundled context is
compared with the structure; a schema adds an issuer's rules for its own data to those that were
checked. So both are told and decide nothing.
"""

from collections.abc import Sequence

from registry.formats.contexts import BUNDLED
from registry.formats.one_or_many import values_of
from registry.verification.checks import passed
from registry.verification.report import Check
from registry.verification.structure import Document


def check_references(document: Document) -> Sequence[Check]:
    """Return what to say of the related resources and schemas a sound document names."""
    urls = [str(one["id"]) for one in values_of(document.get("relatedResource"))]
    schemas = [str(one.get("id")) for one in values_of(document.get("credentialSchema"))]
    return [*map(_resource, urls), *map(_schema, schemas)]


def _resource(url: str) -> Check:
    code = "resource-unchanged" if url in BUNDLED else "resource-not-looked-at"
    return passed("resource", code, looked_at=url, resource=url)


def _schema(url: str) -> Check:
    return passed("schema", "schema-not-applied", looked_at=url)
