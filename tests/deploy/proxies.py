"""nginx and Caddy with the files of deploy/, on ports of their own, before a running desk."""

import os
import shutil
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from tests.prerequisites import missing
from tests.project.tree import ROOT
from tests.servers import fetch, free_port, running

NAME = "localhost"
_SIGNED_WITHIN_S = 30.0
_WRAPPER = """
{user}
daemon off;
pid {folder}/nginx.pid;
error_log {folder}/error.log;
events {{}}
http {{
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    include {folder}/coursekeeper.conf;
    server {{
        listen 127.0.0.1:{ready};
        return 204;
    }}
}}
"""


@dataclass(frozen=True)
class Ports:
    """Where the proxy is to listen, and the desk behind it."""

    plain: int
    tls: int
    desk: int


def _program(name: str) -> str:
    found = shutil.which(name) or shutil.which(name, path="/usr/sbin")
    return found or missing(f"There is no {name}.", is_needed=False)


@contextmanager
def nginx(folder: Path, ports: Ports) -> Iterator[ssl.SSLContext]:
    """Run nginx with our example; yield what trusts its certificate."""
    program = _program("nginx")
    certificate, key = _certificate(folder)
    text = (ROOT / "deploy" / "nginx" / "coursekeeper.conf").read_text()
    for ours, theirs in (
        ("listen 80;", f"listen 127.0.0.1:{ports.plain};"),
        ("listen 443 ssl;", f"listen 127.0.0.1:{ports.tls} ssl;"),
        ("    listen [::]:80;\n", ""),
        ("    listen [::]:443 ssl;\n", ""),
        ("/etc/letsencrypt/live/desk.example.org/fullchain.pem", str(certificate)),
        ("/etc/letsencrypt/live/desk.example.org/privkey.pem", str(key)),
        ("/var/log/nginx", str(folder)),
        ("desk.example.org", NAME),
        ("http://127.0.0.1:8000", f"http://127.0.0.1:{ports.desk}"),
    ):
        assert ours in text, f"the example does not say {ours}"
        text = text.replace(ours, theirs)
    (folder / "coursekeeper.conf").write_text(text)
    user = "user root;" if os.geteuid() == 0 else ""
    ready = free_port()
    (folder / "nginx.conf").write_text(_WRAPPER.format(folder=folder, user=user, ready=ready))
    command: list[str | Path] = [
        program,
        "-p",
        folder,
        "-c",
        folder / "nginx.conf",
        "-e",
        folder / "start.log",
    ]
    with running(command, f"http://127.0.0.1:{ready}/", environment=os.environ, folder=folder):
        yield ssl.create_default_context(cafile=str(certificate))


@contextmanager
def caddy(folder: Path, ports: Ports) -> Iterator[ssl.SSLContext]:
    """Run Caddy as its own authority; yield what trusts the certificate it hands out."""
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(folder),
        "XDG_DATA_HOME": str(folder / "data"),
        "XDG_CONFIG_HOME": str(folder / "config"),
        "CADDY_ADMIN": f"unix/{folder}/admin.sock",
        "ADDRESS": NAME,
        "UPSTREAM": f"127.0.0.1:{ports.desk}",
        "HTTP_PORT": str(ports.plain),
        "HTTPS_PORT": str(ports.tls),
    }
    file = ROOT / "deploy" / "caddy" / "lan.Caddyfile"
    command: list[str | Path] = [_program("caddy"), "run", "--adapter", "caddyfile", "--config", file]
    handed_out = f"http://{NAME}:{ports.plain}/ca.crt"
    with running(command, handed_out, environment=environment, folder=folder):
        status, kind, certificate = fetch(handed_out)
        assert (status, kind) == (200, "application/x-x509-ca-cert")
        trust = ssl.create_default_context(cadata=certificate.decode())
        _wait_for_certificate(ports.tls, trust)
        yield trust


def _wait_for_certificate(port: int, trust: ssl.SSLContext) -> None:
    """Wait until Caddy has signed the desk's certificate, which it does after it has begun to listen."""
    deadline = time.monotonic() + _SIGNED_WITHIN_S
    while True:
        with socket.create_connection((NAME, port)) as connection:
            try:
                trust.wrap_socket(connection, server_hostname=NAME).close()
            except ssl.SSLError:
                assert time.monotonic() < deadline, "Caddy has no certificate"
                time.sleep(0.1)
            else:
                return


PROXIES = {"nginx": nginx, "caddy": caddy}


def _certificate(folder: Path) -> tuple[Path, Path]:
    """Make a certificate of our own for `localhost`."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, NAME)])
    now = datetime.now(UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
    builder = builder.add_extension(x509.SubjectAlternativeName([x509.DNSName(NAME)]), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    signed = builder.sign(key, hashes.SHA256())
    (folder / "certificate.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "key.pem").write_bytes(private)
    return folder / "certificate.pem", folder / "key.pem"
