"""The text in evidence that tells people, in Polish and in English, what they have before them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from registry.domain.events import IssuerRenamed
from registry.domain.text import Text
from registry.formats.evidence.compromised import compromised_since
from registry.formats.evidence.layout import DOCUMENT_FOLDER
from registry.formats.tlog.leaves import EventLeaf

_TEXT: Final = """\
DOWÓD DOTYCZĄCY MIKROPOŚWIADCZENIA
EVIDENCE ABOUT A MICRO-CREDENTIAL

  poświadczenie / credential   {credential_id}
  wydawca / issuer             {name_pl} / {name_en}
  dziennik / log               {origin}
  sporządzono / made           {made_at}
  stan na pozycję / position   {position}
  klucze / keys                {keys}


PO POLSKU

Co to jest. Ten plik zawiera wszystko, co rejestr zapisał o jednym poświadczeniu, razem
z dowodami, że zapisy stoją w jego dzienniku, którego nikt nie może zmienić niepostrzeżenie.
{document_pl}{compromise_pl}

Jak sprawdzić. Nie trzeba sieci, bazy danych ani zgody rejestru:

  registry evidence verify PLIK.zip --policy ZAUFANI
  python check_evidence.py PLIK.zip ZAUFANI

Drugi program leży w tym pliku i ma 200 wierszy, więc można go przeczytać przed użyciem;
potrzebuje Pythona 3.11 i pakietu cryptography. Komu i on nie wystarcza, niech weźmie go skądinąd.
ZAUFANI to plik z kluczami dziennika i świadków (C2SP tlog-policy), który ma się z innego źródła.
Bez niego oba programy biorą plik „policy” stąd, który mógł napisać każdy. Mówią wtedy tylko, że
dowód jest zgodny sam ze sobą, i kończą z kodem 4 zamiast 0: trzeba samemu porównać wypisane klucze
z tymi, które podał ktoś inny. Od tego zależy wszystko.

Co z tego wynika. Podane zdarzenia zapisano w tej kolejności i żadnego przed ostatnim nie brakuje.
Dokument jest tym, który wydano. Listy statusów opublikowano właśnie takie i pokazują status, jaki
wynikał ze zdarzeń. Jeżeli podpisali świadkowie, dziennik był taki w chwili, którą podali.

Co nie wynika. Że po ostatnim zdarzeniu nie było następnego: obecny status podaje obecna lista.
Że rejestr nie przemilczał zdarzenia sprzed podanej pozycji: to jego podpisane oświadczenie, które
audytor może sprawdzić w dzienniku. Że pozycje w „positions.json” są prawdziwe: jak wyżej.
Że wydawca jest tym, za kogo się podaje, i że uczący się naprawdę coś umie.

Co gdzie leży.
  credential/     podpisany dokument, o ile go nie usunięto
  events/         zdarzenia poświadczenia, wydawcy i osiągnięcia oraz publikacji list, każde
                  w dowodzie swojej obecności w dzienniku (C2SP tlog-proof, wiersz „extra”)
  lists/          wersje list statusów sprzed każdej zmiany, po niej i najnowsza
  did/            klucze wydawcy: po tylu jego zdarzeniach, ile mówi nazwa pliku
  checkpoint      podpisany stan dziennika, pod którym stoją wszystkie dowody
  policy          komu ufał rejestr
  positions.json  numery zdarzeń poświadczenia w rejestrze
  manifest        skróty wszystkich plików, podpisane kluczem dziennika


IN ENGLISH

What this is. All that the registry recorded about one credential, with proofs that the records
stand in its log, which nobody can change unnoticed.
{document_en}{compromise_en}

How to check it. No network, no database and no leave of the registry's is needed:

  registry evidence verify FILE.zip --policy TRUSTED
  python check_evidence.py FILE.zip TRUSTED

The second program lies in this file and has 200 lines, so it can be read before it is run; it
needs Python 3.11 and the package cryptography. If that is not enough, get it from somewhere else.
TRUSTED is a file with the keys of the log and of witnesses (C2SP tlog-policy) that came to you
another way. Without it both programs take the file "policy" from here, which anybody can write.
They then say no more than that the evidence agrees with itself, and exit with 4 instead of 0:
compare the keys they print with those somebody else gave you. Everything rests on that.

