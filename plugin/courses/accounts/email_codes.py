"""Codes by which people confirm a new e-mail address: sent to it, typed on My account.

None is stored: a code is an HMAC of person, address and half hour. It ends with the change, which renews the
person's session mark.
"""

import hashlib
import hmac
from base64 import b32encode
from datetime import datetime, timedelta

from plugin.core.text import in_fours, plain_code
from plugin.courses.accounts.staff import StaffView, locked_self, refuse_taken, staff_email
from plugin.courses.base.outbox import enqueue
from plugin.courses.base.work import Work, in_transaction

# The outbox job that sends a code.
EMAIL_CODE = "mail_email_code"
# A code holds for this long at least, and for twice as long at most.
CODE_LASTS = timedelta(minutes=30)
LONGEST_CODE = 20
_PLACES = 8


@in_transaction
def request_email_code(work: Work, email: str) -> str:
    """Enqueue the e-mail with a code to one's own new address, and return the address.

    It is "" for the address one has. Raises InvalidField, or Refused if it is in use.
    """
    row, address = locked_self(work), staff_email(email)
    if address == row.email:
        return ""
    refuse_taken(work.session, address)
    subject = hashlib.sha256(f"{row.id} {address}".encode()).hexdigest()[:40]
    enqueue(work, EMAIL_CODE, subject, payload={"staff_id": row.id, "email": address})
    return address


def email_code(secret_key: str, person: StaffView, address: str, now: datetime) -> str:
    """Return the code that confirms this address, in two groups of four signs."""
    half_hour = int(now.timestamp() // CODE_LASTS.total_seconds())
    content = f"email-code:{person.id}:{person.session_mark}:{address}:{half_hour}"
    made = hmac.new(secret_key.encode(), content.encode(), hashlib.sha256).digest()
    return in_fours(b32encode(made)[:_PLACES].decode())


def is_email_code(secret_key: str, person: StaffView, address: str, typed: str, now: datetime) -> bool:
    """Return whether this code, however it is typed, confirms the address now."""
    plain = plain_code(typed[:LONGEST_CODE]).encode()
    valid = (plain_code(email_code(secret_key, person, address, at)) for at in (now, now - CODE_LASTS))
    return any(hmac.compare_digest(plain, code.encode()) for code in valid)
