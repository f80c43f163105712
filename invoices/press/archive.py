"""A laid-out invoice or credit note as an archival file: PDF/A-3a and PDF/UA-1 at once, its XML attached.

WeasyPrint claims one of the two; the other claim, and what Factur-X requires, is added to its metadata (XMP).
"""

from datetime import UTC, date, datetime, time
from functools import cache
from importlib.resources import files
from typing import Any

import pydyf  # type: ignore[import-untyped]  # it ships no types
from weasyprint import Attachment, Document  # type: ignore[import-untyped]
from weasyprint.document import DocumentMetadata  # type: ignore[import-untyped]

from invoices.e_invoice import FILE_NAME, NORM
from invoices.papers import CreditNote, Invoice
from invoices.press.structure import complete

ARCHIVED = "pdf/a-3a"
_END = b"</rdf:RDF>"


class _Metadata(DocumentMetadata):  # type: ignore[misc]  # untyped base
    """Adds to WeasyPrint's metadata, inside the one description that readers of XMP evaluate."""

    said: bytes

    def generate_rdf_metadata(self, *claim: Any) -> bytes:
        rdf, end, rest = super().generate_rdf_metadata(*claim).rpartition(_END)
        return bytes(rdf + self.said + end + rest)


def archived(document: Document, paper: Invoice | CreditNote) -> bytes:
    """Draw the paper as the archive's file. Raises PaperRefused where its XML can't be made."""
    document.metadata = _Metadata(**vars(document.metadata))
    document.metadata.said = _said("electronic.xmp" if paper.is_electronic else "archived.xmp")
    attachments = [_electronic(paper)] if paper.is_electronic else []
    drawn = document.write_pdf(pdf_variant=ARCHIVED, attachments=attachments, finisher=_finished)
    return bytes(drawn)


def _electronic(paper: Invoice | CreditNote) -> Attachment:
    # Imported late: only a few clinics have electronic invoices.
    from invoices.e_invoice.facturx import xml_of

    return Attachment(
        string=xml_of(paper).decode("utf-8"),
        name=FILE_NAME,
        description=f"{paper.number}, {NORM}",
        created=_start_of(paper.issued_on),
        modified=_start_of(paper.issued_on),
        relationship="Alternative",
    )


def _start_of(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


@cache
def _said(name: str) -> bytes:
    return (files("invoices") / "print" / "xmp" / name).read_bytes()


def _finished(document: Document, pdf: Any) -> None:
    complete(document, pdf)
    _name_attachments_once(pdf)


def _name_attachments_once(pdf: Any) -> None:
    """Name each attachment once among the associated files, where WeasyPrint 70 names it twice, as text/xml."""
    if "AF" not in pdf.catalog:
        return
    pdf.catalog["AF"] = pydyf.Array(dict.fromkeys(pdf.catalog["AF"]))
    for part in pdf.objects:
        if isinstance(part, pydyf.Stream) and part.extra.get("Type") == "/EmbeddedFile":
            # The type that Factur-X requires, whatever this machine's type of .xml.
            part.extra["Subtype"] = "/text#2fxml"
