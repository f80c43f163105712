"""The few words in the lines of invoices and credit notes where Square has none, in the client's language."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words import language_for


@dataclass(frozen=True, slots=True)
class LinePhrases:
    """What a line is called."""

    custom_amount: str
    service_charge: str
    rounding: str
    tip: str
    tax: str
    exchange: str
    # Why a credit note takes back an invoice that stands with somebody else's name on it.
    wrong_client: str


_SPOKEN = {
    "en": LinePhrases(
        "Custom amount",
        "Service charge",
        "Rounding",
        "Tip",
        "Tax",
        "Exchange",
        "The invoice was made out to the wrong person. No money went back.",
    ),
    "es": LinePhrases(
        "Importe personalizado",
        "Cargo por servicio",
        "Redondeo",
        "Propina",
        "Impuesto",
        "Cambio",
        "La factura se emitió a nombre de otra persona. No se devolvió dinero.",
    ),
    "zh": LinePhrases("自定义金额", "服务费", "尾数调整", "小费", "税", "换购", "发票抬头有误，未退款。"),
}


def line_phrases(language: str) -> LinePhrases:
    """Return the words in a language, in English where nobody has put them."""
    return _SPOKEN[language_for(language).locale.language]
