"""Check who signed a document: its contexts, its owner's DID document and the signatures."""

from collections.abc import Sequence
from datetime import datetime

from registry.formats import canonical
from registry.verification.checks import failed, passed
from registry.verification.compromised import OwnIssuers, not_told, with_compromised_keys
from registry.verification.did_documents import DidDocuments
from registry.verification.opening import Opened
from registry.verification.owners import Owner
from registry.verification.proofs import Means, check_proofs, not_readable
from registry.verification.report import Check, CheckError, Outcome
from registry.verification.roles import Role
from registry.verification.tokens import check_token
from registry.verification.vocabulary import check_vocabulary


class Authenticity:
    """Checks documents against the keys of whoever they say they are from."""

    def __init__(
        self, did_documents: DidDocuments, *, means: Means, own_issuers: OwnIssuers | None = None
    ) -> None:
        self._did_documents = did_documents
        self._means = means
        self._own_issuers = own_issuers

    def check(self, opened: Opened, *, did: str, role: Role, now: datetime) -> Sequence[Check]:
        """Report on contexts, owner and signatures, stopping where the next has nothing to go on.

        `did` is who should have signed. A document is authentic if there is a check named proof
        and every check passed.
        """
        is_token = opened.token is not None
        contexts = self._means.contexts
        vocabulary = check_vocabulary(opened.document, contexts=contexts, is_token=is_token)
        if vocabulary.outcome is not Outcome.PASSED:
            return [vocabulary]
        if not is_signed(opened):
            return [vocabulary, failed("proof", "no-proof", looked_at="proof").check]
        try:
            document = self._did_documents.document(did, owner=role.owner, now=now)
        except CheckError as error:
            return [vocabulary, error.check]
        found = passed(role.owner, role.found, looked_at=did)
        owner = Owner(document, role, self._did_documents, now)
        signatures = self._signatures(opened, owner)
        return [vocabulary, found, *self._by_compromised_keys(opened, owner, signatures)]

    def _by_compromised_keys(
        self, opened: Opened, owner: Owner, checks: Sequence[Check]
    ) -> Sequence[Check]:
        """Report anew on signatures whose key left the document because others may hold it."""
        if self._own_issuers is None:
            return checks
        compromised = self._own_issuers.compromised(owner.did)
        if not compromised:
            return checks
        as_before, since = with_compromised_keys(owner, compromised)
        if any(check.code == "key-not-authorised" for check in checks):
            checks = self._signatures(opened, as_before)
        # The document that is published may still have the key: it is replaced a little later.
        return [not_told(check, since) for check in checks]

    def _signatures(self, opened: Opened, owner: Owner) -> Sequence[Check]:
        checks: list[Check] = []
        if opened.token is not None:
            checks.append(check_token(opened.token, owner))
            checks += self._terms(opened)
        if "proof" in opened.document:
            checks += check_proofs(opened.document, owner, means=self._means)
        return checks

    def _terms(self, opened: Opened) -> Sequence[Check]:
        """Report words of a token that mean nothing; proofs look at theirs by themselves."""
        try:
            self._means.require_time()
            self._means.forms.check_terms(opened.document)
        except (canonical.CanonicalisationError, canonical.ContextNotBundledError) as error:
            return [not_readable(error).check]
        except CheckError as error:
            return [error.check]
        return []


def is_signed(opened: Opened) -> bool:
    """Say whether there is a signature to be looked at, be it right or wrong."""
    return opened.token is not None or "proof" in opened.document
