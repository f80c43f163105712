"""The configuration files of the cluster's programs, as an operator would write them; ports and folders filled in."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass
from pathlib import Path

DATABASE = USER = "coursekeeper"
NODES, ETCDS, WEBS = ("one", "two"), ("e1", "e2", "e3"), ("a", "b")


@dataclass(frozen=True)
class Ports:
    """A port of this machine for everything that listens, by name."""

    of: dict[str, int]

    @classmethod
    def free(cls) -> Ports:
        """Choose ports that are free now, below those that connections going out take by themselves."""
        names = [f"{each}-{what}" for each in ETCDS for what in ("client", "peer")]
        names += [f"{each}-{what}" for each in NODES for what in ("postgres", "rest")]
        names += [f"web-{each}" for each in WEBS]
        names += ["primary", "pooler", "desk", "redis"]
        free = filter(_is_free, random.SystemRandom().sample(range(15_000, 30_000), 1000))
        return cls(dict(zip(names, free, strict=False)))

    def __getitem__(self, name: str) -> int:
        return self.of[name]


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def etcd(name: str, ports: Ports, folder: Path) -> list[str]:
    """Return the options of one of the three members."""
    address = "http://127.0.0.1:{}".format
    peers = ",".join(f"{each}={address(ports[f'{each}-peer'])}" for each in ETCDS)
    client, peer = address(ports[f"{name}-client"]), address(ports[f"{name}-peer"])
    return [
        *("--name", name, "--data-dir", str(folder / name), "--initial-cluster", peers),
        *("--listen-client-urls", client, "--advertise-client-urls", client),
        *("--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer),
        # Over the third API Patroni 3.0 keeps a copy of its keys, which can stay old after a freeze (fixed in 3.1).
        *("--enable-v2", "--initial-cluster-state", "new", "--logger", "zap", "--log-outputs", "stderr"),
    ]


def patroni(name: str, ports: Ports, folder: Path, programs: Path, *, waits: bool) -> str:
    """Return the configuration of one node; 20 seconds of silence end a primary.

    `waits`: a commit is answered once the standby has it too.
    """
    etcds = ", ".join(f'"127.0.0.1:{ports[f"{each}-client"]}"' for each in ETCDS)
    postgres, rest = (f"127.0.0.1:{ports[f'{name}-{what}']}" for what in ("postgres", "rest"))
    return f"""
scope: coursekeeper
name: {name}
restapi: {{listen: "{rest}", connect_address: "{rest}"}}
etcd: {{hosts: [{etcds}]}}
bootstrap:
  dcs:
    ttl: 20
    loop_wait: 3
    retry_timeout: 5
    synchronous_mode: {str(waits).lower()}
    postgresql:
      use_pg_rewind: true
      parameters: {{max_connections: 80, wal_log_hints: "on", shared_buffers: 64MB, wal_keep_size: 128MB}}
  initdb: [{{encoding: UTF8}}, {{locale: C.UTF-8}}, data-checksums]
postgresql:
  listen: {postgres}
  connect_address: {postgres}
  data_dir: {folder / name}
  bin_dir: {programs}
  pgpass: {folder / f"{name}.pgpass"}
  authentication:
    superuser: {{username: postgres, password: cluster}}
    replication: {{username: replicator, password: cluster}}
  parameters: {{unix_socket_directories: "{folder}"}}
  pg_hba: ["host all all 127.0.0.1/32 trust", "host replication all 127.0.0.1/32 trust"]
  basebackup: {{checkpoint: fast}}
"""


def pgbouncer(ports: Ports, folder: Path) -> str:
    """Return the configuration of the pooler: each transaction gets one of 20 connections."""
    return f"""
[databases]
{DATABASE} = host=127.0.0.1 port={ports["primary"]} dbname={DATABASE} user={USER}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {ports["pooler"]}
unix_socket_dir = {folder}
auth_type = any
pool_mode = transaction
default_pool_size = 20
max_client_conn = 400
server_connect_timeout = 3
server_login_retry = 1
query_wait_timeout = 15
"""


def haproxy(ports: Ports) -> str:
    """Return the configuration of the proxy before the web processes and before whichever node is the primary."""
    webs = "\n".join(f"  server {each} 127.0.0.1:{ports[f'web-{each}']} check" for each in WEBS)
    nodes = "\n".join(
        f"  server {each} 127.0.0.1:{ports[f'{each}-postgres']} check port {ports[f'{each}-rest']}"
        for each in NODES
    )
    return f"""
global
  maxconn 1000
defaults
  timeout connect 3s
  timeout client 75s
  timeout server 75s
  timeout check 3s
  retries 3
  option redispatch
listen desk
  mode http
  bind 127.0.0.1:{ports["desk"]}
  option httpchk GET /readyz
  http-check expect status 200
  default-server inter 1s fall 2 rise 1
  balance leastconn
{webs}
listen primary
  mode tcp
  bind 127.0.0.1:{ports["primary"]}
  timeout client 1h
  timeout server 1h
  option httpchk GET /primary
  http-check expect status 200
  default-server inter 1s fall 2 rise 1 on-marked-down shutdown-sessions
{nodes}
"""
