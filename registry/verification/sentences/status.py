"""What is said about a credential's status and about the lists that tell it."""

from collections.abc import Mapping
from typing import Final

from registry.verification.sentences.sentence import (
    LENGTH,
    MALFORMED,
    RANGE,
    RETRIEVAL,
    STATUS,
    Sentence,
)

SENTENCES: Final[Mapping[str, Sentence]] = {
    # ---------------------------------------------------- what is told
    "no-status": Sentence(
        "Poświadczenie nie wskazuje listy statusów, więc nie można go wycofać przed końcem "
        "ważności.",
        "The credential names no status list, so it cannot be withdrawn before it expires.",
    ),
    "not-revoked": Sentence(
        "Wystawca nie unieważnił tego poświadczenia.",
        "The issuer has not revoked this credential.",
    ),
    "not-suspended": Sentence(
        "Wystawca nie zawiesił tego poświadczenia.",
        "The issuer has not suspended this credential.",
    ),
    "status-not-set": Sentence(
        "Status {purpose} nie jest ustawiony.",
        "The status {purpose} is not set.",
    ),
    "status-set": Sentence(
        "Status {purpose} jest ustawiony. Nie odbiera on poświadczeniu ważności.",
        "The status {purpose} is set; it does not take the credential's validity away.",
    ),
    "status-refresh": Sentence(
        "Wystawca przygotował nowszą wersję tego poświadczenia. Ta pozostaje ważna.",
        "The issuer has a newer version of this credential; this one remains valid.",
    ),
    "status-message": Sentence(
        "Komunikat wystawcy o statusie {purpose}: {message}.",
        "The issuer's message for the status {purpose}: {message}.",
    ),
    "status-list-signed-by-another": Sentence(
        "Listę statusów podpisał {signer}, a nie wystawca poświadczenia. Weryfikator ma "
        "polecenie ufać także jego listom.",
        "The status list is signed by {signer} and not by the credential's issuer; "
        "this verifier is told to trust that signer's lists.",
    ),
    "revoked": Sentence(
        "Wystawca unieważnił to poświadczenie. Tego nie można cofnąć.",
        "The issuer has revoked this credential; that is final.",
        STATUS,
    ),
    "suspended": Sentence(
        "Wystawca tymczasowo zawiesił to poświadczenie.",
        "The issuer has suspended this credential for the time being.",
        STATUS,
    ),
    # ------------------------------------------------- not looked up
    "status-not-checked": Sentence(
        "Statusu nie sprawdzono, bo nie potwierdzono wystawcy i podpisu.",
        "The status was not looked up, because issuer and signature were not accepted.",
        STATUS,
    ),
    "too-many-entries": Sentence(
        "Poświadczenie wskazuje więcej niż {most} wpisów na listach statusów.",
        "The credential has more than {most} status entries.",
        STATUS,
    ),
    "status-type-not-supported": Sentence(
        "Statusów typu {type} weryfikator nie obsługuje.",
        "Status entries of type {type} are not supported.",
        STATUS,
    ),
    # ------------------------------------------------------ the entry
    "status-entry-malformed": Sentence(
        "Pole {field} we wpisie o statusie nie ma postaci, jakiej wymaga norma.",
        "The field {field} of the status entry does not have the form the standard gives it.",
        MALFORMED,
    ),
    "status-entry-id-is-its-list": Sentence(
        "Wpis o statusie ma ten sam identyfikator co jego lista.",
        "The status entry's id is the URL of its list.",
        MALFORMED,
    ),
    "status-index-out-of-range": Sentence(
        "Lista statusów nie sięga do pozycji {index}.",
        "The status list does not reach index {index}.",
        RANGE,
    ),
    # ------------------------------------------------------- the list
    "status-list-unreachable": Sentence(
        "Nie udało się pobrać listy statusów spod adresu {url}: {reason}",
        "The status list could not be fetched from {url}: {reason}",
        RETRIEVAL,
    ),
    "status-list-malformed": Sentence(
        "Nie da się odczytać listy statusów. {why}",
        "The status list cannot be read. {why}",
        STATUS,
    ),
    "status-list-field-malformed": Sentence(
        "Pole {field} listy statusów nie ma postaci, jakiej wymaga norma.",
        "The field {field} of the status list does not have the form the standard gives it.",
        MALFORMED,
    ),
    "status-list-length": Sentence(
        "Lista statusów ma mniej pozycji, niż wymaga norma, albo jest zbyt długa, by ją czytać.",
        "The status list has fewer entries than the standard requires, or is too long to read.",
        LENGTH,
    ),
    "not-a-status-list": Sentence(
        "Pod adresem listy statusów jest poświadczenie, które nie jest listą statusów.",
        "What stands at the status list's URL is a credential, but not a status list.",
        STATUS,
    ),
    "status-list-without-id": Sentence(
        "Lista statusów nie podaje swojego adresu (id), więc mogłaby to być inna lista wystawcy.",
        "The status list does not give its URL (id), so it could be another list of its issuer.",
        STATUS,
    ),
    "status-list-other-id": Sentence(
        "Lista statusów podaje, że należy do adresu {id}, a nie {url}.",
        "The status list says that it belongs at {id}, not at {url}.",
        STATUS,
    ),
    "status-list-other-issuer": Sentence(
        "Listę statusów wystawił {signer}, a nie wystawca poświadczenia.",
        "The status list was issued by {signer}, not by the credential's issuer.",
        STATUS,
    ),
    "status-list-not-verified": Sentence(
        "Liście statusów nie można zaufać. {why}",
        "The status list cannot be trusted. {why}",
        STATUS,
    ),
    "status-list-expired": Sentence(
        "Lista statusów straciła ważność.",
        "The status list has expired.",
        STATUS,
    ),
    "status-list-not-yet-valid": Sentence(
        "Lista statusów pochodzi z przyszłości; warto sprawdzić zegar tego komputera.",
        "The status list is from the future; check this computer's clock.",
        STATUS,
    ),
    "status-list-older-than-seen": Sentence(
        "Lista statusów jest starsza niż ta, którą weryfikator już widział pod tym adresem.",
        "The status list is older than one already seen at the same URL.",
        STATUS,
    ),
    "status-purpose-mismatch": Sentence(
        "Lista statusów służy innemu celowi niż {purpose}.",
        "The status list is not one for the purpose {purpose}.",
        STATUS,
    ),
    "status-size-mismatch": Sentence(
        "Poświadczenie i jego lista statusów podają różny rozmiar wpisu (statusSize).",
        "The credential and its status list disagree about statusSize.",
        STATUS,
    ),
}
