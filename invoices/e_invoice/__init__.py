"""The invoice as the XML of EN 16931 (Factur-X, ZUGFeRD), from the same frozen content as the paper."""

from invoices.e_invoice.eligibility import FILE_NAME, NORM, why_not

__all__ = ["FILE_NAME", "NORM", "why_not"]
