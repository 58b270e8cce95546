"""A small but real SMTP server on the loopback interface: plain, with STARTTLS, or with TLS from the start."""

from __future__ import annotations

import base64
import contextlib
import datetime
import ipaddress
import socketserver
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


@dataclass
class Received:
    """One mail as it arrived, and how."""

    sender: str
    receivers: list[str]
    content: bytes
    login: str
    was_encrypted: bool

    @property
    def letter(self) -> EmailMessage:
        return message_from_bytes(self.content, _class=EmailMessage, policy=policy.default)


@dataclass
class Relay:
    """A running server: its port, what it got, and how it behaves."""

    port: int = 0
    received: list[Received] = field(default_factory=list)
    commands: list[str] = field(default_factory=list)
    refuses: dict[str, str] = field(default_factory=dict)
    context: ssl.SSLContext | None = None
    is_implicit: bool = False


class _Session(socketserver.StreamRequestHandler):
    timeout = 10

    def handle(self):
        relay = self.relay = self.server.relay
        self.encrypted, self.login = relay.is_implicit, ""
        if relay.is_implicit:
            self._encrypt()
        self._forget()
        self._say("220 relay.test ESMTP")
        with contextlib.suppress(OSError):
            while (line := self.rfile.readline()) and self._answer(line.decode("utf-8").rstrip("\r\n")):
                pass

    def _forget(self):
        self.sender, self.receivers = "", []

    def _encrypt(self):
        self.connection = self.relay.context.wrap_socket(self.connection, server_side=True)
        self.setup()
        self.encrypted = True

    def finish(self):
        with contextlib.suppress(OSError):
            super().finish()
        with contextlib.suppress(OSError):
            self.connection.close()

    def setup(self):
        if not hasattr(self, "connection"):
            self.connection = self.request
        self.connection.settimeout(self.timeout)
        self.rfile, self.wfile = self.connection.makefile("rb", -1), self.connection.makefile("wb", 0)

    def _say(self, line):
        self.wfile.write(line.encode() + b"\r\n")

    def _answer(self, line):
        command = line.split(" ")[0].upper()
        self.relay.commands.append(command)
        if command in self.relay.refuses:
            self._say(self.relay.refuses[command])
            return True
        return getattr(self, f"on_{command.lower()}", self.on_unknown)(line)

    def on_unknown(self, line):
        self._say("500 unknown")
        return True

    def on_ehlo(self, line):
        offers = ["relay.test", "SMTPUTF8", "8BITMIME", "AUTH PLAIN"]
        if self.relay.context and not self.encrypted:
            offers.append("STARTTLS")
        for offer in offers[:-1]:
            self._say(f"250-{offer}")
        self._say(f"250 {offers[-1]}")
        return True

    def on_starttls(self, line):
        self._say("220 go ahead")
        self._encrypt()
        return True

    def on_auth(self, line):
        self.login = base64.b64decode(line.split(" ")[2]).decode()
        self._say("235 welcome")
        return True

    def on_mail(self, line):
        self.sender = line.partition("<")[2].partition(">")[0]
        self._say("250 ok")
        return True

    def on_rcpt(self, line):
        self.receivers.append(line.partition("<")[2].partition(">")[0])
        self._say("250 ok")
        return True

    def on_data(self, line):
        self._say("354 end with a dot")
        content = b""
        while (part := self.rfile.readline()) not in (b".\r\n", b""):
            content += part.removeprefix(b".")  # RFC 5321, 4.5.2
        self.relay.received.append(Received(self.sender, self.receivers, content, self.login, self.encrypted))
        self._forget()
        self._say("250 ok")
        return True

    def on_rset(self, line):
        self._forget()
        self._say("250 ok")
        return True

    def on_quit(self, line):
        self._say("221 bye")
        return False


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True

    def handle_error(self, request, client_address):
        """A client that turns away from our certificate is part of the tests."""


@contextlib.contextmanager
def running(**behaviour: object) -> Iterator[Relay]:
    """A server for the time of a block; keywords are members of `Relay`."""
    relay = Relay(**behaviour)
    with _Server(("127.0.0.1", 0), _Session) as server:
        server.relay, relay.port = relay, server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield relay
        finally:
            server.shutdown()
            thread.join()


def certificate(folder: Path) -> Path:
    """A self-signed certificate for 127.0.0.1 with its key, as one PEM file."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "relay.test")])
    now = datetime.datetime.now(datetime.UTC)
    address = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(hours=1)).not_valid_after(
        now + datetime.timedelta(hours=1)
    )
    made = builder.add_extension(address, critical=False).sign(key, hashes.SHA256())
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    path = folder / "relay.pem"
    path.write_bytes(private + made.public_bytes(serialization.Encoding.PEM))
    return path
