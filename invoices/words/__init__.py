"""The papers' own words: a language is one module here, complete or refused by the type checker."""

from __future__ import annotations

from invoices.words.language import NO_BREAK_SPACE, Language, is_supported, language_for

__all__ = ["NO_BREAK_SPACE", "Language", "is_supported", "language_for"]
