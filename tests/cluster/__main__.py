"""`make cluster`: a cluster under load, broken piece by piece; prints a table and writes it as JSON.

`python -m tests.cluster SEED FILE [flaw]`. Exits with 1 when anything acknowledged is lost or doubled, the audit is
not clean, the standby differs or something did not come back, with 2 where programs are missing. With `flaw` commits
wait for no standby, which must be found: exit code 1.
"""

import json
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from plugin.store import Store
from tests.cluster.configuration import NODES
from tests.cluster.faults import FAULTS, FLAW, Fault
from tests.cluster.programs import Missing, install_missing
from tests.cluster.stack import Cluster
from tests.cluster.table import FaultRow, row_of, table
from tests.processes import end_in_order, until
from tests.torture.crash import CrashRun, tablets_at

_AT_LEAST_S, _AFTER_S, _PAUSE_S = 8.0, 3.0, 0.1


def main(seed: int, file: Path, *, is_flawed: bool = False) -> int:
    """Run everything and return the exit code."""
    try:
        install_missing()
    except Missing as error:
        print(error, file=sys.stderr)
        return 2
    print(f"seed {seed}, load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    cluster, run = Cluster(waits_for_standby=not is_flawed), CrashRun()
    try:
        cluster.start()
        with Store(cluster.direct_url) as store:
            run.furnish(store)
        with tablets_at(cluster.ports["desk"], run, seed, pause_s=_PAUSE_S):
            rows = [
                _phase(cluster, run, name, fault) for name, fault in (FLAW if is_flawed else FAULTS).items()
            ]
        with Store(cluster.direct_url) as store:
            run.examine(store)
        same = _same_on_both(cluster)
    except BaseException:
        _keep_logs(cluster)
        raise
    finally:
        cluster.stop()
    print(_verdict(run, same=same))
    _write(file, seed, run, rows, same=same)
    is_whole = all(each.whole_after_s is not None for each in rows)
    return 0 if run.is_right and same and is_whole else 1


def _phase(cluster: Cluster, run: CrashRun, name: str, fault: Fault) -> FaultRow:
    refused, lost, began = run.refused.total(), run.answers_lost, time.monotonic()
    whole = None
    try:
        fault(cluster)
        until(cluster.is_whole, f"everything again after: {name}", most_s=180)
        whole = time.monotonic()
    except TimeoutError as error:
        # What was acknowledged counts all the same.
        print(error, file=sys.stderr)
        _keep_logs(cluster)
    time.sleep(max(_AFTER_S, began + _AT_LEAST_S - time.monotonic()))
    ended = time.monotonic()
    failed = run.refused.total() - refused + run.answers_lost - lost
    row = row_of(name, run.answered_at, began, whole, ended, failed)
    print(row.line, flush=True)
    return row


def _same_on_both(cluster: Cluster) -> bool:
    """Return whether the standby comes to have the primary's ledger."""

    def counted(node: str) -> object:
        with cluster.connect(node) as connection:
            return connection.execute(
                "SELECT count(*), md5(string_agg(id, '' ORDER BY id)) FROM entry"
            ).fetchone()

    try:
        until(lambda: len({counted(node) for node in NODES}) == 1, "the same ledger on both", most_s=30)
    except TimeoutError:
        return False
    return True


def _verdict(run: CrashRun, *, same: bool) -> str:
    return (
        f"\n{len(run.acknowledged)} acknowledged, {len(run.lost)} lost, {len(run.doubled)} doubled, audit"
        f" {'clean' if not run.audit else f'NOT clean: {run.audit[:3]}'}, standby {'the same' if same else 'DIFFERS'}"
    )


def _write(file: Path, seed: int, run: CrashRun, rows: list[FaultRow], *, same: bool) -> None:
    print("\n" + table(rows))
    facts = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "seed": seed,
        "load": os.getloadavg()[0],
        "cores": os.cpu_count(),
        "acknowledged": len(run.acknowledged),
        "lost": sorted(run.lost),
        "doubled": sorted(run.doubled),
        "audit": run.audit,
        "standby_is_same": same,
        "refused": {str(status): number for status, number in sorted(run.refused.items())},
        "rows": [asdict(each) for each in rows],
    }
    file.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def _keep_logs(cluster: Cluster) -> None:
    """Copy every log to a place that stays."""
    place = Path(tempfile.mkdtemp(prefix="coursekeeper-cluster-logs-"))
    for process in cluster.all.values():
        if process.log.exists():
            shutil.copy(process.log, place)
    print(f"The logs of all programs are in {place}.", file=sys.stderr)


if __name__ == "__main__":
    end_in_order()
    words = [*sys.argv[1:], "", "", ""]
    chosen = int(words[0] or random.SystemRandom().randrange(10**6))
    sys.exit(main(chosen, Path(words[1] or "cluster.json"), is_flawed=words[2] == "flaw"))
