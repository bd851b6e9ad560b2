"""The sockets: HTTPS for clients, plain HTTP for tests, both on free ports of 127.0.0.1.

Owns: reading requests (also chunked ones), writing answers, the faults of the connection.
Never: what is answered.
Read next: front.py, control.py.
"""

import json
import socket
import ssl
import sys
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import contract
from answers import Reply
from control import Control
from credentials import Account, make_certificates
from front import Front, Outcome, no_length

PROJECT = "strongroom-test"
OTHER = "other-tenant"
ACCOUNTS = {"credentials": ("strongroom", ()), "credentials_without_delete": ("strongroom-create-only", ("compute.snapshots.delete",))}
LARGEST_BODY = 1 << 20
#: How long a held answer waits for its release at most.
HELD_S = 30
#: An idle connection is left alone for so long.
IDLE_S = 120


class Exchange(BaseHTTPRequestHandler):
    """One connection of a client."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "ESF", ""
    timeout = IDLE_S

    def _any(self):
        outcome = self._outcome()
        if outcome is not None:
            self._send(outcome)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = _any

    def _outcome(self):
        try:
            body = self._body()
        except ValueError:
            self.close_connection = True
            return None
        if body is None and self.command in ("POST", "PUT", "PATCH"):
            return no_length()
        try:
            return self.server.answer(self.command, self.path, self.headers.items(), body)
        except Exception as error:  # a bug of ours must be seen as one
            traceback.print_exc()
            return Outcome(Reply(500, f"BUG IN THE COUNTERPART: {error!r}", kind="text/plain"))

    def _body(self):
        """The body's bytes, None when the request says nothing of a body."""
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            return self._chunked()
        length = self.headers.get("Content-Length")
        if length is None:
            return None
        if not length.isdigit() or int(length) > LARGEST_BODY:
            raise ValueError(length)
        return self.rfile.read(int(length))

    def _chunked(self):
        body = b""
        while size := int(self.rfile.readline(64).split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline(8)
            if len(body) > LARGEST_BODY:
                raise ValueError("too large")
        while self.rfile.readline(1024).strip():
            pass
        return body

    def _send(self, outcome):
        faults = outcome.faults
        if "slow" in faults:
            self.server.hold(faults["slow"].said.get("seconds", HELD_S))
        if outcome.reply is None or "lost-reply" in faults:
            return self._cut()
        body = outcome.reply.bytes()
        self.send_response(outcome.reply.status)
        for name, value in outcome.reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        head = b"".join(self._headers_buffer) + b"\r\n"
        self._headers_buffer = []
        if self.command == "HEAD":
            body = b""
        if "truncated" in faults:
            self.wfile.write(head + body[: len(body) // 2])
            return self._cut()
        self.wfile.write((head + body) * (2 if "duplicate-reply" in faults else 1))
        return None

    def _cut(self):
        """Ends the connection in the middle."""
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)

    def log_message(self, text, *values):
        """One line on stderr, which is our log."""
        print(self.server.name, text % values, file=sys.stderr, flush=True)


class Server(ThreadingHTTPServer):
    """A listening socket; `answer` and `hold` are what it asks."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, name, answer, hold=None, tls=None):
        super().__init__(("127.0.0.1", 0), Exchange)
        self.name, self.answer, self.hold = name, answer, hold
        if tls is not None:
            # The handshake waits for the connection's own thread.
            self.socket = tls.wrap_socket(self.socket, server_side=True, do_handshake_on_connect=False)

    def handle_error(self, request, client_address):
        """Clients may go away at any time; only the log is told."""
        print(self.name, client_address, repr(sys.exc_info()[1]), file=sys.stderr, flush=True)


def main(folder):
    """Serves; `folder`/said.json appears when everything answers."""
    folder = Path(folder)
    files = make_certificates(folder)
    tls = {}
    for name in ("leaf.pem", "expired.pem"):
        tls[name] = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        tls[name].minimum_version = ssl.TLSVersion.TLSv1_2
        tls[name].load_cert_chain(files[name], files["leaf.key"])
        tls[name].set_alpn_protocols(["http/1.1"])
    accounts = {key: Account(name, PROJECT, denied) for key, (name, denied) in ACCOUNTS.items()}
    document = contract.load()
    front = Front(document, accounts.values(), (PROJECT, OTHER))
    api = Server("api", front.answer, lambda seconds: front.released.wait(seconds), tls["leaf.pem"])
    expired = Server("expired", front.answer, tls=tls["expired.pem"])
    control = Server("control", Control(front).answer)
    port = api.server_address[1]
    said = {
        "endpoint": f"https://localhost:{port}", "host": "compute.googleapis.com", "port": port,
        "expired": f"https://localhost:{expired.server_address[1]}",
        "token_uri": f"https://localhost:{port}/token", "ca": str(files["ca.pem"]),
        "control": f"http://127.0.0.1:{control.server_address[1]}", "project": PROJECT, "zone": "us-central1-a",
        "revision": document.revision,
    }
    for key, account in accounts.items():
        file = folder / f"{key}.json"
        file.write_text(json.dumps(account.key_file(said["token_uri"]), indent=2))
        said[key] = str(file)
    ready = folder / "said.json.new"
    ready.write_text(json.dumps(said))
    ready.rename(folder / "said.json")
    for server in (control, expired):
        threading.Thread(target=server.serve_forever, daemon=True).start()
    api.serve_forever()


if __name__ == "__main__":
    main(sys.argv[1])