What it proves. These events were recorded in this order, and none before the last is missing. The
document is the one that was issued. The status lists were published just so, and show the status
the events made. Where witnesses signed, the log was like this at the time they say.

What it does not prove. That nothing came after the newest event: the status of today is told by
the list of today. That the registry kept back no event before the position above: that is its
signed word, which an auditor can hold against the log. That the positions in "positions.json" are
true: as before. That the issuer is who it says, or that the learner knows what is claimed.

What lies where.
  credential/     the signed document, unless it was erased
  events/         the events of the credential, its issuer and its achievement, and those that
                  published lists, each in the proof that it stands in the log (C2SP tlog-proof,
                  line "extra")
  lists/          the versions of status lists before each change, after it, and the newest
  did/            the issuer's keys: after as many of its events as the file's name says
  checkpoint      the signed state of the log that all proofs stand under
  policy          whom the registry trusted
  positions.json  the numbers of the credential's events in the registry
  manifest        the digests of all files, signed with the log's key
"""

_WITH_DOCUMENT: Final = Text(
    pl="""\
W folderze „credential” leży sam dokument. To dane osobowe: przekaż je tylko temu, kto ma do nich
prawo.""",
    en="""\
The folder "credential" holds the document itself. It is personal data: hand it only to those who
may have it.""",
)
_WITHOUT_DOCUMENT: Final = Text(
    pl="""\
Samego dokumentu tu nie ma{why_pl}. Został jego skrót; kto ma kopię, może ją porównać:

  registry evidence verify PLIK.zip --credential KOPIA""",
    en="""\
The document itself is not here{why_en}. Its digest is left; whoever holds a copy can
compare:

  registry evidence verify FILE.zip --credential COPY""",
)

_COMPROMISED: Final = Text(
    pl="""

Uwaga: klucz, którym podpisano poświadczenie, od {since} mógł mieć ktoś inny.
Wydanie zapisano {issued_at}. Sam podpis nie dowodzi już, kto podpisał;
że zapisano je przed tą chwilą, wynika tylko z dziennika i z czasu, który podali świadkowie.""",
    en="""

Mind: others may have held the key that signed the credential since {since}.
The issuance was recorded at {issued_at}. The signature by itself no longer
shows who signed; that it was recorded before that moment follows from the log alone, and from the
time that witnesses say.""",
)


@dataclass(frozen=True)
class Facts:
    """What the text tells of this evidence; `names` are those of its files.

    `issued` is the credential's first event, `issuer` are all events of its issuer.
    """

    credential_id: str
    issued: Mapping[str, Any]
    issuer: Sequence[EventLeaf]
    origin: str
    position: int
    made_at: str
    keys: Sequence[str]
    names: Sequence[str]
    is_erased: bool


def readme(facts: Facts) -> bytes:
    """Return the text; it names the issuer as it is called now, and nobody else."""
    renamed = [leaf for leaf in facts.issuer if leaf.topic == IssuerRenamed.TOPIC]
    named = [facts.issuer[0], *renamed][-1].event
    has_document = any(name.startswith(DOCUMENT_FOLDER) for name in facts.names)
    document = _WITH_DOCUMENT if has_document else _WITHOUT_DOCUMENT
    since = compromised_since(facts.issued, facts.issuer)
    remark = _COMPROMISED if since else Text("", "")
    told = {"since": since, "issued_at": facts.issued["recorded_at"]}
    why = Text(": usunięto go", ": it was erased") if facts.is_erased else Text("", "")
    text = _TEXT.format(
        credential_id=facts.credential_id,
        name_pl=named["name_pl"],
        name_en=named["name_en"],
        origin=facts.origin,
        made_at=facts.made_at,
        position=facts.position,
        keys="\n".ljust(32).join(facts.keys),
        document_pl=document.pl.format(why_pl=why.pl),
        document_en=document.en.format(why_en=why.en),
        compromise_pl=remark.pl.format(**told),
        compromise_en=remark.en.format(**told),
    )
    return text.encode()
