"""One address that takes JSON and gives JSON: its key, redirects, sizes, and the meaning of a status."""

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp

from personametrics.data.errors import ModelError, StudyError
from personametrics.models.traffic import Limits, RejectedError, TransientError, retry_after

MOST_BYTES = 4_000_000
"""Bytes of the longest reply that is read."""
SHORT = 200
"""Characters of a server's message that are passed on."""
SECRET = 16
"""Characters of the shortest key that is masked in answers too: `EMPTY` or `none`, which local servers are given, may be an answer."""
LONE = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON can hold and UTF-8 cannot."""
WRONG = {401: "check the key in {key}", 402: "the account has no credit", 403: "the key in {key} may not use this model"}
WRONG |= dict.fromkeys((404, 405), "correct the model's name or base_url")
"""Remedies for a status that every request would get."""
AGAIN = frozenset({408, 409, 425, 429})
"""Statuses below 500 after which another attempt may succeed."""
CONGESTED = frozenset({429, 503, 529})
"""Statuses that ask for fewer calls."""


@asynccontextmanager
async def opened(url: str, key_variable: str, limits: Limits) -> AsyncIterator["Connection"]:
    """Open connections to an address, with the key in an environment variable (empty: no key); they are closed at the end.

    Raises:
        ModelError: the key holds characters that a header cannot carry.
    """
    key = os.environ.get(key_variable, "").strip() if key_variable else ""
    if not (key.isascii() and key.isprintable()):
        message = f"The environment variable {key_variable} holds characters that no key has. Set it again."
        raise ModelError(message)
    async with aiohttp.ClientSession(
        headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
        timeout=aiohttp.ClientTimeout(total=limits.timeout),
        connector=aiohttp.TCPConnector(limit=limits.connections),
        cookie_jar=aiohttp.DummyCookieJar(),
    ) as http:
        yield Connection(url, key_variable, http, key)


class Connection:
    """An open endpoint. It knows the key, so it shows nothing of itself."""

    def __init__(self, url: str, key_variable: str, http: aiohttp.ClientSession, key: str) -> None:
        self.url, self._key_variable, self._http, self._key = url, key_variable, http, key

    async def post(self, content: bytes) -> dict[str, Any]:
        """Send JSON once, and return the JSON object that comes back.

        Raises:
            TransientError: nothing readable came back, but another attempt may succeed.
            RejectedError: every attempt with this content will fail.
            ModelError: every attempt with any content will fail.
        """
        try:
            async with self._http.post(self.url, data=content, allow_redirects=False) as response:
                received = await _read(response)
        except TimeoutError:
            trouble = TransientError("no answer within the time limit", congested=True)
        except aiohttp.ClientConnectorError as error:
            trouble = TransientError(f"cannot connect: {self.clean(str(error.os_error))}", reached=False)
        except (aiohttp.ClientError, OSError) as error:
            trouble = TransientError(f"the connection broke ({type(error).__name__})")
        else:
            if 200 <= response.status < 300:
                return self._decoded(received)
            raise self._trouble(response, received)
        raise trouble  # outside of `except`, since aiohttp's errors carry the request with its key, and a context would keep them

    def clean(self, text: str) -> str:
        """Return text without half characters and without the key, so that it can be written anywhere."""
        text = text if text.isascii() else LONE.sub("\ufffd", text)
        return text.replace(self._key, "***") if len(self._key) >= SECRET else text

    def short(self, text: str) -> str:
        """Return a short message without the key, however short the key is."""
        text = self.clean(text)
        text = " ".join((text.replace(self._key, "***") if self._key else text).split())
        return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"

    def _decoded(self, received: bytes) -> dict[str, Any]:
        """Return the JSON object received; raise TransientError if it is something else."""
        try:
            payload = json.loads(received.decode())
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            message = "the server's answer is not a JSON object in UTF-8"
            raise TransientError(message)
        return payload

    def refuse_error(self, payload: dict[str, Any]) -> None:
        """Raise TransientError if an answer holds an error although its status says that all is well."""
        if payload.get("error") and "choices" not in payload:
            message = f"an error message with the status of a success: {self.short(_error(payload, '')[0])}"
            raise TransientError(message)

    def _trouble(self, response: aiohttp.ClientResponse, received: bytes) -> Exception:
        """Return the error that a status other than 200 means."""
        status, (message, code) = response.status, _received_error(received)
        reason = f"{status}: {self.short(message)}" if message else str(status)
        if 300 <= status < 400:
            place = self.short(_target(self.url, response.headers.get("Location", "")))
            why = "and redirects are not followed, so that no other server gets the key. Correct base_url."
            return ModelError(f"{self.url} redirects to {place} ({status}), {why}")
        if fix := WRONG.get(status, "the account's quota is used up" if code == "insufficient_quota" else ""):
            fix = fix.format(key=self._key_variable or "key_variable (none is set)")
            return ModelError(f"{self.url} refuses every request ({reason}): {fix}.")
        if status in AGAIN or status >= 500:
            return TransientError(reason, retry_after(response.headers.get("Retry-After")), congested=status in CONGESTED)
        return RejectedError(reason)


def checked(base_url: str) -> str:
    """Return a base URL without a slash at the end.

    Raises:
        StudyError: it is not an address, or has a password or a query, which would get into ids.

    Examples:
        >>> checked("http://127.0.0.1:8000/v1/")
        'http://127.0.0.1:8000/v1'
    """
    try:
        parts = urlsplit(base_url)
        good = parts.scheme in {"http", "https"} and bool(parts.hostname) and (parts.port or 1) > 0 and not re.search(r"\s", base_url)
    except ValueError:
        good = False
    if not good:
        message = "base_url: this is not an address. Write it like http://127.0.0.1:8000/v1."
    elif "@" in parts.netloc or "?" in base_url or "#" in base_url:
        message = f"base_url: write {_bare(base_url)}. User, password, query and fragment would get into ids."
    elif parts.path.rstrip("/").endswith("/completions"):
        message = "base_url: leave out the part after /v1; it is added."
    else:
        return base_url.rstrip("/")
    raise StudyError(message)


def _bare(url: str) -> str:
    """Return an address without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


def _target(url: str, location: str) -> str:
    """Return the address of a redirect."""
    try:
        return _bare(urljoin(url, location))
    except ValueError:
        return "an address that cannot be read"


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """Return the bytes of a response; raise RejectedError if it is too long."""
    received = bytearray()
    if (response.content_length or 0) <= MOST_BYTES:
        async for part in response.content.iter_any():
            received += part
            if len(received) > MOST_BYTES:
                break
        else:
            return bytes(received)
    message = f"the reply is longer than {MOST_BYTES // 1_000_000} MB"
    raise RejectedError(message)


def _received_error(received: bytes) -> tuple[str, str]:
    """Return the message and the code of an error."""
    text = received.decode(errors="replace")
    try:
        return _error(json.loads(text), text)
    except (ValueError, RecursionError):
        return text, ""


def _error(content: Any, text: str) -> tuple[str, str]:
    """Return the message and the code of an error in any of the usual forms; the text stands for a message that is missing."""
    error = content.get("error", content) if isinstance(content, dict) else content
    if not isinstance(error, dict):
        return str(error), ""
    message = error.get("message") or error.get("detail") or text
    message = message if isinstance(message, str) else json.dumps(message)
    named = error.get("param")
    return (f"{named}: {message}" if isinstance(named, str) and named not in message else message), str(error.get("code", ""))
