"""A real S3 server as a process of its own on loopback, and a proxy before it that fails."""

from __future__ import annotations

import contextlib
import http.client
import os
import socket
import subprocess
import threading
import time
import urllib.request
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).parents[1]

NAMED = "QUAKELOOM_S3_SERVER"
"""Variable that names another moto_server than that of ``make test-s3``."""

Fault = Callable[[str, str], int | float | None]
"""What becomes of a request (method, path): a status, seconds (a float) to wait, or nothing."""


def find_server() -> Path | None:
    """Return the program of moto's server, None where it is not installed."""
    place = Path(os.environ.get(NAMED, ROOT / ".venv-s3" / "bin" / "moto_server"))
    return place if place.is_file() else None


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return int(taken.getsockname()[1])


@contextlib.contextmanager
def running_server(program: Path, log: Path) -> Iterator[str]:
    """Start the server; give its address."""
    port = free_port()
    with log.open("w") as stream:
        process = subprocess.Popen(
            [str(program), "-H", "127.0.0.1", "-p", str(port)], stdout=stream, stderr=stream,
            # what is installed for quakeloom is none of the server's business
            env={k: v for k, v in os.environ.items() if k != "PYTHONPATH"},
        )  # fmt: skip
        try:
            _wait(process, port, log)
            yield f"http://127.0.0.1:{port}"
        finally:
            process.terminate()
            process.wait()


def _wait(process: subprocess.Popen, port: int, log: Path) -> None:
    give_up = time.monotonic() + 120
    while True:
        assert process.poll() is None, f"the server did not start: {log.read_text()[-2000:]}"
        with contextlib.suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/moto-api/", timeout=5).read()
            return
        assert time.monotonic() < give_up, "the server did not start in two minutes"
        time.sleep(0.2)


def make_bucket(address: str, name: str) -> None:
    urllib.request.urlopen(urllib.request.Request(f"{address}/{name}", method="PUT")).read()


class Proxy:
    """Hands requests on to a server, unless ``fault`` says otherwise.

    Attributes
    ----------
    address : str
    fault : callable
        Asked before every request.
    requests : list of (str, str)
        Methods and paths of all requests.
    """

    def __init__(self, server: str) -> None:
        self.fault: Fault = lambda method, path: None
        self.requests: list[tuple[str, str]] = []
        host = server.removeprefix("http://")
        proxy = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def hand_on(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                proxy.requests.append((self.command, self.path))
                what = proxy.fault(self.command, self.path)
                if isinstance(what, float):
                    time.sleep(what)
                elif what is not None:
                    self.answer(what, {}, _ERRORS[what])
                    return
                upstream = http.client.HTTPConnection(host, timeout=60)
                upstream.request(self.command, self.path, body, dict(self.headers))
                found = upstream.getresponse()
                content = found.read()
                self.answer(found.status, dict(found.getheaders()), content)

            def answer(self, status: int, headers: dict[str, str], content: bytes) -> None:
                self.send_response(status)
                length = headers.get("Content-Length", str(len(content)))
                kept = {k: v for k, v in headers.items() if k.lower() not in _OWN}
                for name, value in {**kept, "Content-Length": length}.items():
                    self.send_header(name, value)
                self.end_headers()
                if self.command != "HEAD":
                    self.wfile.write(content)

            def log_message(self, *_: object) -> None:
                pass

        for method in ("GET", "PUT", "HEAD", "POST", "DELETE"):
            setattr(Handler, f"do_{method}", Handler.hand_on)

        class Server(ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass  # clients that were killed or gave up

        self._server = Server(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


_OWN = {"content-length", "transfer-encoding", "connection", "date", "server"}
"""Headers that the proxy writes itself."""

_ERRORS = {
    503: b"<Error><Code>SlowDown</Code><Message>Reduce your request rate.</Message></Error>",
    403: b"<Error><Code>InvalidAccessKeyId</Code><Message>No such key.</Message></Error>",
}
"""Bodies of the answers of S3."""
