"""Commands that run servers, work off what is due, and check the installation."""

from __future__ import annotations

import json
import os
import sys
import threading
from contextlib import closing
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

import plugin
from plugin.cli.root import AS_JSON, PORT, connected_services, main, parsed_moment, report
from plugin.instance_lock import WEB, WORKER, hold, nobody_running

if TYPE_CHECKING:
    from flask import Flask

    from plugin.settings import Settings


@main.command()
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port of Coursekeeper.")
@click.option("--till-port", type=PORT, default=9000, show_default=True, help="Port of the practice Square.")
@click.option("--fresh", is_flag=True, help="Delete the demo’s data and start over.")
@click.option("--folder", default="var/demo", show_default=True, help="Folder of the demo’s data.")
@click.option("--day", is_flag=True, help="Simulate a day full of faults, compare the sums, and exit.")
def demo(port: int, till_port: int, fresh: bool, folder: str, day: bool) -> None:
    """Start a practice Square and a small clinic to try everything."""
    _find_practice_square()
    if day:
        from tests.stories.day.play import play_day

        sys.exit(0 if play_day(click.echo).is_right else 1)
    from practice_square.demo.running import run_demo

    sys.exit(run_demo(Path(folder), port=port, till_port=till_port, fresh=fresh))


def _find_practice_square() -> None:
    """Let this process and its children import the practice Square, which is next to plugin/ in a clone."""
    root = Path(plugin.__file__).resolve().parents[1]
    if not (root / "practice_square").is_dir():
        raise click.ClickException(
            "The demo is not part of an installed Coursekeeper. Run `make demo` in a clone of the repository."
        )
    sys.path.append(str(root))
    os.environ["PYTHONPATH"] = os.pathsep.join(filter(None, [os.environ.get("PYTHONPATH"), str(root)]))


@main.command()
@click.option("--port", type=PORT, default=8000, show_default=True, help="Port to listen on.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--no-worker", is_flag=True, help="Serve the web only; run `coursekeeper worker` beside it.")
def serve(port: int, host: str, no_worker: bool) -> None:
    """Serve the web and run one worker beside it."""
    from plugin.start import started_settings

    settings = started_settings()
    if no_worker:
        _serve_web(settings, host, port)
        return
    from plugin.listening import open_listener

    # A port in use is reported before anything starts; if it is taken after this, the web process reports it.
    open_listener(host, port).close()
    with nobody_running(settings.database_url, settings.data_folder):
        pass
    sys.exit(_run_family(host, port, settings))


def _serve_web(settings: Settings, host: str, port: int, app: Flask | None = None) -> None:
    from plugin.serving import serve_web

    hold(settings.database_url, settings.data_folder, WEB)
    serve_web(settings, host=host, port=port, app=app)


def _run_family(host: str, port: int, settings: Settings | None = None) -> int:
    """Run web and worker until they are stopped. Forked from here, they share what this process has loaded."""
    from plugin.processes import FORKS, Child, Family

    web = Child("web", ["-m", "plugin", "serve", "--no-worker", "--host", host, "--port", str(port)], {})
    work = Child("worker", ["-m", "plugin", "worker"], {}, is_vital=False)
    if FORKS and settings is not None:
        import gc

        # Until all is loaded: hardly anything of it becomes garbage, and looking for that takes a while.
        gc.disable()
        from plugin.serving import make_ready

        app = make_ready(settings, host=host, port=port, with_worker=True)
        web.run, work.run = partial(_serve_web, settings, host, port, app), partial(_work, settings)
    family = Family([web, work])
    family.stop_on_signals()
    family.start()
    try:
        if web.run is not None:
            family.let_go()
        return family.wait()
    finally:
        family.stop()


@main.command("setup-code")
def setup_code() -> None:
    """Print a new code to set up this clinic with in the browser; earlier codes end."""
    from plugin.courses.accounts.setup import new_setup_code
    from plugin.services import wall_clock
    from plugin.start import started_settings
    from plugin.store import Store

    settings = started_settings()
    with Store(settings.database_url) as store:
        click.echo(new_setup_code(store, settings.secret_key.get_secret_value(), wall_clock()))


@main.command()
def worker() -> None:
    """Process events from Square and outbox jobs until stopped."""
    _work()


def _work(settings: Settings | None = None) -> None:
    import signal

    from plugin.bootstrap import open_services
    from plugin.processes import end_with_parent, use_one_heap
    from plugin.start import started_settings
    from plugin.worker import Worker

    end_with_parent()
    # It may wait for the database, which a signal ends at once.
    settings = settings or started_settings()
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    hold(settings.database_url, settings.data_folder, WORKER)
    use_one_heap()
    # Its loops are many, but few of them read or write at the same time.
    with closing(open_services(settings, kept_connections=3, is_in_background=True)) as services:
        Worker(services).run_forever(stop)


@main.command()
@click.option(
    "--since", metavar="TIME", help="Start here (ISO 8601); by default where the last sweep started."
)
@AS_JSON
def sweep(since: str | None, as_json: bool) -> None:
    """Find events in Square that the webhooks missed and add them to the inbox."""
    from plugin.square.sync import sync

    with connected_services() as services:
        swept = sync(services, since=parsed_moment(since, "--since"))
    found = [dict(each) for each in swept.found]
    result = {"since": swept.since.isoformat(), "looked_at": swept.looked_at, "found": found}
    report(result, f"Looked at {swept.looked_at}, found {len(found)}.", as_json=as_json)


@main.group()
def inbox() -> None:
    """Process events from Square."""


@inbox.command("run")
@AS_JSON
def inbox_run(as_json: bool) -> None:
    """Process all events and jobs that are due, then exit."""
    from plugin.worker import work_off

    with connected_services() as services:
        done = work_off(services)
    sentence = (
        f"{done.finished} done, {done.waiting} waiting, {done.failed} failed, {done.papers} papers made."
    )
    report(asdict(done), sentence, as_json=as_json)


@main.command()
@AS_JSON
@click.option("--online", is_flag=True, help="Also call Square, the mail server and the public address.")
def doctor(as_json: bool, online: bool) -> None:
    """Check everything an installation needs, and print how to fix what is wrong.

    Exits with 1 if something is wrong; a warning alone exits with 0.
    """
    from plugin.doctor.examine import examine
    from plugin.doctor.finding import State

    found = []
    for each in examine(os.environ, is_online=online):
        found.append(each)
        if not as_json:
            mend = f" {each.mend}" if each.mend else ""
            click.echo(f"{each.state.value:8} {each.check}: {each.said}{mend}")
    if as_json:
        rows = [
            {"check": each.check, "state": each.state.value, "message": each.said, "fix": each.mend}
            for each in found
        ]
        click.echo(json.dumps({"findings": rows}))
    sys.exit(1 if any(each.state is State.WRONG for each in found) else 0)
