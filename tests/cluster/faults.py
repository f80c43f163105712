"""What is done to the cluster, one after the other; each returns once its own part is done and all is started again."""

import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

from plugin.store.creation import migrations_folder
from tests.cluster.configuration import WEBS
from tests.cluster.stack import WORKERS, Cluster
from tests.processes import until

DOWN_S, QUIET_S = 4.0, 10.0
_ROOT = Path(__file__).resolve().parents[2]
_OURS = (*(f"web-{each}" for each in WEBS), *(f"worker-{each}" for each in WORKERS))
Fault = Callable[[Cluster], None]

# A migration as the next version may have one: it only adds.
_MIGRATION = '''"""A table that this version does not know."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None
serves_older = True


def upgrade() -> None:
    op.create_table("of_the_next_version", sa.Column("id", sa.Integer, primary_key=True))


def downgrade() -> None:
    op.drop_table("of_the_next_version")
'''


def nothing(_: Cluster) -> None:
    """Let it run."""
    time.sleep(QUIET_S)


def killed(name_of: Callable[[Cluster], str]) -> Fault:
    """Return what kills a program and starts it again some seconds later."""

    def fault(cluster: Cluster) -> None:
        process = cluster.all[name_of(cluster)]
        process.kill()
        time.sleep(DOWN_S)
        process.start()

    return fault


def primary_crashed(cluster: Cluster) -> None:
    """Kill PostgreSQL alone: its Patroni brings it up again, or lets the standby take over."""
    cluster.signal_postgres(cluster.primary(), signal.SIGKILL)
    time.sleep(DOWN_S)


def primary_lost(cluster: Cluster) -> None:
    """Kill all of the primary's machine; it comes back after the standby was promoted."""
    name = cluster.primary()
    _kill_machine(cluster, name)
    until(lambda: cluster.primary() not in ("", name), "another primary")
    cluster.all[name].start()


def primary_lost_behind(cluster: Cluster) -> None:
    """Lose the primary's machine while the standby lacks its last seconds: lost, where no commit waited for it."""
    standby = cluster.standby()
    cluster.signal_postgres(standby, signal.SIGSTOP, called="walreceiver")
    time.sleep(DOWN_S)
    name = cluster.primary()
    _kill_machine(cluster, name)
    # Not woken: it would read what is still in the connection.
    cluster.signal_postgres(standby, signal.SIGKILL, called="walreceiver")
    until(lambda: cluster.primary() not in ("", name), "another primary")
    cluster.all[name].start()


def standby_lost(cluster: Cluster) -> None:
    """Kill all of the standby's machine, for which each commit waits."""
    name = cluster.standby()
    _kill_machine(cluster, name)
    until(lambda: not cluster.standby(), "a primary without a standby")
    time.sleep(DOWN_S)
    cluster.all[name].start()


def primary_frozen(cluster: Cluster) -> None:
    """Freeze the primary's machine until another has its place, then let it go on as if nothing had happened."""
    name = cluster.primary()
    node = cluster.all[name]
    node.send(signal.SIGSTOP)
    cluster.signal_postgres(name, signal.SIGSTOP)
    until(lambda: cluster.primary() not in ("", name), "another primary")
    time.sleep(DOWN_S)
    cluster.signal_postgres(name, signal.SIGCONT)
    node.send(signal.SIGCONT)


def promoted(cluster: Cluster) -> None:
    """Let the standby take over in good order, as before work on a machine."""
    name = cluster.primary()
    cluster.switch_over(name)
    until(lambda: cluster.primary() not in ("", name), "another primary")


def restarted(cluster: Cluster) -> None:
    """Restart web and worker processes, one after the other."""
    for name in _OURS:
        cluster.restart(name, _ROOT)


def upgraded(cluster: Cluster) -> None:
    """Bring the next version into the web and worker processes, one after the other; the first migrates."""
    root = next_version(cluster.folder / "next")
    for name in _OURS:
        cluster.restart(name, root)


def next_version(folder: Path) -> Path:
    """Write a copy of the program with one migration more, and return its folder."""
    for name in ("plugin", "invoices", "templates"):
        shutil.copytree(_ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
    versions = folder / migrations_folder().relative_to(_ROOT) / "versions"
    before = max(each.name[:4] for each in versions.glob("[0-9]*.py"))
    revision = f"{int(before) + 1:04d}"
    text = _MIGRATION.format(revision=revision, before=before)
    (versions / f"{revision}_of_the_next_version.py").write_text(text, encoding="utf-8")
    return folder


def _kill_machine(cluster: Cluster, name: str) -> None:
    cluster.all[name].kill()
    cluster.signal_postgres(name, signal.SIGKILL)


# What must be found where commits wait for no standby.
FLAW: dict[str, Fault] = {"machine of the primary lost, the standby behind": primary_lost_behind}
FAULTS: dict[str, Fault] = {
    "nothing": nothing,
    "a web process killed": killed(lambda _: "web-a"),
    "a worker killed": killed(lambda _: "worker-c"),
    "leader of etcd killed": killed(lambda cluster: cluster.etcd_leader()),
    "PostgreSQL of the primary killed": primary_crashed,
    "machine of the primary lost": primary_lost,
    "machine of the standby lost": standby_lost,
    "standby promoted in good order": promoted,
    "machine of the primary frozen, then thawed": primary_frozen,
    "PgBouncer killed": killed(lambda _: "pgbouncer"),
    "Redis killed": killed(lambda _: "redis"),
    "web and workers restarted in turn": restarted,
    "web and workers upgraded in turn": upgraded,
}
