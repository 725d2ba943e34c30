"""A local server that speaks OpenAI's chat protocol, and misbehaves on request."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Chat:
    """What it answers and how it fails."""

    answer: Callable[[str], str] = lambda given: json.dumps({"answer": given.upper()})
    """Last user message -> reply."""
    faults: dict[str, list[str]] = field(default_factory=dict)
    """Last user message (or ``*``) -> faults, one a try: ``429``, ``500``, ``400``, ``401``,
    ``slow``, ``torn``, ``cut``, ``hang up``, ``other``."""
    address: str = ""
    bodies: list[dict[str, Any]] = field(default_factory=list)
    keys: list[str | None] = field(default_factory=list)
    at_once: int = 0
    most_at_once: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def fault(self, given: str) -> str:
        with self.lock:
            for name in (given, "*"):
                if self.faults.get(name):
                    return self.faults[name].pop(0)
        return ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    chat: Chat

    def do_POST(self) -> None:
        chat = self.chat
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        given = body["messages"][-1]["content"]
        with chat.lock:
            chat.bodies.append(body)
            chat.keys.append(self.headers.get("Authorization"))
            chat.at_once += 1
            chat.most_at_once = max(chat.most_at_once, chat.at_once)
        try:
            time.sleep(0.02)
            self.reply(given, chat.fault(given))
        finally:
            with chat.lock:
                chat.at_once -= 1

    def reply(self, given: str, fault: str) -> None:
        good = {
            "choices": [{"message": {"content": self.chat.answer(given)}, "finish_reason": "stop"}],
            "usage": {"prompt_tokens": 100, "completion_tokens": 10},
        }
        content = json.dumps(good).encode()
        if fault.isdigit():
            error = json.dumps({"error": {"message": f"fault {fault}"}}).encode()
            self.send(int(fault), error, {"Retry-After": "0.05"} if fault == "429" else {})
        elif fault == "slow":
            time.sleep(1.0)
            self.close_connection = True
        elif fault == "torn":
            self.send(200, content[: len(content) // 2])
        elif fault == "cut":
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content[:10])
            self.close_connection = True
        elif fault == "hang up":
            self.close_connection = True
        elif fault == "other":
            self.send(200, b'{"choices": []}')
        else:
            self.send(200, content)

    def send(self, code: int, content: bytes, headers: dict[str, str] | None = None) -> None:
        self.send_response(code)
        self.send_header("Content-Length", str(len(content)))
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_: object) -> None:
        """Says nothing."""


@contextmanager
def serve(chat: Chat) -> Iterator[Chat]:
    handler = type("Handler", (_Handler,), {"chat": chat})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    chat.address = f"http://127.0.0.1:{server.server_port}/v1"
    try:
        yield chat
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
