"""Sample papers in the other languages, and of people with names from everywhere. All of them are invented."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from invoices.papers import AftercareSheet, CourseSummary, Paper

NAMES = {"es": "María Fernández", "zh-Hans": "王美玲"}
CALLED = {"en": "english", "es": "spanish", "zh-Hans": "chinese"}
SLUGS = ("facial-acupuncture", "touch-up", "led-light-dome", "general")
# In the scripts that the bundled fonts have, so that the paper is the same on every machine.
EVERYWHERE = (
    "Zoë Ångström",
    "Lê Phượng",
    "Łukasz Żółć",
    "Ayşe Ağaoğlu",
    "Иван Петров",
    "Ελένη Παππά",
    "王美玲",
    "陳小明",
    "喆堃",
    "田中さくら",
    "김민지",
    "Siân O’Brien",
)
_FOCUS = ("额头细纹", "下颌线", "下颌线、浮肿", "黑眼圈、下颌线", "肤色不均")
_CHINESE_TERMS = (
    "疗程次数不设有效期。",
    "退款：退还未使用次数对应的已付金额。",
    "未事先通知而未到诊，按已使用一次计算；第一次不计。",
)
Sheet = Callable[..., AftercareSheet]


def language_samples(summary: CourseSummary, full: CourseSummary, sheet: Sheet) -> dict[str, Paper]:
    """A summary and a sheet in Chinese, with what a clinic that writes Chinese would type, and twelve names."""
    return {
        "summary-chinese": _chinese(summary),
        "aftercare-chinese": replace(sheet(language="zh-Hans"), client_name=NAMES["zh-Hans"]),
        "summary-names": _named(full),
    }


def sheets_in_every_language(sheet: Sheet) -> dict[str, Paper]:
    """Every starting text in every language."""
    return {
        f"aftercare-{slug}-{called}": sheet(slug, language=language)
        for slug in SLUGS
        for language, called in CALLED.items()
    }


def _chinese(summary: CourseSummary) -> CourseSummary:
    visits = tuple(replace(visit, focus=focus) for visit, focus in zip(summary.visits, _FOCUS, strict=False))
    return replace(
        summary,
        language="zh-Hans",
        client_name=NAMES["zh-Hans"],
        package_name="面部针灸疗程，12次，含2次巩固护理",
        visits=visits,
        terms=_CHINESE_TERMS,
        suggested_interval="建议每1周到诊一次。",
    )


def _named(full: CourseSummary) -> CourseSummary:
    visits = tuple(
        replace(visit, practitioner=name) for visit, name in zip(full.visits, EVERYWHERE, strict=False)
    )
    return replace(full, client_name="Ελένη Иван 王陳 さくら", visits=visits)
