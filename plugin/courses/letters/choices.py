"""Which letters a client wants: all that the clinic sends, but for the kinds that they, or staff for them, declined."""

from sqlalchemy import select

from plugin.core.acts import Role
from plugin.core.letters import LetterKind
from plugin.courses.base.activity import Did, record_in
from plugin.courses.base.work import Work, allowed
from plugin.courses.clients.clients import known_client_in, living_client_in
from plugin.courses.letters.kinds import TITLES
from plugin.store import Store
from plugin.store.letters import LetterChoice


def declined_by(store: Store, client_id: str) -> frozenset[LetterKind]:
    """Return the kinds that this client does not get."""
    with store.reading() as session:
        client = living_client_in(session, client_id)
        kinds = session.scalars(select(LetterChoice.kind).where(LetterChoice.client_id == client.id))
        return frozenset(LetterKind(each) for each in kinds if each in list(LetterKind))


@allowed(Role.DESK)
def choose_letter(work: Work, client_id: str, kind: LetterKind, *, is_wanted: bool) -> str:
    """Have a client get letters of this kind or not; return the client. Idempotent. Raises NotFound, Refused."""
    client = known_client_in(work.session, client_id)
    row = work.session.get(LetterChoice, (client.id, kind.value), with_for_update=True)
    if is_wanted == (row is None):
        return client.id
    if row is not None:
        work.session.delete(row)
    else:
        by = work.act.actor.name
        work.session.add(LetterChoice(client_id=client.id, kind=kind.value, declined_at=work.now, by=by))
    words = [f"{TITLES[kind]}: {'on' if each else 'off'}" for each in (not is_wanted, is_wanted)]
    record_in(work, Did.CLIENT_CHANGED, client_id=client.id, before=words[0], after=words[1])
    return client.id
