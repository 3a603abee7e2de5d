"""Build an endorsement of an issuer (Open Badges 3.0 §2.4 and class EndorsementCredential).

Its subject is the issuer's DID; what is endorsed, and how far, is said in one comment, in Polish
and in English, since the standard has one string for it.
"""

from dataclasses import dataclass
from typing import Any

from registry.formats.contexts import CREDENTIALS_V2, OPEN_BADGES_V3


@dataclass(frozen=True)
class Endorsement:
    """What an accreditor says of an issuer; ids are DIDs, instants RFC 3339 in UTC."""

    credential_id: str
    issuer_id: str
    accreditor_id: str
    accreditor_name: str
    accreditor_url: str
    scheme_pl: str
    scheme_en: str
    scheme_url: str
    scope: str
    valid_from: str
    valid_until: str | None = None

    @property
    def comment(self) -> str:
        """The statement, in both languages."""
        return (
            f"Akredytacja w systemie „{self.scheme_pl}”. Zakres: {self.scope}.\n\n"
            f"Accredited under “{self.scheme_en}”. Scope: {self.scope}.\n\n{self.scheme_url}"
        )


def build_endorsement(endorsement: Endorsement) -> dict[str, Any]:
    """Return the credential without its status entries and its proof."""
    document = {
        "@context": [CREDENTIALS_V2, OPEN_BADGES_V3],
        "id": endorsement.credential_id,
        "type": ["VerifiableCredential", "EndorsementCredential"],
        "name": f"{endorsement.scheme_pl} / {endorsement.scheme_en}",
        "issuer": {
            "id": endorsement.accreditor_id,
            "type": ["Profile"],
            "name": endorsement.accreditor_name,
            "url": endorsement.accreditor_url,
        },
        "validFrom": endorsement.valid_from,
        "credentialSubject": {
            "id": endorsement.issuer_id,
            "type": ["EndorsementSubject"],
            "endorsementComment": endorsement.comment,
        },
    }
    if endorsement.valid_until is not None:
        document["validUntil"] = endorsement.valid_until
    return document
