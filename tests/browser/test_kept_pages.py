"""What the service worker keeps when answers come at once, or late: its functions, on a cache that takes its time."""

from typing import Any

import pytest
from playwright.sync_api import Page

from plugin.web.pages import TEMPLATES

# A cache of the browser whose answers come in any order, and the functions of the worker that keep pages.
_WORKER = """
const pause = () => new Promise((done) => setTimeout(done, Math.random() * 3));
class SlowCache {
  pages = new Map();
  path = (key) => key.url ?? new URL(key, "http://clinic").href;
  async match(key) { await pause(); return this.pages.get(this.path(key))?.clone(); }
  async put(key, answer) { await pause(); this.pages.set(this.path(key), answer); }
  async delete(key) { await pause(); return this.pages.delete(this.path(key)); }
  async keys() { await pause(); return [...this.pages.keys()].map((url) => ({ url })); }
}
const stores = new Map();
const caches = {
  async open(name) { await pause(); return stores.get(name) ?? stores.set(name, new SlowCache()).get(name); },
  async keys() { await pause(); return [...stores.keys()]; },
  async delete(name) { await pause(); return stores.delete(name); },
};
const answerFor = (whose) => new Response("page", { headers: { "X-Kept-For": whose } });
const paths = ({ pages }) => [...pages.keys()].map((url) => new URL(url).pathname);
const kept = () => [...stores].flatMap(([name, cache]) => paths(cache).map((path) => `${name} ${path}`));
const CONFIG = { version: "1", start: "/", clients: 3, lasts: 1e9 };
const addEventListener = () => {};
"""


@pytest.fixture
def run(page: Page) -> Any:
    worker = (TEMPLATES / "static" / "worker.js").read_text(encoding="utf-8")

    def run(script: str) -> Any:
        return page.evaluate(f"(async () => {{ {_WORKER}\n{worker}\n{script} }})()")

    return run


def test_pages_that_come_at_once_are_all_kept_up_to_the_last_clients(run: Any) -> None:
    kept = run("""
      const waits = [];
      const event = (n) => ({
        request: { url: `http://clinic/clients/${n}`, mode: "navigate" }, waitUntil: (each) => waits.push(each),
      });
      await Promise.all([...Array(12).keys()].map((n) => keep(event(n), answerFor("ana"), n)));
      await Promise.all(waits);
      return kept();
    """)
    assert len(kept) == 3


def test_a_late_answer_to_an_earlier_sign_in_neither_stays_nor_deletes_what_is_kept(run: Any) -> None:
    kept = run("""
      const waits = [];
      const event = (path) => ({
        request: { url: `http://clinic${path}`, mode: "navigate" }, waitUntil: (each) => waits.push(each),
      });
      await keep(event("/clients/1"), answerFor("ben"), 200);
      await keep(event("/clients/2"), answerFor("ana"), 100);
      await Promise.all(waits);
      return kept();
    """)
    assert kept == ["pages:ben /clients/1"]
