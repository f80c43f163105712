"""The passphrase of the copies: made here, shown once, never stored."""

from plugin.backups import records
from plugin.backups.passphrase import make_key, make_passphrase
from plugin.core.acts import Act, require
from plugin.courses.base.activity import SET, Did, record_in
from plugin.courses.base.work import transact
from plugin.services import Services


def renew_passphrase(services: Services, act: Act) -> str:
    """Encrypt copies with a new passphrase from now on, and return it: it can't be read again.

    Copies made before open with the passphrase of their time.
    """
    require(act.actor)
    passphrase = make_passphrase()
    key = make_key(passphrase)
    records.change_state(
        services.store,
        recipient=key.recipient,
        key_file=key.key_file,
        key_made_at=act.now,
        key_made_by=act.actor.name,
        # Copies without a passphrase were not sent; the next one is.
        send_failed_at=None,
        send_problem="",
    )
    transact(services.store, act, lambda work: record_in(work, Did.BACKUP_PASSPHRASE, after=SET))
    return passphrase
