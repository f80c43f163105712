"""What the letter with the address of a payment says, in the client's language."""

from __future__ import annotations

from dataclasses import dataclass

from invoices.words import language_for


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPhrases:
    """Plain phrases; `questions_…` for what the clinic can be reached by."""

    dear: str
    several: str
    deposit: str
    pay: str
    pay_here: str
    leads_to: str
    ready: str
    questions_call: str
    questions_write: str
    questions_both: str


_ENGLISH = LinkPhrases(
    dear="Hello {name},",
    several="{package}, {n} of them",
    deposit="A deposit of {amount} starts it; the rest is due later, at the same address.",
    pay="Pay {amount}",
    pay_here="Pay here, at Square:",
    leads_to="The button leads to Square:",
    ready="Your sessions are ready within minutes of the payment.",
    questions_call="Questions? Call {phone}.",
    questions_write="Questions? Write to {email}.",
    questions_both="Questions? Call {phone} or write to {email}.",
)
_SPANISH = LinkPhrases(
    dear="Hola, {name}:",
    several="{package}, {n} unidades",
    deposit="Se empieza con un anticipo de {amount}; el resto se paga después, en la misma dirección.",
    pay="Pagar {amount}",
    pay_here="Pague aquí, en Square:",
    leads_to="El botón lleva a Square:",
    ready="Sus sesiones estarán listas a los pocos minutos del pago.",
    questions_call="¿Preguntas? Llame al {phone}.",
    questions_write="¿Preguntas? Escriba a {email}.",
    questions_both="¿Preguntas? Llame al {phone} o escriba a {email}.",
)
_CHINESE = LinkPhrases(
    dear="{name}，您好：",
    several="{package}，共{n}份",
    deposit="先付定金 {amount} 即可开始，余款稍后通过同一链接支付。",
    pay="支付 {amount}",
    pay_here="请在 Square 页面付款：",
    leads_to="按钮将打开 Square 页面：",
    ready="付款后几分钟内，您的疗程次数即可使用。",
    questions_call="如有疑问，请致电 {phone}。",
    questions_write="如有疑问，请发邮件至 {email}。",
    questions_both="如有疑问，请致电 {phone} 或发邮件至 {email}。",
)
SPOKEN = {"en": _ENGLISH, "es": _SPANISH, "zh": _CHINESE}


def link_phrases(tag: str) -> LinkPhrases:
    """Return the phrases of a language; English where it is not spoken here."""
    return SPOKEN[language_for(tag).locale.language]


def questions(said: LinkPhrases, phone: str, email: str) -> str:
    """Say whom to ask, "" where the clinic gave nothing."""
    forms = {
        (True, True): said.questions_both,
        (True, False): said.questions_call,
        (False, True): said.questions_write,
    }
    return forms.get((bool(phone), bool(email)), "").format(phone=phone, email=email)
