"""The gift voucher in Spanish."""

from __future__ import annotations

from invoices.words.phrases import VoucherPhrases

VOUCHER = VoucherPhrases(
    gift_voucher="Vale de regalo",
    title="{paper} para {name}",
    gift_for="Un regalo para",
    gift_from="de parte de {name}",
    sessions_of={"one": "{n} sesión de {treatment}", "other": "{n} sesiones de {treatment}"},
    touch_ups_of={"one": "{n} retoque: {treatment}", "other": "{n} retoques: {treatment}"},
    rings_alt={"one": "{n} sesión, aún sin usar", "other": "{n} sesiones, todas sin usar"},
    diamonds_alt={"one": "{n} retoque, aún sin usar", "other": "{n} retoques, todos sin usar"},
    code="Su código",
    code_alt="El código de este vale: {code}",
    qr_alt="Código QR con el código de este vale: {code}",
    good_until="Válido hasta el {date}",
    good_from_first_visit={
        "one": "Válido {n} mes desde la primera visita",
        "other": "Válido {n} meses desde la primera visita",
    },
    no_expiry="Sin vencimiento",
    given_on="Regalado el {date}",
    fold="Doblar o cortar aquí",
    how_to="Cómo usarlo",
    step_book="Haga una cita para su primera visita: {ways}.",
    step_book_plain="Haga con nosotros una cita para su primera visita.",
    step_bring="Traiga este vale o díganos su código: {code}.",
    step_yours="Ponemos las sesiones a su nombre. Desde entonces son suyas, visita a visita.",
    keep_safe="El código sirve una sola vez, a quien lo traiga. Guárdelo bien, por favor.",
    terms="Conviene saber",
    ways="{phone} o {email}",
)
