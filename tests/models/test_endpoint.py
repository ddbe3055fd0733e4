"""What a server's errors say, in whichever form."""

import asyncio
import json
from typing import Any

import faults
import pytest
from aiohttp import web

from personametrics.models.endpoint import MOST_BYTES, SHORT, opened
from personametrics.models.traffic import Limits, RejectedError, TransientError


def post(base_url: str, content: bytes = b'{"model": "m", "messages": []}') -> dict[str, Any]:
    async def main() -> dict[str, Any]:
        async with opened(f"{base_url}/chat/completions", "NO_KEY", Limits()) as connection:
            return await connection.post(content)

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({"error": {"message": "too long", "param": "messages"}}, "400: messages: too long"),
        ({"error": {"message": "the messages are too long", "param": "messages"}}, "400: the messages are too long"),
        ({"error": "too long"}, "400: too long"),
        ({"message": "too long"}, "400: too long"),
        ({"detail": [{"loc": ["body", "seed"], "msg": "not permitted"}]}, '400: [{"loc": ["body", "seed"], "msg": "not permitted"}]'),
        (["too", "long"], "400: ['too', 'long']"),
        ({}, "400: {}"),
        ("a\nb\ud800", "400: a b\ufffd"),
    ],
)
def test_an_error_is_told_in_one_line(body: Any, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fault(_request: Any, _seen: faults.Seen) -> Any:
        return web.Response(status=400, body=json.dumps(body).encode())

    monkeypatch.setitem(faults.FAULTS, "told", fault)
    with faults.serve(faults.always("told")) as server, pytest.raises(RejectedError) as caught:
        post(server.base_url)
    assert str(caught.value) == message


@pytest.mark.parametrize(("status", "content"), [(400, b""), (400, b"\xff\xfe"), (500, b"x" * 10_000), (418, b"{" * 5000), (413, b"null")])
def test_an_error_that_says_nothing_readable_is_short(status: int, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    async def fault(_request: Any, _seen: faults.Seen) -> Any:
        return web.Response(status=status, body=content)

    monkeypatch.setitem(faults.FAULTS, "told", fault)
    with faults.serve(faults.always("told")) as server, pytest.raises((RejectedError, TransientError)) as caught:
        post(server.base_url)
    assert str(caught.value).startswith(str(status))
    assert len(str(caught.value)) <= SHORT + 5


@pytest.mark.parametrize(
    ("fault", "congested", "after"), [("429", True, None), ("429 retry-after", True, 0.05), ("503", True, None), ("500", False, None)]
)
def test_a_status_that_may_pass_says_whether_fewer_calls_are_wanted_and_when(fault: str, congested: bool, after: float | None) -> None:
    with faults.serve(faults.always(fault)) as server, pytest.raises(TransientError) as caught:
        post(server.base_url)
    assert (caught.value.congested, caught.value.after, caught.value.reached) == (congested, after, True)


@pytest.mark.parametrize("announced", [True, False])
def test_a_long_reply_is_not_read_to_its_end(announced: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    sent = 0

    async def fault(request: Any, _seen: faults.Seen) -> Any:
        nonlocal sent
        response = web.StreamResponse(headers={"Content-Length": str(100 * MOST_BYTES)} if announced else {})
        await response.prepare(request)
        try:
            for _ in range(400):
                await response.write(b"x" * (MOST_BYTES // 4))
                sent += 1
        except ConnectionError:
            pass
        return response

    monkeypatch.setitem(faults.FAULTS, "long", fault)
    with faults.serve(faults.always("long")) as server, pytest.raises(RejectedError, match="longer than 4 MB"):
        post(server.base_url)
    assert sent < 50
