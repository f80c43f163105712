"""Gift vouchers as they were issued."""

from dataclasses import replace
from datetime import date

from sqlalchemy import select

from invoices.papers import GiftVoucher, ShopPoster, VoucherLetter
from plugin.core.terms import NoShow, Terms
from plugin.courses.base.clinic import read_clinic
from plugin.courses.changes.gifts import NewGift, give_course
from plugin.courses.documents.content import letter_paper_in, voucher_paper_in
from plugin.courses.handouts.content import clinic_on_paper
from plugin.store.changes import Gift
from tests.papers.accounts import WORDS
from tests.papers.clinic import SINGLE, PaperClinic
from tests.papers.summaries import LONG_NAME

TERMS = Terms(no_show=NoShow.CHARGE, forgiven_no_shows=1)
MESSAGES = {
    "en": "Happy birthday, Mum. Twelve quiet hours that are only yours. Enjoy every one of them.",
    "es": "Feliz cumpleaños, mamá. Doce horas de calma solo para ti. Disfruta de cada una.",
    "zh-Hans": "妈妈，生日快乐。这十二次安静的时光，只属于您自己。愿您好好享受每一次。",
}
LONG_MESSAGE = (
    "Dear Margaret, when you drove me to school every morning for eleven years, you never once had an hour for "
    "yourself. Here are twelve of them, and two more for later. Lie down, close your eyes, let somebody else look "
    "after things for a while. Then tell me all about it over tea: it is five minutes from your door, they are kind, "
    "and the light in the front room is lovely in the afternoon. With all my love, and thanks, Daniel"
)


def voucher(clinic: PaperClinic, language: str = "en") -> GiftVoucher:
    _, treatments, *_, name = WORDS[language]
    package = clinic.package(
        f"{WORDS[language][0]} ", *clinic.contents(12, touch_ups=2, names=treatments), terms=TERMS
    )
    codes = {"en": "7KQMX3FD92HT", "es": "7KQMX3FD92ES", "zh-Hans": "7KQMX3FD92ZH"}
    return given(clinic, package, name, MESSAGES[language], code=codes[language], language=language)


def long_voucher(clinic: PaperClinic) -> GiftVoucher:
    # It does not expire: the clinic is in California.
    package = clinic.package("Restorative acupuncture for face, neck and chest, a year", terms=Terms())
    giver = "Everybody on the third floor of the Juniper Street Library, past and present"
    return given(clinic, package, LONG_NAME, LONG_MESSAGE, giver=giver, code="FRNDX3FD92HT")


def bare_voucher(clinic: PaperClinic) -> GiftVoucher:
    package = clinic.package("A first visit", *clinic.contents(1), price=SINGLE)
    return given(clinic, package, "Margaret Osei", "", code="BAREX3FD92HT", price=SINGLE)


def logo_voucher(clinic: PaperClinic) -> GiftVoucher:
    package = clinic.package("Facial acupuncture, course of 12")
    return given(clinic, package, "Ruth Abara", MESSAGES["en"], code="LQGWX3FD92HT")


def window_voucher(clinic: PaperClinic) -> GiftVoucher:
    package = clinic.package(
        "Facial acupuncture, course of 12", *clinic.contents(12, touch_ups=2), terms=TERMS
    )
    paper = given(clinic, package, "Margaret Osei", MESSAGES["en"], code="DLWDX3FD92HT")
    return replace(paper, form="dl")


def long_window_voucher(clinic: PaperClinic) -> GiftVoucher:
    package = clinic.package("Restorative acupuncture for face, neck and chest, a whole year", terms=Terms())
    giver = "Everybody on the third floor of the Juniper Street Library, past and present"
    paper = given(clinic, package, LONG_NAME, LONG_MESSAGE, giver=giver, code="DLLNX3FD92HT")
    return replace(paper, form="dl")


def given(
    clinic: PaperClinic,
    package: str,
    recipient: str,
    message: str,
    *,
    code: str,
    giver: str = "Daniel Osei",
    language: str = "en",
    price: int = 12 * SINGLE,
) -> GiftVoucher:
    """Sell a course and have it given away; return the voucher."""
    course_id = clinic.sell(giver, package, on=date(2026, 12, 3), language=language, price=price)
    new = NewGift(recipient, message)
    give_course(clinic.store, clinic.desk.act(), course_id, new, make_code=lambda: code)
    with clinic.store.reading() as session:
        gift_id = session.scalars(select(Gift.id).where(Gift.code == code)).one()
        return voucher_paper_in(session, gift_id, clinic.clock())


def letter(clinic: PaperClinic, language: str = "en") -> VoucherLetter:
    """The letter that goes with a voucher, to a buyer whose address is known."""
    code = {"en": "LETRX3FD92HT", "es": "LETRX3FD92ES", "zh-Hans": "LETRX3FD92ZH"}[language]
    message = "" if language == "en" else "¡Feliz cumpleaños!" if language == "es" else "生日快乐！"
    given(clinic, clinic.package(WORDS[language][0]), "Ruth Abara", message, code=code, language=language)
    with clinic.store.reading() as session:
        gift_id = session.scalars(select(Gift.id).where(Gift.code == code)).one()
        paper = letter_paper_in(session, clinic.desk.act(), gift_id)
    address = ("2250 Wilshire Boulevard, Apt. 12", "Los Angeles, CA 90057")
    return replace(paper, billed_to=replace(paper.billed_to, address_lines=address))


def poster(clinic: PaperClinic, language: str = "en") -> ShopPoster:
    return ShopPoster(
        clinic=clinic_on_paper(read_clinic(clinic.store)),
        url="https://courses.juniperstreet.example/shop",
        issued_on=date(2026, 12, 3),
        language=language,
    )
