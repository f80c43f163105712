"""A person at the desk who taps: every link, button and menu that is opened counts, typing does not."""

from __future__ import annotations

import re
from typing import Any

from tests.web.page import Form, Page
from tests.web.visitor import Visitor


class Tapper:
    """Walks from page to page by what is on them, and counts. Without scripts, so it taps at least as often."""

    def __init__(self, visitor: Visitor, start: str = "/") -> None:
        self.visitor, self.taps = visitor, 0
        self.page = visitor.page(start)

    def types(self, q: str, address: str) -> Tapper:
        """Type into a field whose matches follow what is typed; the page is now these matches."""
        answer = self.visitor.get(address, query_string={"q": q, "at": "/"}, headers={"HX-Request": "true"})
        self.page = Page(answer.text)
        return self

    def opens(self, menu: str) -> Tapper:
        """Open a menu or a form that waits behind a word of this page."""
        assert re.search(rf"<summary[^>]*>\s*(?:<[^>]+>)*\s*{re.escape(menu)}", self.page.html), menu
        self.taps += 1
        return self

    def follows(self, pattern: str) -> Tapper:
        """Tap a link of this page."""
        link = next((each for each in self.page.links() if re.search(pattern, each)), None)
        assert link is not None, (pattern, self.page.links())
        self.taps += 1
        self.page = self.visitor.page(link)
        return self

    def prints(self, path_ends: str) -> Tapper:
        """Tap a paper: it opens, and the page stays."""
        link = next(each for each in self.page.links() if each.split("?")[0].endswith(path_ends))
        self.taps += 1
        assert self.visitor.get(link).status_code == 200
        return self

    def sends(self, action_ends: str, **typed: Any) -> Tapper:
        """Tap the button of a form of this page."""
        return self._sends(self.page.form(action_ends), typed)

    def sells(self, way: str, has: str = "", **typed: Any) -> Tapper:
        """Tap a way to pay; of several, the form that has this field or button."""
        forms = [each for each in self.page.forms if each.fields.get("way") == way]
        wanted = (
            each
            for each in forms
            if not has or has in each.fields or has in {name for name, *_ in each.buttons}
        )
        return self._sends(next(wanted), typed)

    def _sends(self, form: Form, typed: dict[str, Any]) -> Tapper:
        self.taps += 1
        answer = self.visitor.send(form, **typed)
        assert answer.status_code in (200, 303), (
            form.action,
            answer.status_code,
            Page(answer.text).text[:300],
        )
        if answer.status_code == 303:
            self.page = self.visitor.page(answer.headers["Location"].removeprefix("http://localhost"))
        else:
            self.page = Page(answer.text)
        return self

    def looks_over(self) -> Tapper:
        """Answer the look at what is about to be recorded."""
        self.taps += 1
        return self
