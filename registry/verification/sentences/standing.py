"""What is said about an issuer's accreditation, which decides nothing."""

from collections.abc import Mapping
from typing import Final

from registry.verification.sentences.sentence import Sentence

SENTENCES: Final[Mapping[str, Sentence]] = {
    # ------------------------------------------------------------ now
    "standing-now-accredited": Sentence(
        "Według rejestru {registry} wystawca ma obecnie akredytację.",
        "According to the registry {registry}, the issuer is accredited now.",
    ),
    "standing-now-suspended": Sentence(
        "Według rejestru {registry} akredytacja wystawcy jest obecnie zawieszona.",
        "According to the registry {registry}, the issuer's accreditation is suspended now.",
    ),
    "standing-now-not-yet-accredited": Sentence(
        "Według rejestru {registry} akredytacja wystawcy jeszcze się nie zaczęła.",
        "According to the registry {registry}, the issuer's accreditation has yet to begin.",
    ),
    "standing-now-expired": Sentence(
        "Według rejestru {registry} akredytacja wystawcy wygasła.",
        "According to the registry {registry}, the issuer's accreditation has expired.",
    ),
    "standing-now-withdrawn": Sentence(
        "Według rejestru {registry} akredytację wystawcy cofnięto.",
        "According to the registry {registry}, the issuer's accreditation was withdrawn.",
    ),
    "standing-now-not-accredited": Sentence(
        "Według rejestru {registry} wystawca nie ma akredytacji i nigdy jej nie miał.",
        "According to the registry {registry}, the issuer is not accredited and never was.",
    ),
    "standing-now-no-scheme": Sentence(
        "Rejestr {registry} nie prowadzi żadnego systemu akredytacji.",
        "The registry {registry} keeps no accreditation scheme.",
    ),
    "standing-now-unknown": Sentence(
        "Nie udało się ustalić, czy wystawca ma akredytację. Na ocenę poświadczenia to nie wpływa.",
        "Whether the issuer is accredited could not be found out; "
        "the verdict on the credential does not depend on it.",
    ),
    # ----------------------------------------------------------- then
    "standing-then-accredited": Sentence(
        "Według rejestru {registry} wystawca miał akredytację w chwili {at}.",
        "According to the registry {registry}, the issuer was accredited at {at}.",
    ),
    "standing-then-suspended": Sentence(
        "Według rejestru {registry} akredytacja wystawcy była zawieszona w chwili {at}.",
        "According to the registry {registry}, the issuer's accreditation was suspended at {at}.",
    ),
    "standing-then-not-yet-accredited": Sentence(
        "Według rejestru {registry} w chwili {at} wystawca nie miał jeszcze akredytacji.",
        "According to the registry {registry}, the issuer was not accredited yet at {at}.",
    ),
    "standing-then-expired": Sentence(
        "Według rejestru {registry} w chwili {at} akredytacja wystawcy była już wygasła.",
        "According to the registry {registry}, the issuer's accreditation had expired by {at}.",
    ),
    "standing-then-withdrawn": Sentence(
        "Według rejestru {registry} w chwili {at} akredytacja wystawcy była już cofnięta.",
        "According to the registry {registry}, the issuer's accreditation was withdrawn by {at}.",
    ),
    "standing-then-not-accredited": Sentence(
        "Według rejestru {registry} w chwili {at} wystawca nie miał akredytacji.",
        "According to the registry {registry}, the issuer was not accredited at {at}.",
    ),
    "standing-then-no-scheme": Sentence(
        "Rejestr {registry} nie prowadzi żadnego systemu akredytacji, więc w chwili {at} też nie.",
        "The registry {registry} keeps no accreditation scheme, so there was none at {at}.",
    ),
    "standing-then-unknown": Sentence(
        "Nie wiadomo, czy w chwili wystawienia wystawca miał akredytację.",
        "It is not known whether the issuer was accredited when the credential was issued.",
    ),
}
