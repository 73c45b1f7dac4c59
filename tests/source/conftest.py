"""A real https server with a certificate of its own, whose faults are switched by each test."""

from __future__ import annotations

import contextlib
import ssl
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest


@dataclass
class Server:
    """`files`: path -> content. `cut_after`: how many bytes of the next answers are sent before the link drops.

    `scripted`: the next answers, word for word; after each the link drops. `drip`: seconds between the bytes of these,
    and of a body.
    """

    url: str
    trust: ssl.SSLContext
    files: dict[str, bytes] = field(default_factory=dict)
    etags: dict[str, str] = field(default_factory=dict)
    redirects: dict[str, str] = field(default_factory=dict)
    cut_after: list[int] = field(default_factory=list)
    scripted: list[bytes] = field(default_factory=list)
    drip: float = 0.0
    ranges: list[str | None] = field(default_factory=list)  # the Range header of every request


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("tls") / "server.pem"
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=localhost"]
    command += [
        "-addext",
        "subjectAltName=DNS:localhost,DNS:github.com",
        "-keyout",
        str(path),
        "-out",
        str(path) + ".crt",
    ]
    subprocess.run(command, check=True, capture_output=True)
    path.write_text(path.read_text() + Path(str(path) + ".crt").read_text())
    return path


@pytest.fixture
def server(certificate: Path) -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            served.ranges.append(self.headers["Range"])
            if served.scripted:
                self.close_connection = True
                self._drip(served.scripted.pop(0))
                return
            if self.path in served.redirects:
                self.send_response(302)
                self.send_header("Location", served.redirects[self.path])
                self.send_header("Content-Length", "0")
                self.end_headers()
                return
            if self.path not in served.files:
                self.send_error(404)
                return
            content, etag = served.files[self.path], served.etags.get(self.path, '"one"')
            start = 0
            if self.headers["Range"] and self.headers["If-Range"] == etag:
                start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-"))
            if start > len(content):
                self.send_error(416)
                return
            self.send_response(206 if start else 200)
            self.send_header("ETag", etag)
            self.send_header("Content-Length", str(len(content) - start))
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            self.end_headers()
            body = content[start:]
            if served.cut_after:
                self.wfile.write(body[: served.cut_after.pop(0)])
                self.wfile.flush()
                self.close_connection = True
            elif served.drip:
                self._drip(body)
            else:
                self.wfile.write(body)

        def _drip(self, content: bytes) -> None:
            pieces = [content] if not served.drip else [bytes([byte]) for byte in content]
            with contextlib.suppress(OSError):  # whoever does not wait for the end
                for piece in pieces:
                    self.wfile.write(piece)
                    time.sleep(served.drip)

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    http.socket = context.wrap_socket(http.socket, server_side=True)
    served = Server(f"https://localhost:{http.server_address[1]}", ssl.create_default_context(cafile=certificate))
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield served
    http.shutdown()
    http.server_close()


@pytest.fixture
def plain_server() -> Iterator[Server]:
    """Without TLS: it knows `redirects` only."""

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, format: str, *args: object) -> None:
            pass

        def do_GET(self) -> None:
            served.ranges.append(self.headers["Range"])
            self.send_response(302)
            self.send_header("Location", served.redirects[self.path])
            self.end_headers()

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    served = Server(f"http://localhost:{http.server_address[1]}", ssl.create_default_context())
    threading.Thread(target=http.serve_forever, daemon=True).start()
    yield served
    http.shutdown()
    http.server_close()
