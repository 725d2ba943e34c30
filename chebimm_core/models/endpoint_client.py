"""A client of chat endpoints that speak OpenAI's protocol: retries, cache, token counts.

Every answer is kept on disk under a hash of the whole request, so that a resumed or repeated run
asks (and pays) for nothing twice. The key goes into one header and nowhere else.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from chebimm_core.errors import ChebiMMError, OfflineError, SettingError

_AGAIN = frozenset({408, 409, 425, 429, 500, 502, 503, 504, 529})
_REFUSED = {401: "does not accept the key", 403: "does not allow this", 404: "is not there"}
_MAX_BYTES = 4 * 2**20
_LONGEST_WAIT_S = 60.0


class RequestFailedError(ChebiMMError):
    """One request has no answer; others may."""


class _AgainError(Exception):
    """Worth another try, perhaps after ``wait`` seconds."""

    def __init__(self, why: str, wait: float | None = None) -> None:
        super().__init__(why)
        self.wait = wait


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where to ask, and how patiently."""

    base_url: str
    model: str
    key: str | None
    """None: no key is sent, as local servers want it."""
    timeout_s: float
    retries: int


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, and what it took."""

    text: str
    prompt_tokens: int
    completion_tokens: int
    cached: bool


class EndpointClient:
    """Asks one endpoint; safe to use from several threads.

    Args:
        endpoint: Where and how.
        cache: Folder of kept answers; None keeps none.
        sleep: Waits between tries; replaced in tests of timing only.
    """

    def __init__(
        self,
        endpoint: Endpoint,
        cache: Path | None,
        *,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        checked_address(endpoint.base_url)
        self._endpoint = endpoint
        self._cache = cache
        self._sleep = sleep
        headers = {"Authorization": f"Bearer {endpoint.key}"} if endpoint.key else {}
        self._http = httpx.Client(
            headers=headers, timeout=endpoint.timeout_s, follow_redirects=False
        )

    def ask(self, body: dict[str, Any]) -> Reply:
        """The answer to a chat request.

        Args:
            body: Of ``POST /chat/completions``, without the model.

        Raises:
            RequestFailedError: If this request has no answer after all tries.
            SettingError: If no request can have one: wrong key, address or model.
            OfflineError: If the host cannot be reached.
        """
        body = {"model": self._endpoint.model, **body}
        place = self._place(body)
        kept = _read(place)
        if kept is not None:
            return kept
        reply = self._tried(body)
        if place is not None:
            _write(place, reply)
        return reply

    def close(self) -> None:
        self._http.close()

    def _tried(self, body: dict[str, Any]) -> Reply:
        for attempt in range(self._endpoint.retries + 1):
            try:
                return self._once(body)
            except _AgainError as error:
                if attempt == self._endpoint.retries:
                    why = error
                    break
                pause = error.wait if error.wait is not None else 2.0**attempt * 0.5
                # Spread, so that many threads do not come back at the same moment.
                self._sleep(min(pause * random.uniform(0.8, 1.2), _LONGEST_WAIT_S))
        if isinstance(why.__cause__, httpx.ConnectError):
            raise OfflineError(
                "The endpoint cannot be reached",
                value=self._endpoint.base_url,
                do="Check the address and the connection; what is answered so far is kept",
            ) from why
        raise RequestFailedError(
            f"No answer after {self._endpoint.retries + 1} tries: {why}"
        ) from why

    def _once(self, body: dict[str, Any]) -> Reply:
        url = f"{self._endpoint.base_url.rstrip('/')}/chat/completions"
        try:
            with self._http.stream("POST", url, json=body) as response:
                content = _limited(response)
        except httpx.TimeoutException as error:
            raise _AgainError(f"no answer within {self._endpoint.timeout_s:g} s") from error
        except httpx.TransportError as error:
            raise _AgainError(f"the connection broke ({type(error).__name__})") from error
        self._check(response, content)
        try:
            return _reply(json.loads(content))
        except (ValueError, KeyError, TypeError, IndexError, RecursionError) as error:
            raise _AgainError("the answer is torn or of another form") from error

    def _check(self, response: httpx.Response, content: bytes) -> None:
        code = response.status_code
        if code == 200:
            return
        said = _said(content)
        if code in _AGAIN:
            raise _AgainError(f"status {code} {said}".strip(), _retry_after(response))
        if code in _REFUSED:
            raise SettingError(
                f"The endpoint {_REFUSED[code]} (status {code})" + (f": {said}" if said else ""),
                value=f"{self._endpoint.base_url}, model {self._endpoint.model}",
                do="Check base_url, model and the environment variable that holds the key",
            )
        raise RequestFailedError(f"The endpoint refused the request with status {code}: {said}")

    def _place(self, body: dict[str, Any]) -> Path | None:
        if self._cache is None:
            return None
        canonical = json.dumps([self._endpoint.base_url, body], sort_keys=True)
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        return self._cache / "responses" / digest[:2] / f"{digest}.json"


def checked_address(base_url: str) -> str:
    """The address, if it is one.

    Raises:
        SettingError: If it is no http(s) address, or holds a user name or a key.
    """
    try:
        url = httpx.URL(base_url)
    except (httpx.InvalidURL, TypeError) as error:
        raise SettingError("This is no address of an endpoint", value=base_url) from error
    if url.scheme not in {"http", "https"} or not url.host or url.userinfo or url.query:
        raise SettingError(
            "This is no address of an endpoint",
            value=base_url.rsplit("@", maxsplit=1)[-1],
            allowed="http(s)://host[:port]/path without user name, key or query",
            do="Give the key in an environment variable",
        )
    return base_url


def _limited(response: httpx.Response) -> bytes:
    content = b""
    for chunk in response.iter_bytes():
        content += chunk
        if len(content) > _MAX_BYTES:
            raise RequestFailedError("The answer is larger than any chat answer should be")
    return content


def _reply(found: dict[str, Any]) -> Reply:
    choice = found["choices"][0]
    text = choice["message"]["content"]
    if text is not None and not isinstance(text, str):
        raise TypeError("content")
    usage = found.get("usage") or {}
    return Reply(
        text=text or "",
        prompt_tokens=int(usage.get("prompt_tokens") or 0),
        completion_tokens=int(usage.get("completion_tokens") or 0),
        cached=False,
    )


def _said(content: bytes) -> str:
    try:
        error = json.loads(content)["error"]
        return str(error["message"] if isinstance(error, dict) else error)[:200]
    except (ValueError, KeyError, TypeError, RecursionError):
        return ""


def _retry_after(response: httpx.Response) -> float | None:
    try:
        seconds = float(response.headers.get("retry-after", ""))
    except ValueError:
        return None
    return max(0.0, seconds) if seconds == seconds else None  # noqa: PLR0124 - NaN test


def _read(place: Path | None) -> Reply | None:
    if place is None:
        return None
    try:
        found = json.loads(place.read_text(encoding="utf-8"))
        return Reply(
            str(found["text"]), int(found["prompt_tokens"]), int(found["completion_tokens"]), True
        )
    except (OSError, ValueError, KeyError, TypeError):
        return None  # absent, or torn: it is asked again


def _write(place: Path, reply: Reply) -> None:
    kept = {
        "text": reply.text,
        "prompt_tokens": reply.prompt_tokens,
        "completion_tokens": reply.completion_tokens,
    }
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        temporary = place.with_suffix(f".{os.getpid()}.{threading.get_ident()}")
        temporary.write_text(json.dumps(kept), encoding="utf-8")
        temporary.replace(place)
    except OSError:
        return  # a full disk costs the cache, not the answer
