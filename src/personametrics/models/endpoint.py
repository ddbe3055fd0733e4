"""One address that takes JSON and gives JSON: the key, redirects, sizes, and what a status means."""

import json
import os
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from urllib.parse import urljoin, urlsplit, urlunsplit

import aiohttp

from personametrics.data.errors import ModelError, StudyError
from personametrics.models.traffic import Limits, RejectedError, TransientError, retry_after

MOST_BYTES = 4_000_000
"""Longest reply that is read."""
SHORT = 200
"""Characters of a server's message that are passed on."""
SECRET = 16
"""Shortest key that is looked for in answers, too: `EMPTY` or `none`, which local servers are given, may be an answer."""
LONE = re.compile("[\ud800-\udfff]")
"""Half a character, which JSON can say and UTF-8 cannot."""
WRONG = {401: "check the key in {key}", 402: "the account has no credit", 403: "the key in {key} may not use this model"}
"""What to do about a status that every ask would get."""
AGAIN = frozenset({408, 409, 425, 429})
"""Statuses below 500 that may pass."""
CONGESTED = frozenset({429, 503, 529})
"""Statuses that ask for fewer calls."""


@dataclass
class Endpoint:
    """One address that takes JSON and gives JSON.

    Attributes:
        url: where to.
        key_variable: name of the environment variable that holds the key; empty: there is none.
    """

    url: str
    key_variable: str

    @asynccontextmanager
    async def opened(self, limits: Limits) -> AsyncIterator["Connection"]:
        """Connections with the key, if there is one; closed at the end.

        Raises:
            ModelError: the key is nothing that a header can carry.
        """
        key = os.environ.get(self.key_variable, "").strip() if self.key_variable else ""
        if not (key.isascii() and key.isprintable()):
            message = f"The environment variable {self.key_variable} holds characters that no key has; set it again."
            raise ModelError(message)
        async with aiohttp.ClientSession(
            headers={"Content-Type": "application/json"} | ({"Authorization": f"Bearer {key}"} if key else {}),
            timeout=aiohttp.ClientTimeout(total=limits.timeout),
            connector=aiohttp.TCPConnector(limit=limits.connections),
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as http:
            yield Connection(self, http, key)


class Connection:
    """An endpoint that is open; it knows the key, so it shows nothing of itself."""

    def __init__(self, endpoint: Endpoint, http: aiohttp.ClientSession, key: str) -> None:
        self.url = endpoint.url
        self._endpoint, self._http, self._key = endpoint, http, key

    async def post(self, content: bytes) -> dict[str, Any]:
        """One attempt: what is sent and what comes back are JSON.

        Raises:
            TransientError: no answer, or none that can be read; another attempt may bring one.
            RejectedError: no attempt with this content will.
            ModelError: no attempt with any content will.
        """
        try:
            async with self._http.post(self.url, data=content, allow_redirects=False) as response:
                received = await _read(response)
        except TimeoutError:
            trouble = TransientError("no answer in time", congested=True)
        except aiohttp.ClientConnectorError as error:
            trouble = TransientError(f"cannot connect: {self.clean(str(error.os_error))}", reached=False)
        except (aiohttp.ClientError, OSError) as error:
            trouble = TransientError(f"the connection broke ({type(error).__name__})")
        else:
            if 200 <= response.status < 300:
                return self._decoded(received)
            raise self._trouble(response, received)
        raise trouble  # outside of `except`: aiohttp's errors carry the request with its key, and a context would keep them

    def clean(self, text: str) -> str:
        """Text that can be written anywhere: no half characters, no key."""
        text = text if text.isascii() else LONE.sub("\ufffd", text)
        return text.replace(self._key, "***") if len(self._key) >= SECRET else text

    def _short(self, text: str) -> str:
        """A message that can be passed on; however short the key is, it is not in it."""
        text = self.clean(text)
        text = text.replace(self._key, "***") if self._key else text
        text = " ".join(text.split())
        return text if len(text) <= SHORT else f"{text[: SHORT - 1]}…"

    def _decoded(self, received: bytes) -> dict[str, Any]:
        """The JSON object received.

        Raises:
            TransientError: it is none.
        """
        try:
            payload = json.loads(received.decode())
        except (ValueError, RecursionError):
            payload = None
        if not isinstance(payload, dict):
            message = "what came back is no JSON object in UTF-8"
            raise TransientError(message)
        if payload.get("error") and "choices" not in payload:
            message = f"an error that says it is none: {self._short(_told(received)[0])}"
            raise TransientError(message)
        return payload

    def _trouble(self, response: aiohttp.ClientResponse, received: bytes) -> Exception:
        """What a status other than 200 means."""
        status, (message, code) = response.status, _told(received)
        said = f"{status}: {self._short(message)}" if message else str(status)
        if 300 <= status < 400:
            place = self._short(_bare(urljoin(self.url, response.headers.get("Location", ""))))
            return ModelError(
                f"{self.url} points to {place} ({status}); redirects are not followed, the key would go along: correct base_url."
            )
        if status in WRONG:
            fix = WRONG[status].format(key=self._endpoint.key_variable or "key_variable (none is named)")
            return ModelError(f"{self.url} answers no ask ({said}): {fix}.")
        if status in {404, 405}:
            return ModelError(f"{self.url} answers no ask ({said}): correct the model's name or base_url.")
        if code == "insufficient_quota":
            return ModelError(f"{self.url} answers no ask ({said}): the account's quota is used up.")
        if status in AGAIN or status >= 500:
            return TransientError(said, retry_after(response.headers.get("Retry-After")), congested=status in CONGESTED)
        return RejectedError(said)


def checked(base_url: str) -> str:
    """A base URL that may stand in an id: no password, no query, no slash at the end.

    Raises:
        StudyError: it may not.

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
        message = "base_url: this is no address; write it like http://127.0.0.1:8000/v1."
    elif "@" in parts.netloc or "?" in base_url or "#" in base_url:
        message = (
            f"base_url: write {_bare(base_url)}; user, password, query and fragment would get into ids; a key belongs in key_variable."
        )
    elif parts.path.rstrip("/").endswith("/completions"):
        message = "base_url: leave out what comes after /v1; the rest is added."
    else:
        return base_url.rstrip("/")
    raise StudyError(message)


def _bare(url: str) -> str:
    """An address without user, password, query and fragment."""
    parts = urlsplit(url)
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, "", ""))


async def _read(response: aiohttp.ClientResponse) -> bytes:
    """What came back.

    Raises:
        RejectedError: it is too long.
    """
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


def _told(received: bytes) -> tuple[str, str]:
    """The message and the code of an error, in whichever of the usual forms."""
    text = received.decode(errors="replace")
    try:
        told = json.loads(text)
    except (ValueError, RecursionError):
        return text, ""
    error = told.get("error", told) if isinstance(told, dict) else told
    if not isinstance(error, dict):
        return str(error), ""
    message = error.get("message") or error.get("detail") or text
    message = message if isinstance(message, str) else json.dumps(message)
    named = error.get("param")
    return (f"{named}: {message}" if isinstance(named, str) and named not in message else message), str(error.get("code", ""))
