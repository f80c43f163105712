"""A mail server on this machine that stores the e-mails it receives. Independent of their content."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope


class PostOffice:
    """Rejects recipients whose name begins with "gone"; `next_answers`: its answers to the next e-mails instead.

    "250 lost": it accepts the e-mail, and hangs up before its answer.
    """

    def __init__(self) -> None:
        self.port = 0
        self.taken: list[EmailMessage] = []
        self.asked: list[str] = []
        self.next_answers: list[str] = []

    def empty(self) -> PostOffice:
        """Delete all, for the next test."""
        self.taken, self.asked, self.next_answers = [], [], []
        return self

    async def handle_RCPT(  # noqa: N802 - the server calls it so
        self, _server: Any, _session: Any, envelope: Envelope, address: str, _options: list[str]
    ) -> str:
        self.asked.append(address)
        if address.startswith("gone"):
            return f"550 5.1.1 <{address}>: no such person"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, _session: Any, envelope: Envelope) -> str:  # noqa: N802
        answer = self.next_answers.pop(0) if self.next_answers else "250 OK"
        if answer.startswith("250"):
            self.taken.append(message_from_bytes(cast(bytes, envelope.content), policy=policy.default))
        if answer == "250 lost":
            server.transport.close()
        return answer


@contextmanager
def running_post_office() -> Iterator[PostOffice]:
    """Listen on a free port until the end of the block."""
    office = PostOffice()
    with running_server(lambda loop: SMTP(office, hostname="post.example", loop=loop)) as port:
        office.port = port
        yield office


@contextmanager
def running_server(speak: Callable[[asyncio.AbstractEventLoop], SMTP]) -> Iterator[int]:
    """Serve in a thread with a loop of its own, for this one may run a browser's; the value is the port."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    begun = loop.create_server(lambda: speak(loop), "127.0.0.1", 0)
    listening = asyncio.run_coroutine_threadsafe(begun, loop).result(10)
    try:
        yield listening.sockets[0].getsockname()[1]
    finally:
        loop.call_soon_threadsafe(listening.close)
        asyncio.run_coroutine_threadsafe(_hang_up(), loop).result(10)
        loop.call_soon_threadsafe(loop.stop)
        thread.join(10)
        loop.close()


async def _hang_up() -> None:
    others = asyncio.all_tasks() - {asyncio.current_task()}
    for each in others:
        each.cancel()
    await asyncio.gather(*others, return_exceptions=True)
