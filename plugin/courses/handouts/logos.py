"""The clinic's logo: taken from its owner, kept by its SHA-256, handed to whoever draws a paper that names it."""

from __future__ import annotations

from sqlalchemy.orm import Session

from invoices.papers import Paper
from plugin.core.acts import Act, require
from plugin.courses.base.views import LogoView
from plugin.courses.base.work import Work, transact
from plugin.courses.handouts.image_check import Picture, read_picture
from plugin.errors import NotFound, Refused
from plugin.store import Store
from plugin.store.offers import Clinic
from plugin.store.papers import Logo


def set_logo(store: Store, act: Act, data: bytes) -> LogoView:
    """Put this picture at the head of the papers made from now on; raises InvalidField, Refused without a clinic."""
    require(act.actor)
    picture = read_picture(data)

    def do(work: Work) -> None:
        if work.session.get(Logo, picture.sha256) is None:
            work.session.add(_row(picture, work.act))
            work.session.flush()
        _clinic(work.session).logo_sha256 = picture.sha256

    transact(store, act, do)
    return LogoView(picture.sha256, picture.width, picture.height)


def remove_logo(store: Store, act: Act) -> None:
    """Head the papers with the clinic's name again; the picture stays for the documents that were issued with it."""
    require(act.actor)

    def do(work: Work) -> None:
        _clinic(work.session).logo_sha256 = None

    transact(store, act, do)


def logo_png(store: Store, sha256: str) -> bytes:
    """Return a picture that was kept; raises NotFound."""
    with store.reading() as session:
        row = session.get(Logo, sha256)
        if row is None:
            raise NotFound("There is no such picture.")
        return row.png


def assets_for(store: Store, paper: Paper) -> dict[str, bytes]:
    """Return the PNG that the paper names, by its SHA-256; nothing for a paper without a logo."""
    logo = paper.clinic.logo
    return {logo.sha256: logo_png(store, logo.sha256)} if logo else {}


def _row(picture: Picture, act: Act) -> Logo:
    return Logo(
        sha256=picture.sha256,
        png=picture.png,
        width=picture.width,
        height=picture.height,
        added_at=act.now,
        by=act.actor.name,
    )


def _clinic(session: Session) -> Clinic:
    clinic = session.get(Clinic, 1)
    if clinic is None:
        raise Refused("Name the clinic first, then add its logo.", code="no_clinic")
    return clinic
