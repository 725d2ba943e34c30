"""A local server that answers as the Hugging Face hub does, and misbehaves on request."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Hub:
    """Repositories by their address part, e.g. ``datasets/owner/name`` or ``owner/name``."""

    address: str = ""
    repositories: dict[str, dict[str, bytes]] = field(default_factory=dict)
    fault: str = ""
    """``500``, ``truncated`` or ``hang up`` instead of file contents; ``api 500`` for all."""
    asked: list[str] = field(default_factory=list)

    def info(self, name: str) -> dict[str, object]:
        files = self.repositories[name]
        return {
            "id": name.removeprefix("datasets/"),
            "_id": "1",
            "sha": COMMIT,
            "private": False,
            "siblings": [{"rfilename": path} for path in files],
            "tags": [],
            "downloads": 0,
            "likes": 0,
        }

    def tree(self, name: str) -> list[dict[str, object]]:
        return [
            {"type": "file", "path": path, "size": len(body), "oid": digest(body)}
            for path, body in self.repositories[name].items()
        ]


def digest(body: bytes) -> str:
    """What the hub gives as ETag of a small file: a 40-digit hash of its content."""
    return hashlib.sha1(b"blob %d\0" % len(body) + body, usedforsecurity=False).hexdigest()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    hub: Hub

    def do_HEAD(self) -> None:
        self.reply()

    def do_GET(self) -> None:
        self.reply()

    def reply(self) -> None:
        path = unquote(urlsplit(self.path).path).strip("/")
        self.hub.asked.append(f"{self.command} {path}")
        if self.hub.fault == "api 500":
            self.send(500, b"{}")
            return
        for name, files in self.hub.repositories.items():
            api = f"api/{name if name.startswith('datasets/') else f'models/{name}'}"
            if path in {api, f"{api}/revision/main", f"{api}/revision/{COMMIT}"}:
                self.send(200, json.dumps(self.hub.info(name)).encode())
                return
            if path.startswith(f"{api}/tree/"):
                self.send(200, json.dumps(self.hub.tree(name)).encode())
                return
            for file, body in files.items():
                if path in {f"{name}/resolve/{r}/{file}" for r in ("main", COMMIT)}:
                    self.file(body)
                    return
        self.send(404, b"{}", {"X-Error-Code": "RepoNotFound"})

    def file(self, body: bytes) -> None:
        headers = {"ETag": f'"{digest(body)}"', "X-Repo-Commit": COMMIT, "Accept-Ranges": "bytes"}
        if self.command == "GET" and self.hub.fault == "500":
            self.send(500, b"")
        elif self.command == "GET" and self.hub.fault in {"truncated", "hang up"}:
            part = body[:-5] if self.hub.fault == "truncated" else b""
            self.send(200, part, headers, length=len(body))
            self.close_connection = True
        else:
            self.send(200, body, headers)

    def send(
        self,
        code: int,
        body: bytes,
        headers: dict[str, str] | None = None,
        length: int | None = None,
    ) -> None:
        self.send_response(code)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body) if length is None else length))
        for key, value in (headers or {}).items():
            self.send_header(key, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@contextmanager
def running() -> Iterator[Hub]:
    """A hub on a free port of this machine."""
    hub = Hub()
    handler = type("Handler", (_Handler,), {"hub": hub})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    hub.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield hub
    finally:
        server.shutdown()
        server.server_close()
