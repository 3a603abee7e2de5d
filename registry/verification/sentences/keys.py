"""What is said about whose document it is: DIDs, keys and proofs."""

from collections.abc import Mapping
from typing import Final

from registry.verification.sentences.sentence import (
    CONTROLLER,
    METHOD,
    PROOF,
    RELATIONSHIP,
    SECURITY,
    Sentence,
)

SENTENCES: Final[Mapping[str, Sentence]] = {
    # ------------------------------------------------------------ DIDs
    "issuer-found": Sentence(
        "Znaleziono dokument DID wystawcy, w którym podaje on swoje klucze.",
        "The issuer's DID document was found; it lists the issuer's keys.",
    ),
    "did-malformed": Sentence(
        "Identyfikator {did} nie jest poprawnym identyfikatorem DID.",
        "The identifier {did} is not a DID that can be used.",
        CONTROLLER,
    ),
    "did-method-not-supported": Sentence(
        "Identyfikator {did} nie jest typu did:key, did:web ani did:jwk, a innych weryfikator "
        "nie obsługuje.",
        "The identifier {did} is neither a did:key, a did:web nor a did:jwk; others are not "
        "supported.",
        CONTROLLER,
    ),
    "did-document-unreachable": Sentence(
        "Nie udało się pobrać dokumentu DID spod adresu {url}: {reason}",
        "The DID document could not be fetched from {url}: {reason}",
        CONTROLLER,
    ),
    "did-document-malformed": Sentence(
        "Pod adresem {url} jest coś innego niż dokument DID.",
        "What {url} answers is not a DID document.",
        CONTROLLER,
    ),
    "did-document-mismatch": Sentence(
        "Dokument pobrany dla {did} dotyczy kogo innego.",
        "The document fetched for {did} is somebody else's.",
        CONTROLLER,
    ),
    # ------------------------------------------------------------ keys
    "key-not-named": Sentence(
        "Podpis nie mówi, którym kluczem go złożono.",
        "The signature does not name the key it was made with.",
        METHOD,
    ),
    "key-not-the-issuers": Sentence(
        "Klucz {key} nie należy do wystawcy, więc podpisał ktoś inny.",
        "The key {key} is not the issuer's, so somebody else signed this.",
        METHOD,
    ),
    "key-not-the-holders": Sentence(
        "Klucz {key} nie należy do posiadacza, więc podpisał ktoś inny.",
        "The key {key} is not the holder's, so somebody else signed this.",
        METHOD,
    ),
    "key-not-authorised": Sentence(
        "Właściciel klucza {key} nie przeznaczył go do takich podpisów albo go wycofał.",
        "The owner of the key {key} does not let it sign such documents, or has withdrawn it.",
        RELATIONSHIP,
    ),
    "key-compromised": Sentence(
        "Klucz {key}, którym to podpisano, mógł od {since} być w obcych rękach, więc podpis "
        "niczego nie dowodzi. Warto poprosić wystawcę o nowe poświadczenie.",
        "The key {key} that signed this may have been in others' hands since {since}, so the "
        "signature proves nothing; ask the issuer for a new credential.",
        RELATIONSHIP,
    ),
    "key-type-not-supported": Sentence(
        "Klucz {key} jest rodzaju, którego weryfikator nie obsługuje: {type}.",
        "The key {key} is of a kind that is not supported: {type}.",
        METHOD,
    ),
    # ---------------------------------------------------------- proofs
    "signature-verified": Sentence(
        "Podpis złożono kluczem, który do tego służy, i od tego czasu niczego nie zmieniono.",
        "The signature is by a key meant for it, and nothing was changed since.",
    ),
    "countersigned": Sentence(
        "Poświadczenie podpisał także {signer}, a jego podpis jest poprawny.",
        "The credential was signed by {signer} as well, and that signature is right.",
    ),
    "countersignature-not-checked": Sentence(
        "Podpis złożony kluczem {key} nie należy do wystawcy. Nie sprawdzono go, bo nie wiadomo, "
        "czy poświadczenie pochodzi od wystawcy.",
        "The signature with the key {key} is not the issuer's; it was not checked, since it is "
        "not known whether the credential is the issuer's.",
        PROOF,
    ),
    "no-proof": Sentence(
        "Brakuje podpisu, więc nic nie świadczy o tym, kto to wystawił. Warto poprosić "
        "o podpisane poświadczenie.",
        "A proof is missing, so nothing shows who issued this; ask for the signed credential.",
        PROOF,
    ),
    "too-many-proofs": Sentence(
        "Dokument ma więcej niż {most} podpisów, za dużo, by je sprawdzić.",
        "The document has more than {most} proofs, too many to check.",
        PROOF,
    ),
    "duplicate-proof": Sentence(
        "Ten sam podpis występuje w dokumencie dwa razy.",
        "The same proof stands in the document twice.",
        PROOF,
    ),
    "proof-type-not-supported": Sentence(
        "Podpisów typu {type} weryfikator nie obsługuje.",
        "Proofs of type {type} are not supported.",
        PROOF,
    ),
    "cryptosuite-not-supported": Sentence(
        "Podpisów złożonych metodą {suite} weryfikator nie obsługuje.",
        "The cryptosuite {suite} is not supported.",
        PROOF,
    ),
    "algorithm-not-supported": Sentence(
        "Podpisów złożonych algorytmem {algorithm} weryfikator nie przyjmuje.",
        "Signatures with the algorithm {algorithm} are not accepted.",
        SECURITY,
    ),
    "algorithm-not-the-keys": Sentence(
        "Podpis podaje algorytm {algorithm}, ale wskazany klucz służy do innego.",
        "The signature names the algorithm {algorithm}, but its key is for another.",
        SECURITY,
    ),
    "out-of-time": Sentence(
        "Sprawdzanie tego dokumentu trwało zbyt długo, więc tego podpisu nie sprawdzono.",
        "Verifying this document took too long, so this signature was not looked at.",
        PROOF,
    ),
    "proof-member-not-known": Sentence(
        "Podpis ma pole {member}, którego norma nie przewiduje, więc coś mogłoby się w nim kryć.",
        "The proof has a member {member} that the standard does not name; it could hide a field.",
        SECURITY,
    ),
    "proof-of-the-future": Sentence(
        "Podpis nosi datę z przyszłości: {created}. Warto sprawdzić zegar tego komputera.",
        "The signature is dated in the future: {created}; check this computer's clock.",
        PROOF,
    ),
    "proof-chain-broken": Sentence(
        "Podpis opiera się na innym podpisie, którego nie da się w dokumencie jednoznacznie "
        "wskazać.",
        "The proof builds on another one that the document does not hold exactly once.",
        PROOF,
    ),
    "wrong-proof-purpose": Sentence(
        "Podpis złożono w innym celu: {purpose} zamiast {expected}.",
        "The proof was made for another purpose: {purpose} instead of {expected}.",
        PROOF,
    ),
    "malformed-proof": Sentence(
        "Czas podany w podpisie nie jest poprawną datą i godziną.",
        "A time in the proof is not a date and time.",
        PROOF,
    ),
    "proof-expired": Sentence(
        "Podpis był ważny do {until}.",
        "The proof was valid until {until}.",
        PROOF,
    ),
    "proof-not-yet-valid": Sentence(
        "Podpis będzie ważny dopiero od {since}.",
        "The proof will be valid from {since}.",
        PROOF,
    ),
    "wrong-signature": Sentence(
        "Dokument zmieniono po podpisaniu albo podpisano go innym kluczem.",
        "The document was changed after it was signed, or was signed with another key.",
        SECURITY,
    ),
}
