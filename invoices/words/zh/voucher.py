"""The gift voucher in Simplified Chinese."""

from __future__ import annotations

from invoices.words.phrases import VoucherPhrases

VOUCHER = VoucherPhrases(
    gift_voucher="礼品券",
    title="{name}的{paper}",
    gift_for="送给",
    gift_from="{name} 赠",
    sessions_of={"other": "{treatment}，{n}次"},
    touch_ups_of={"other": "巩固护理：{treatment}，{n}次"},
    rings_alt={"other": "{n}次，均未使用"},
    diamonds_alt={"other": "巩固护理{n}次，均未使用"},
    code="券码",
    code_alt="本券券码：{code}",
    qr_alt="含本券券码的二维码：{code}",
    good_until="有效期至{date}",
    good_from_first_visit={"other": "自首次到诊起{n}个月内有效"},
    no_expiry="无期限",
    given_on="赠送日期：{date}",
    fold="沿此线折叠或剪开",
    how_to="使用方法",
    step_book="预约首次到诊：{ways}。",
    step_book_plain="请向我们预约首次到诊。",
    step_bring="到诊时出示本券，或告知券码：{code}。",
    step_yours="我们会把疗程登记在您的名下，此后每次到诊即可使用。",
    keep_safe="券码仅可使用一次，持码者即可使用，请妥善保管。",
    terms="使用须知",
    ways="{phone} 或 {email}",
)
