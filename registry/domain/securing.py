"""Name the ways a credential and its status lists are secured, and the keys each way needs.

Events keep these names in their field `cryptosuite`, so none may ever change its meaning.
"""

from enum import StrEnum


class KeyType(StrEnum):
    """A type of signing key; RSA keys have 2,048 bits or more."""

    ED25519 = "Ed25519"
    P256 = "P-256"
    P384 = "P-384"
    RSA = "RSA"


class Mechanism(StrEnum):
    """A securing mechanism: a Data Integrity cryptosuite and its curve, or a JOSE profile.

    `vc-jwt` is W3C's VC-JOSE-COSE (media type `application/vc+jwt`), `ob-jwt` the VC-JWT format
    of Open Badges 3.0 §8.2, which its own validator wants.
    """

    EDDSA_RDFC_2022 = "eddsa-rdfc-2022"
    EDDSA_JCS_2022 = "eddsa-jcs-2022"
    ECDSA_RDFC_2019_P256 = "ecdsa-rdfc-2019-p256"
    ECDSA_RDFC_2019_P384 = "ecdsa-rdfc-2019-p384"
    ECDSA_JCS_2019_P256 = "ecdsa-jcs-2019-p256"
    ECDSA_JCS_2019_P384 = "ecdsa-jcs-2019-p384"
    VC_JWT_ED25519 = "vc-jwt-ed25519"
    VC_JWT_ES256 = "vc-jwt-es256"
    VC_JWT_ES384 = "vc-jwt-es384"
    OB_JWT_ES256 = "ob-jwt-es256"
    OB_JWT_RS256 = "ob-jwt-rs256"

    @property
    def key_type(self) -> KeyType:
        """The type of the key that signs."""
        return _KEY_TYPES[self.rpartition("-")[2]]

    @property
    def is_jwt(self) -> bool:
        """Whether the credential is a compact JWT instead of JSON with an embedded proof."""
        return self.startswith(("vc-jwt-", "ob-jwt-"))


_KEY_TYPES = {
    "2022": KeyType.ED25519,
    "ed25519": KeyType.ED25519,
    "p256": KeyType.P256,
    "es256": KeyType.P256,
    "p384": KeyType.P384,
    "es384": KeyType.P384,
    "rs256": KeyType.RSA,
}
