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
        "The holder's DID document was found, and says which keys are its own.",
    ),
    "presentation-not-signed": Sentence(
        "Prezentacji nikt nie podpisał, więc nie wiadomo, czy okazał ją posiadacz. "
        "Poświadczenia sprawdzono osobno.",
        "Nobody signed the presentation, so it cannot be told whether the holder presents it; "
        "the credentials were checked by themselves.",
        PROOF,
    ),
    "presented-by-subject": Sentence(
        "Poświadczenie okazuje ten, kogo ono dotyczy.",
        "The credential is presented by whom it is about.",
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
    ),
    "challenge-answered": Sentence(
        "Prezentację przygotowano na to właśnie pytanie.",
        "The presentation was made for this very request.",
    ),
    "challenge-wrong": Sentence(
        "Prezentacji nie przygotowano na to pytanie (inne wyzwanie); mogła zostać przechwycona "
        "i użyta ponownie.",
        "The presentation was not made for this request (another challenge); it may have been "
        "taken from elsewhere and used again.",
        CHALLENGE,
    ),
    "challenge-not-asked": Sentence(
        "Prezentacja odpowiada na wyzwanie {challenge}, którego tu nie sprawdzano.",
        "The presentation answers the challenge {challenge}, which was not asked to be checked.",
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
        "The presentation was made for {domain}, which was not asked to be checked.",
    ),
    "too-many-credentials": Sentence(
        "Prezentacja zawiera więcej niż {most} poświadczeń, za dużo, by je sprawdzić.",
        "The presentation holds more than {most} credentials, too many to check.",
        MALFORMED,
    ),
}
