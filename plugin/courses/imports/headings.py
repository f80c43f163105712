"""The words by which other systems name their columns, weighed for each field. Knows no values.

A heading names a field as strongly as its strongest phrase; what else stands in it makes it weaker, or rules it out.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache

from plugin.core.text import folded
from plugin.courses.imports.columns import CALLED, Field
from plugin.courses.imports.table import MOST_COLUMNS

# Enough of a heading to tell what it means, whatever else is sent in its place.
_LONGEST = 60
_CAMEL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_BETWEEN = re.compile(r"[^\w]+|_+")

_PERSON = "client|customer|cust|patient|pt|guest|member|attendee|cliente|paciente|kunde"
_PACK = (
    "packages?|pkg|pass(?:es)?|series|courses?|memberships?|plan|bundle|bono|paquete|program|purchase option"
)
_UNIT = (
    "sessions?|visits?|credits|units?|class(?:es)?|appointments?|treatments?|services?|benefit|uses?|sesiones"
)
_NUMBER = "number|num|no|nr|n|o|qty|quantity|count|total|current|currently|cantidad|numero"
_DATE = "date|day|time|fecha|purchase"
_LEFT = "remaining|remain|rem|left|unused|restantes?|restan|quedan|disponibles?|ubrig|verbleibend|restants?|pozostalo"
_USED = (
    "used|redeemed|consumed|usad[ao]s?|utilizad[ao]s?|consumid[ao]s?|gastad[ao]s?|verbraucht|utilisee?s?"
    "|wykorzystan[eo]"
)
_BOOKED = "booked|scheduled|reserved|upcoming|reservadas|agendadas|programadas"
_MONEY = (
    "value|price|cost|liability|revenue|paid|payments?|account|owed|due|money|usd|eur|gbp|tax|wert|importe"
)
_WHEN = "date|on|at|when|last|next|first|previous|days?|weeks?|months?|minutes?|hours?|time|fecha"
# Whatever else it says, such a column is about something or somebody else.
_OTHER = re.compile(
    r"\b(?:birth\w*|dob|address|street|city|state|zip|postal|postcode|country|gender|sex|discount|tip|tips|staff|provider"
    r"|practitioner|therapist|instructor|teacher|trainer|coach|employee|technician|esthetician|stylist|location|branch"
    r"|studio|salon|shop|store|site|center|centre|clinic|room|emergency|referr\w+|ids?|uuid|sku|barcode|url|link|photo"
    r"|tags?|status|code|category|reason|per|each|y n|auto|renew\w*|recurring|sent|opt|consent|subscribed|marketing"
    r"|parent|guardian|spouse|responsible|by|nacimiento|direccion|ciudad|estado|geburtstag|invoice|order|key)\b"
)


@dataclass(frozen=True, slots=True)
class _Words:
    """The phrases of a field by weight, what may stand beside them, and what rules the field out.

    `is_strict`: anything else beside them rules it out as well.
    """

    phrases: tuple[tuple[float, re.Pattern[str]], ...]
    beside: re.Pattern[str]
    never: re.Pattern[str]
    is_strict: bool


def _words(*phrases: tuple[float, str], beside: str = "", never: str = "", is_strict: bool = False) -> _Words:
    fill = rf"\b(?:of|the|a|in|for|and|de|del|la|el|los|las|y|e|{beside})\b"
    return _Words(
        tuple((weight, re.compile(rf"\b(?:{words})\b")) for weight, words in phrases),
        re.compile(fill),
        re.compile(rf"\b(?:{never})\b" if never else r"(?!)"),
        is_strict,
    )


_COUNTED = f"{_UNIT}|{_PACK}|{_NUMBER}|{_PERSON}"
_WORDS: Mapping[Field, _Words] = {
    Field.NAME: _words(
        (
            1.0,
            rf"(?:{_PERSON}) (?:full )?name(?: last first| first last)?|(?:full|complete) name|nombre completo",
        ),
        (
            1.0,
            rf"name of (?:{_PERSON})|nombre (?:del? )?(?:cliente|paciente)|nombre y apellidos?|kundenname"
            "|imie i nazwisko",
        ),
        (
            0.95,
            "clients?|customers?|patients?|guests?|cust|pt|clienta|cliente|pacientes?|kunde|kundin|patientin|klient|klientka|pacjent",
        ),
        (0.9, "name|names|nombre|nom|nome"),
        (0.75, "member|attendee|student|participant|socio|contact name|display name|(?:sold|bill|billed) to"),
        (
            0.6,
            "owner|purchaser|buyer|holder|account name|account holder|purchased by|bought by|recipient|contact",
        ),
        beside="last first|first last",
        is_strict=True,
    ),
    Field.FIRST_NAME: _words(
        (1.0, "first ?name|given ?names?|forename|vorname|prenom|primer nombre|nombre de pila|imie"),
        (0.8, "first"),
        beside=_PERSON,
        is_strict=True,
    ),
    Field.LAST_NAME: _words(
        (1.0, "last ?name|surname|family ?name|nachname|apellidos?|nom de famille|sobrenome|nazwisko"),
        (0.8, "last"),
        beside=_PERSON,
        is_strict=True,
    ),
    Field.PHONE: _words(
        (
            1.0,
            "phone|ph|mobile|mob|cell|cellphone|telephone|tel|movil|celular|telefono|telefone?|handy|portable|telemovel",
        ),
        (0.6, "home|work|contact number|sms|text"),
        beside=f"{_PERSON}|{_NUMBER}|home|work|main|primary|secondary|business|day|evening|other|1|2|3",
        never="fax|type|carrier|verified|ext|extension",
    ),
    Field.EMAIL: _words(
        (1.0, "e ?mail(?: address)?|mail|correo(?: electronico)?|courriel"),
        beside=f"{_PERSON}|main|primary|secondary|other|1|2",
    ),
    Field.PACKAGE: _words(
        (
            1.0,
            f"(?:package|pass|series|membership) type|{_PACK}|pricing option|punch ?card|contract|paket|abo|forfait",
        ),
        (1.0, "session pack|class pack|pacote|prepaid package|pakiet|karnet"),
        (0.6, "product|item|option|offering|deal"),
        beside=f"name|title|description|sold|purchased|bought|nombre|{_PERSON}",
        never="last|next|previous|upcoming",
        is_strict=True,
    ),
    Field.TREATMENT: _words(
        (
            1.0,
            "treatment|tx|service|svc|tratamiento|servicio|behandlung|soin|prestation"
            "|(?:appointment|session|service) type",
        ),
        (0.75, "item|class|product|benefit|procedure|line item"),
        (0.6, "description"),
        beside="name|title|nombre",
        never="last|next|previous|upcoming|preferred",
        is_strict=True,
    ),
    Field.SESSIONS: _words(
        (
            1.0,
            rf"(?:{_UNIT}) (?:bought|purchased|sold|included|granted|issued|allowed)|total (?:{_UNIT}|purchased)",
        ),
        (
            1.0,
            rf"(?:original|initial|starting) (?:{_NUMBER}|{_UNIT})|(?:number|no|nr) of (?:{_UNIT})|pac?k(?:age)? size",
        ),
        (1.0, "sesiones (?:compradas|totales|contratadas|incluidas)|total de sesiones"),
        (0.8, "sessions|bought|purchased|granted|sesiones|sitzungen|anzahl|seances|sessoes|compradas"),
        (
            0.65,
            "visits|credits|units|classes|quantity|qty|count|total|included|size|sold|cantidad|visitas|creditos",
        ),
        beside=_COUNTED,
        never=f"{_LEFT}|{_USED}|{_BOOKED}|{_MONEY}|{_WHEN}|touch|balance|available|missed|cancel\\w*|expired|lost|receipt",
    ),
    Field.USED: _words(
        (1.0, _USED),
        (0.85, "completed|attended|taken|done|usage|realizad[ao]s|utilized|visits made|gebraucht"),
        beside=f"{_COUNTED}|lost|so far|already|to date",
        never=f"{_MONEY}|{_WHEN}|amount|not|expired|touch",
    ),
    Field.BOOKED: _words(
        (0.95, f"{_BOOKED}|future (?:bookings?|{_UNIT})"),
        beside=f"{_COUNTED}|future|not yet|used",
        never=f"{_MONEY}|{_WHEN}|online|via|source|canceled",
    ),
    Field.LEFT: _words(
        (1.0, f"{_LEFT}|not used|to use|sin usar"),
        (0.85, "available|pendientes|por usar"),
        (0.6, "balance|outstanding|saldo"),
        beside=_COUNTED,
        never=f"{_MONEY}|{_WHEN}|{_BOOKED}|amount|credit|touch|unearned|deferred",
    ),
    Field.TOUCH_UPS_LEFT: _words((1.0, "touch ?ups?"), beside=f"{_LEFT}|{_COUNTED}", never="used"),
    Field.PRICE: _words(
        (
            1.0,
            "(?:amount|price|total|net) paid|paid|(?:purchase|sale|package|total) price|pagado|bezahlt|paye",
        ),
        (0.9, "price|amount|precio|importe|preis|betrag|prix|montant|preco|cena|kwota"),
        (0.72, "net sales|net amount"),
        (0.7, "cost|revenue|gross sales|sales|coste|costo|charged"),
        (0.6, "total|value|valor"),
        beside=f"{_PACK}|{_PERSON}|initial|original|sale|total|usd|eur|inc",
        never=f"{_LEFT}|{_USED}|balance|unit|single|item|refund\\w*|due|owed|unearned|deferred|liability|expired|method|type"
        f"|current|outstanding|commission|list|retail|date|on|credit|session|visit|{_BOOKED}",
    ),
    Field.SOLD_ON: _words(
        (
            1.0,
            "(?:purchase|purchased|purch|sale|sold|bought) date|date (?:of )?(?:purchased?|sale|sold|bought)",
        ),
        (1.0, "(?:purchased|sold|bought|comprado|vendido|verkauft) (?:on|at|el|am)|purchase"),
        (
            1.0,
            "fecha (?:de )?(?:la )?(?:compra|venta)|kaufdatum|verkaufsdatum|date d achat|data (?:de compra|zakupu)",
        ),
        (0.78, "purchased|sold|bought|comprado|vendido|verkauft"),
        (
            0.77,
            "(?:order|invoice|transaction|payment|issue|receipt) date|date (?:paid|issued)|paid on|issued"
            "|fecha de pago",
        ),
        (
            0.75,
            "start|starts|started|starting|activation|activated|begin|begins|effective|valid from|active from",
        ),
        (0.75, "inicio|activacion|startdatum|beginn"),
        (0.6, "date|fecha|datum|created|added"),
        beside=f"{_DATE}|{_PACK}|on|at|first",
        never="exp|expir\\w*|ends?|last|next|join\\w*|since|visit|appointment|modified|updated|booked|cancel\\w*|used|card"
        "|until|caduc\\w*|venc\\w*|fin",
    ),
    Field.EXPIRES_ON: _words(
        (
            1.0,
            "exp|expir(?:y|es?|ation|ing|a|acion)|valid (?:until|till|to|thru|through)|use by|date expired|expired on",
        ),
        (
            1.0,
            "good (?:until|till|thru|through)|caduc\\w*|venc\\w*|valid[oa] hasta|ablauf\\w*|gultig bis|validade"
            "|waznosci?|wazny do",
        ),
        (0.85, "end|ends|ending|fecha (?:de )?fin|finaliza|termina"),
        beside=f"{_DATE}|{_PACK}|on|at",
        never="reason|email|card|cc|credit|value|days|warning|in|start\\w*",
    ),
    Field.NOTE: _words(
        (1.0, "notes?|comments?|memo|remarks?|notas?|comentarios?|observaciones|bemerkung\\w*|remarques?"),
        (0.6, "reference|receipt|ref"),
        beside=f"{_PERSON}|{_PACK}|number|no",
        never="date",
    ),
}


def plain(heading: str) -> str:
    """Return a heading as its words are compared; "" for what is too long to be one."""
    if len(heading) > _LONGEST:
        return ""
    return " ".join(_BETWEEN.sub(" ", folded(_CAMEL.sub(" ", heading))).split())


_EXACTLY = {plain(called): what for what, called in CALLED.items()}


@lru_cache(maxsize=4096)
def heading_weight(heading: str, what: Field) -> float | None:
    """Return how strongly a heading names a field, 0 to 1; None where it is about something else."""
    said = plain(heading)
    if said in _EXACTLY:
        return 1.0 if _EXACTLY[said] is what else _inexact(said, what)
    return _inexact(said, what)


def _inexact(said: str, what: Field) -> float | None:
    if what not in _WORDS:
        return 0.0
    words = _WORDS[what]
    weight, rest = _matched(said, words)
    if _OTHER.search(rest) or words.never.search(rest):
        return None
    count = len(said.split())
    strange = len(words.beside.sub(" ", rest).split())
    if not weight or (strange and words.is_strict):
        return 0.0
    return weight * (1 - 0.5 * strange / count)


def _matched(said: str, words: _Words) -> tuple[float, str]:
    """Return the weight of the phrases found, the longest first, and what else the heading says."""
    found = [(match, weight) for weight, phrase in words.phrases for match in phrase.finditer(said)]
    found.sort(key=lambda each: each[0].start() - each[0].end())
    taken: list[tuple[re.Match[str], float]] = []
    for match, weight in found:
        if all(match.end() <= other.start() or other.end() <= match.start() for other, _ in taken):
            taken.append((match, weight))
    rest = list(said)
    for match, _ in taken:
        rest[match.start() : match.end()] = " " * (match.end() - match.start())
    return max((weight for _, weight in taken), default=0.0), "".join(rest)


def headings_known(cells: Sequence[object]) -> int:
    """Return how many fields the cells of a row name: what a row of headings does, and rows of clients don't."""
    fields = set()
    for cell in cells[:MOST_COLUMNS]:
        weights = {what: heading_weight(str(cell), what) or 0.0 for what in Field}
        best = max(weights, key=lambda what: weights[what])
        if weights[best] >= 0.5:
            fields.add(best)
    return len(fields)
