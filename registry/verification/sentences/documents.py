"""What is said about a document: its form, structure, words, period, schemas and resources."""

from collections.abc import Mapping
from typing import Final

from registry.verification.sentences.sentence import (
    DATA_LOSS,
    MALFORMED,
    PARSING,
    RANGE,
    SECURITY,
    TRANSFORMATION,
    Sentence,
)

SENTENCES: Final[Mapping[str, Sentence]] = {
    # ------------------------------------------------------------ form
    "credential-unreachable": Sentence(
        "Nie udało się pobrać dokumentu: {reason}",
        "The document could not be fetched: {reason}",
        PARSING,
    ),
    "not-strict-json": Sentence(
        "Tego dokumentu nie da się jednoznacznie odczytać jako JSON-u ({where}). Potrzebny jest "
        "plik dokładnie taki, jaki został wydany.",
        "The document is not JSON that every program reads alike ({where}); "
        "what is needed is the file exactly as it was issued.",
        PARSING,
    ),
    "not-an-object": Sentence(
        "Dokument jest zapisany w JSON-ie, ale nie jest obiektem.",
        "The document is JSON, but not a JSON object.",
        PARSING,
    ),
    "not-the-badge": Sentence(
        "To jest odpowiedź rejestru na pytanie o poświadczenie. Samo poświadczenie jest w jej polu "
        "„document” i tylko je należy podać.",
        "This is the registry's answer about a credential; "
        "the badge is its member `document`, so give that alone.",
        PARSING,
    ),
    "sd-jwt-not-supported": Sentence(
        "To wygląda na poświadczenie w formacie SD-JWT, którego ten weryfikator nie obsługuje. "
        "Warto poprosić o poświadczenie w JSON-ie albo jako zwykły JWT.",
        "This looks like an SD-JWT, which is not supported; "
        "ask for the credential as JSON or as a plain JWT.",
        PARSING,
    ),
    "jwt-malformed": Sentence(
        "Dokument wygląda na token JWT, ale jest uszkodzony albo niezgodny z normą.",
        "The document looks like a JWT, but is damaged or not as the standard requires.",
        PARSING,
    ),
    "jwt-not-supported": Sentence(
        "Tokenów JWT typu {type} w tej postaci weryfikator nie obsługuje.",
        "JWTs of type {type} in this form are not supported.",
        PARSING,
    ),
    "jwt-claims-disagree": Sentence(
        "To, co token JWT mówi o sobie, nie zgadza się z tym, co zawiera.",
        "What the JWT says of itself does not agree with what it holds.",
        MALFORMED,
    ),
    "envelope-malformed": Sentence(
        "Koperta (EnvelopedVerifiableCredential lub EnvelopedVerifiablePresentation) jest "
        "zbudowana niezgodnie z normą.",
        "The envelope (EnvelopedVerifiableCredential or EnvelopedVerifiablePresentation) is not "
        "built as the standard requires.",
        MALFORMED,
    ),
    "envelope-not-supported": Sentence(
        "W kopercie jest dokument w formacie, którego weryfikator nie obsługuje.",
        "The envelope holds a document in a form that is not supported.",
        PARSING,
    ),
    "not-expected-here": Sentence(
        "Podano dokument innego rodzaju, niż oczekiwano: {type}.",
        "Another kind of document was expected; this one is {type}.",
        MALFORMED,
    ),
    # ------------------------------------------------------- structure
    "structure-sound": Sentence(
        "Dokument zawiera wszystko, co musi zawierać.",
        "The document has the parts it must have.",
    ),
    "malformed-credential": Sentence(
        "Dokument nie jest poprawnym poświadczeniem. Pole {field}: {rule}",
        "The document is not a sound credential. Field {field}: {rule}",
        MALFORMED,
    ),
    "malformed-presentation": Sentence(
        "Dokument nie jest poprawną prezentacją. Pole {field}: {rule}",
        "The document is not a sound presentation. Field {field}: {rule}",
        MALFORMED,
    ),
    # -------------------------------------------------------- contexts
    "contexts-known": Sentence(
        "Weryfikator ma sprawdzone kopie wszystkich kontekstów, które nadają znaczenie słowom "
        "dokumentu.",
        "Every context is one this verifier holds a checked copy of.",
    ),
    "context-inline": Sentence(
        "Kontekst jest zapisany w samym dokumencie w sposób, który mógłby zmienić znaczenie słów.",
        "A context is written out in the document in a way that could change what words mean.",
        SECURITY,
    ),
    "context-not-bundled": Sentence(
        "Weryfikator nie ma sprawdzonej kopii kontekstu {context}, więc nie może go użyć.",
        "No checked copy of the context {context} is at hand, so it is not used.",
        SECURITY,
    ),
    "not-compact": Sentence(
        "Właściwość {property} nie jest zwykłym słowem, więc mogłaby coś ukrywać.",
        "The property {property} is not a plain term, so it could hide a field.",
        SECURITY,
    ),
    "part-bears-own-id": Sentence(
        "Część dokumentu nosi identyfikator całości i coś do niej dopisuje.",
        "A part of the document bears the document's own id and adds to it.",
        SECURITY,
    ),
    "undefined-term": Sentence(
        "Dokument używa słów, których żaden kontekst nie definiuje: {terms}.",
        "The document uses words that no context defines: {terms}.",
        DATA_LOSS,
    ),
    "not-canonicalisable": Sentence(
        "Dokumentu nie da się sprowadzić do postaci, którą podpisano.",
        "The document cannot be put into the form that was signed.",
        TRANSFORMATION,
    ),
    "contexts-added-since": Sentence(
        "Po podpisaniu do dokumentu dopisano konteksty, które mogą zmienić znaczenie jego słów.",
        "Contexts were added since the document was signed, which may change what its words mean.",
        SECURITY,
    ),
    "status-entries-share-an-id": Sentence(
        "Kilka wpisów o statusie nosi ten sam identyfikator, więc ich pola można by zamienić "
        "miejscami.",
        "Several status entries bear the same id, so their fields could have been swapped.",
        SECURITY,
    ),
    # -------------------------------------------------------- validity
    "in-period": Sentence(
        "Poświadczenie jest w okresie ważności.",
        "The credential is within its validity period.",
    ),
    "expired": Sentence(
        "Poświadczenie było ważne do {until}.",
        "The credential was valid until {until}.",
        RANGE,
    ),
    "not-yet-valid": Sentence(
        "Poświadczenie będzie ważne dopiero od {since}.",
        "The credential will be valid from {since}.",
        RANGE,
    ),
    "malformed-period": Sentence(
        "Pole {field} powinno zawierać datę i godzinę ze strefą czasową, na przykład "
        "2026-01-31T12:00:00Z, a zawiera {value}.",
        "The field {field} must be a date and time with a time zone, such as "
        "2026-01-31T12:00:00Z, "
        "but is {value}.",
        MALFORMED,
    ),
    "period-reversed": Sentence(
        "Koniec okresu ważności jest wcześniejszy niż jego początek.",
        "The validity period ends before it begins.",
        RANGE,
    ),
    # ------------------------------------------- schemas and resources
    "schema-not-applied": Sentence(
        "Poświadczenie wskazuje własny schemat danych. Weryfikator go nie pobiera; sprawdził "
        "reguły wspólne dla wszystkich poświadczeń.",
        "The credential names a data schema of its own. It is not fetched; "
        "what was checked are the rules common to all credentials.",
    ),
    "resource-unchanged": Sentence(
        "Zasób {resource} jest dokładnie tym, na który powołuje się wystawca.",
        "The resource {resource} is exactly the one the issuer refers to.",
    ),
    "resource-not-looked-at": Sentence(
        "Zasobu {resource} weryfikator nie pobiera. Kto go otworzy, powinien porównać jego skrót "
        "ze skrótem podanym w poświadczeniu.",
        "The resource {resource} is not fetched; whoever opens it should compare its digest with "
        "the one in the credential.",
    ),
}
