"""The gift voucher in English."""

from __future__ import annotations

from invoices.words.phrases import VoucherPhrases

VOUCHER = VoucherPhrases(
    gift_voucher="Gift voucher",
    title="{paper} for {name}",
    gift_for="A gift for",
    gift_from="from {name}",
    sessions_of={"one": "{n} session of {treatment}", "other": "{n} sessions of {treatment}"},
    touch_ups_of={"one": "{n} touch-up: {treatment}", "other": "{n} touch-ups: {treatment}"},
    rings_alt={"one": "{n} session, not used yet", "other": "{n} sessions, none used yet"},
    diamonds_alt={"one": "{n} touch-up, not used yet", "other": "{n} touch-ups, none used yet"},
    code="Your code",
    code_alt="The code of this voucher: {code}",
    qr_alt="QR code that holds the code of this voucher: {code}",
    good_until="Good until {date}",
    good_from_first_visit={
        "one": "Good for {n} month from the first visit",
        "other": "Good for {n} months from the first visit",
    },
    no_expiry="No expiration",
    given_on="Given on {date}",
    fold="Fold or cut here",
    how_to="How to use it",
    step_book="Book your first visit: {ways}.",
    step_book_plain="Book your first visit with us.",
    step_bring="Bring this voucher, or tell us its code: {code}.",
    step_yours="We put the sessions in your name. From then on they are yours, visit by visit.",
    keep_safe="The code works once, for whoever brings it. Please keep it safe.",
    terms="Good to know",
    ways="{phone} or {email}",
)
