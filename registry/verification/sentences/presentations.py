"""What is said about a presentation: who presents, to whom, and on what occasion."""

from collections.abc import Mapping
from typing import Final

from registry.verification.sentences.sentence import (
    CHALLENGE,
    DOMAIN,
    MALFORMED,
    PROOF,
    SECURITY,
    Sentence,
)

SENTENCES: Final[Mapping[str, Sentence]] = {
    "holder-found": Sentence(
        "Znaleziono dokument DID posiadacza, w którym podaje on swoje klucze.",
        "The holder's DID document was found; it lists the holder's keys.",
    ),
    "presentation-not-signed": Sentence(
        "Prezentacji nikt nie podpisał, więc nie wiadomo, czy okazał ją posiadacz. "
        "Poświadczenia sprawdzono osobno.",
        "Nobody signed the presentation, so it cannot be told whether the holder presents it; "
        "the credentials were checked by themselves.",
        PROOF,
    ),
    "presented-by-subject": Sentence(
        "Poświadczenie okazuje osoba, której ono dotyczy.",
        "The credential is presented by the person it is about.",
    ),
    "holder-is-not-subject": Sentence(
        "Poświadczenie dotyczy {subject}, a okazuje je {holder}. Wolno okazać cudze poświadczenie, "
        "ale warto zapytać, w czyim imieniu.",
        "The credential is about {subject}, but {holder} presents it. That is allowed, "
        "but ask on whose behalf.",
        SECURITY,
    ),
    "subject-not-a-did": Sentence(
        "Poświadczenie nie wskazuje osoby, której dotyczy, za pomocą DID, więc nie da się "
        "stwierdzić, czy okazuje je ona sama.",
        "The credential does not name whom it is about by a DID, so whether that person presents "
        "it is not shown.",
        SECURITY,
    ),
    "challenge-answered": Sentence(
        "Prezentację przygotowano w odpowiedzi na tę właśnie prośbę.",
        "The presentation was made for this very request.",
    ),
    "challenge-wrong": Sentence(
        "Prezentację przygotowano w odpowiedzi na inne wyzwanie; mogła zostać przechwycona "
        "i użyta ponownie.",
        "The presentation answers another challenge; it may have been intercepted and used again.",
        CHALLENGE,
    ),
    "challenge-not-asked": Sentence(
        "Prezentacja odpowiada na wyzwanie {challenge}, którego tu nie sprawdzano.",
        "The presentation answers the challenge {challenge}, which this verifier was not asked to "
        "check.",
    ),
    "domain-right": Sentence(
        "Prezentację przygotowano dla tego odbiorcy.",
        "The presentation was made for this recipient.",
    ),
    "domain-wrong": Sentence(
        "Prezentację przygotowano dla innego odbiorcy: {domain}.",
        "The presentation was made for another recipient: {domain}.",
        DOMAIN,
    ),
    "domain-not-asked": Sentence(
        "Prezentację przygotowano dla odbiorcy {domain}, czego tu nie sprawdzano.",
        "The presentation was made for {domain}, which this verifier was not asked to check.",
    ),
    "too-many-credentials": Sentence(
        "Prezentacja zawiera więcej niż {most} poświadczeń, za dużo, by je sprawdzić.",
        "The presentation holds more than {most} credentials, too many to check.",
        MALFORMED,
    ),
}
