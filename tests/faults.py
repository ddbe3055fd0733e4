"""A chat completion server that goes wrong on purpose. From a shell: python tests/faults.py --port 0 --fault NAME."""

import argparse
import asyncio
import hashlib
import json
import re
import sys
import threading
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from math import log
from typing import Any

from aiohttp import web

Body = Mapping[str, Any]
Payload = dict[str, Any]


@dataclass(frozen=True)
class Seen:
    """A request: its body, its headers, where it came in the order of all (from 0) and among those with the same body (from 0)."""

    body: Body
    headers: Mapping[str, str]
    at: int
    again: int


Script = Callable[[Seen], str]
"""Which fault a request meets: a name in `FAULTS`, or nothing."""
Fault = Callable[[web.Request, Seen], Awaitable[web.StreamResponse]]


def draw(*parts: Any) -> float:
    """A number from 0 to 1 that depends on what it is drawn from, and on nothing else."""
    return int.from_bytes(hashlib.sha256(repr(parts).encode()).digest()[:6]) / 2**48


def society(body: Body, nth: int = 0) -> str:
    """The answer of a made-up society: persona and question decide two times in three, the seed and the place in the call else."""
    messages = [(message["role"], message["content"]) for message in body["messages"]]
    options = marks(messages[-1][1])
    rerun = draw("luck", messages, body.get("seed"), nth) < 1 / 3
    place = draw("noise", messages, body.get("seed"), nth) if rerun else draw("mind", messages)
    return options[int(place * len(options))] if options else f"I would say {int(100 * place)}."


def marks(question: str) -> list[str]:
    """What may be answered: the lines of the last paragraph but one, or the marks before them."""
    blocks = question.split("\n\n")
    lines = blocks[-2].splitlines() if len(blocks) > 2 else []
    return [re.sub(r"^([A-Z]|\d+)\. .*", r"\1", line) for line in lines]


def completion(body: Body, texts: list[str] | None = None) -> Payload:
    """What the society answers, as a chat completion."""
    texts = [society(body, nth) for nth in range(body.get("n", 1))] if texts is None else texts
    read = sum(len(message["content"].split()) for message in body["messages"])
    choices: list[Payload] = [
        {"index": nth, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"} for nth, text in enumerate(texts)
    ]
    if body.get("logprobs"):
        choices[0]["logprobs"] = {"content": [{"token": "?", "logprob": -1.0, "top_logprobs": alternatives(body)}]}
    usage = {"prompt_tokens": read, "completion_tokens": sum(len(text.split()) for text in texts)}
    made = {"object": "chat.completion", "model": body["model"], "choices": choices, "usage": usage, "system_fingerprint": "faults"}
    return made if body.get("prompt_logprobs") is None else {**made, "prompt_logprobs": prompt_logprobs(body)}


def alternatives(body: Body) -> list[Payload]:
    """The society's first tokens: every mark in one piece, with weights that depend on the prompt; a twentieth is something else."""
    options = marks(body["messages"][-1]["content"]) or ["I"]
    weights = [0.1 + draw("score", body["messages"], option) for option in options]
    shares = [0.95 * weight / sum(weights) for weight in weights]
    return [{"token": token, "logprob": log(share)} for token, share in zip([*options, "Well"], [*shares, 0.05], strict=True)]


def pieces(body: Body) -> list[str]:
    """A prompt as tokens: words with the space before them, and marks where turns begin and end."""
    turns = [[f"<{m['role']}>", *re.findall(r"\s*\S+", m["content"]), "<end>", "\n"] for m in body["messages"]]
    return [token for turn in turns for token in turn]


def prompt_logprobs(body: Body) -> list[Payload | None]:
    """What vLLM says of a prompt: for each token but the first, itself and its log-probability."""
    tokens = pieces(body)
    shown: list[Payload | None] = [None]
    for index in range(1, len(tokens)):
        number = int(draw("id", tokens[index]) * 2**31)
        shown.append({str(number): {"logprob": log(piece_probability(tokens[: index + 1])), "rank": 1, "decoded_token": tokens[index]}})
    return shown


def piece_probability(tokens: list[str]) -> float:
    """The probability of the last token after the others, below 1/3."""
    return draw("piece", tokens) / 3


def answered(body: Body, texts: list[str] | None = None) -> web.Response:
    return web.json_response(completion(body, texts))


def refuse(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return web.json_response({"error": {"message": message, "code": code}}, status=status, headers=named)


def failing(status: int, message: str = "no", *, code: str | None = None, **headers: str) -> Fault:
    async def fault(_request: web.Request, _seen: Seen) -> web.StreamResponse:
        return refuse(status, message, code=code, **headers)

    return fault


def saying(*texts: str) -> Fault:
    async def fault(_request: web.Request, seen: Seen) -> web.StreamResponse:
        return answered(seen.body, list(texts))

    return fault


def raw(content: bytes) -> Fault:
    async def fault(_request: web.Request, _seen: Seen) -> web.StreamResponse:
        return web.Response(body=content, content_type="application/json")

    return fault


def changed(change: Callable[[Payload], object]) -> Fault:
    """The society's completion, and something done to it."""

    async def fault(_request: web.Request, seen: Seen) -> web.StreamResponse:
        made = completion(seen.body)
        change(made)
        return web.json_response(made)

    return fault


def parameter(name: str, instead: str = "") -> Fault:
    """A server that does not take a parameter."""

    async def fault(_request: web.Request, seen: Seen) -> web.StreamResponse:
        message = f"Unsupported parameter: '{name}' is not supported with this model. {instead}"
        return refuse(400, message) if name in seen.body and seen.body[name] != 1 else answered(seen.body)

    return fault


def choices(number: Callable[[int], int]) -> Fault:
    """A server that gives another number of answers than it was asked for."""

    async def fault(_request: web.Request, seen: Seen) -> web.StreamResponse:
        asked = seen.body.get("n", 1)
        return answered({**seen.body, "n": number(asked) if asked > 1 else 1})

    return fault


def in_parts(made: Payload) -> None:
    """Write each answer as a list of parts, with a thought before it, as some gateways do."""
    for choice in made["choices"]:
        text = choice["message"]["content"]
        halves = [{"type": "text", "text": half} for half in (text[:1], text[1:])]
        choice["message"]["content"] = [{"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]}, *halves]


def refused_score(made: Payload) -> None:
    """Refuse, which leaves no log-probabilities of a content."""
    made["choices"][0].update(message={"content": None, "refusal": "I cannot."}, logprobs={"content": None, "refusal": []})


async def dropped(request: web.Request, seen: Seen) -> web.StreamResponse:
    assert request.transport
    request.transport.abort()
    return answered(seen.body)


async def not_http(request: web.Request, seen: Seen) -> web.StreamResponse:
    assert request.transport
    request.transport.write(b"HTTP/9.9 what? \0\r\n: :\r\n\r\n")
    request.transport.close()
    return answered(seen.body)


async def truncated(request: web.Request, seen: Seen) -> web.StreamResponse:
    return await _half(request, seen, lambda transport: transport.close())


async def half_closed(request: web.Request, seen: Seen) -> web.StreamResponse:
    return await _half(request, seen, lambda transport: transport.write_eof())


async def _half(request: web.Request, seen: Seen, end: Callable[[Any], None]) -> web.StreamResponse:
    """Half of a reply, and then the end."""
    content = json.dumps(completion(seen.body)).encode()
    response = web.StreamResponse(headers={"Content-Length": str(len(content)), "Content-Type": "application/json"})
    await response.prepare(request)
    await response.write(content[: len(content) // 2])
    end(request.transport)
    return response


async def stall(_request: web.Request, seen: Seen) -> web.StreamResponse:
    await asyncio.sleep(0.3)
    return answered(seen.body)


async def slow(_request: web.Request, seen: Seen) -> web.StreamResponse:
    await asyncio.sleep(0.02)
    return answered(seen.body)


async def unknown_key(_request: web.Request, _seen: Seen) -> web.StreamResponse:
    await asyncio.sleep(0.05)
    return refuse(401)


async def echo(request: web.Request, _seen: Seen) -> web.StreamResponse:
    """An error that repeats the key."""
    return refuse(400, f"You sent {dict(request.headers)} and " + "x" * 300)


async def echo_401(request: web.Request, _seen: Seen) -> web.StreamResponse:
    return refuse(401, f"Incorrect API key provided: {request.headers.get('Authorization')}")


async def echo_200(request: web.Request, seen: Seen) -> web.StreamResponse:
    """An answer that repeats the key."""
    return answered(seen.body, [f"Your key is {request.headers.get('Authorization')}"])


async def no_system(_request: web.Request, seen: Seen) -> web.StreamResponse:
    """A gateway that drops the system message: answers and prompt tokens are those of what remains."""
    return answered({**seen.body, "messages": [message for message in seen.body["messages"] if message["role"] != "system"]})


def logprob(value: Any) -> Fault:
    """A server that says something else of the first alternative."""

    def change(made: Payload) -> None:
        if "logprobs" in made["choices"][0]:
            made["choices"][0]["logprobs"]["content"][0]["top_logprobs"][0]["logprob"] = value

    return changed(change)


FAULTS: dict[str, Fault] = {
    "429": failing(429, "slow down"),
    "429 retry-after": failing(429, "slow down", Retry_After="0.05"),
    "429 hour": failing(429, "slow down", Retry_After="3600"),
    "429 quota": failing(429, "pay", code="insufficient_quota"),
    "400": failing(400, "this prompt is too long"),
    "401": failing(401),
    "401 slow": unknown_key,
    "403": failing(403),
    "404": failing(404, "no such model"),
    "408": failing(408),
    "500": failing(500, "<html>oops</html>"),
    "503": failing(503),
    "dropped": dropped,
    "not http": not_http,
    "half closed": half_closed,
    "truncated": truncated,
    "not json": raw(b"<html>Bad gateway</html>"),
    "not object": raw(b"[1, 2]"),
    "deep": raw(b"[" * 100_000),
    "no choices": raw(b'{"choices": []}'),
    "no message": raw(b'{"choices": [{}]}'),
    "error 200": raw(b'{"error": {"message": "upstream is gone"}}'),
    "invalid utf-8": raw(b'{"choices": [{"message": {"content": "caf\xe9"}}]}'),
    "parts": changed(in_parts),
    "other parts": raw(b'{"choices": [{"message": {"content": [{"type": "image"}, "yes", 3]}}]}'),
    "number content": raw(b'{"choices": [{"message": {"content": 3}}], "usage": {"prompt_tokens": 11, "completion_tokens": 5}}'),
    "error 200 billed": raw(b'{"error": {"message": "no"}, "usage": {"prompt_tokens": 11, "completion_tokens": 5}}'),
    "finish error": changed(lambda made: made["choices"][0].update(finish_reason="error")),
    "other model": changed(lambda made: made.update(model="totally-other")),
    "dated model": changed(lambda made: made.update(model=f"{made['model']}-2024-08-06")),
    "int64": changed(lambda made: made["usage"].update(prompt_tokens=2**63)),
    "huge int": raw(b'{"choices": [{"message": {"content": "yes"}}], "usage": {"prompt_tokens": ' + b"9" * 4000 + b"}}"),
    "thinking": changed(lambda made: made["usage"].update(completion_tokens_details={"reasoning_tokens": 64})),
    "odd usage": changed(lambda made: made.update(usage={"completion_tokens_details": [1]})),
    "refused score": changed(refused_score),
    "null content score": changed(lambda made: made["choices"][0].update(logprobs={"content": None})),
    "bad redirect": failing(302, Location="http://[bad"),
    "lone surrogate": raw(rb'{"choices": [{"message": {"content": "a\ud800b"}, "finish_reason": "\udfff"}]}'),
    "nul": raw(rb'{"choices": [{"message": {"content": "a\u0000b"}, "finish_reason": null}]}'),
    "null content": raw(b'{"choices": [{"message": {"content": null}, "finish_reason": "length"}], "usage": null}'),
    "empty": saying(""),
    "huge": saying("x" * 10_000_000),
    "refusal": raw(b'{"choices": [{"message": {"content": null, "refusal": "I cannot."}, "finish_reason": "stop"}]}'),
    "filtered": raw(b'{"choices": [{"message": {"content": ""}, "finish_reason": "content_filter"}]}'),
    "stall": stall,
    "slow": slow,
    "fewer": choices(lambda asked: (asked + 1) // 2),
    "more": choices(lambda asked: asked + 3),
    "n ignored": choices(lambda _: 1),
    "n refused": parameter("n"),
    "max_completion_tokens": parameter("max_tokens", "Use 'max_completion_tokens' instead."),
    "temperature": parameter("temperature"),
    "seed": parameter("seed"),
    "json_schema": failing(500, "loc: ('body', 'response_format', 'type'), msg: Input should be 'text'"),
    "logprobs": parameter("logprobs"),
    "no logprobs": changed(lambda made: made["choices"][0].pop("logprobs", None)),
    "null logprobs": changed(lambda made: made["choices"][0].update(logprobs=None)),
    "nan logprobs": logprob(float("nan")),
    "positive logprobs": logprob(0.5),
    "too much": logprob(0.0),
    "text logprobs": logprob("-1"),
    "no first token": changed(lambda made: made["choices"][0].update(logprobs={"content": []})),
    "redirect": failing(307, Location="http://elsewhere.example/v1?key=1"),
    "echo": echo,
    "echo 401": echo_401,
    "echo 200": echo_200,
    "no system": no_system,
}
"""Every way to go wrong, by name."""

TRANSIENT = (
    "429",
    "429 retry-after",
    "408",
    "500",
    "503",
    "dropped",
    "not http",
    "half closed",
    "truncated",
    "not json",
    "not object",
    "error 200",
    "invalid utf-8",
)
"""Those after which the same request may be answered."""


def always(name: str) -> Script:
    """Every request meets the fault."""
    return lambda _seen: name


def once(name: str) -> Script:
    """Every request meets the fault when it comes for the first time."""
    return lambda seen: "" if seen.again else name


@dataclass
class Server:
    """A running server: where it is, what it saw, how often each body (as sorted JSON), and how many requests at a time, at most."""

    script: Script
    base_url: str = ""
    seen: list[Seen] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    busy: int = 0
    most: int = 0

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/v1/chat/completions", self._complete)
        application.router.add_get("/seen", self._tell)
        return application

    async def _complete(self, request: web.Request) -> web.StreamResponse:
        body = await request.json()
        same = json.dumps(body, sort_keys=True)
        seen = Seen(body, dict(request.headers), len(self.seen), self.counts[same])
        self.seen.append(seen)
        self.counts[same] += 1
        self.busy += 1
        self.most = max(self.most, self.busy)
        try:
            fault = self.script(seen)
            return await FAULTS[fault](request, seen) if fault else answered(body)
        finally:
            self.busy -= 1

    async def _tell(self, _request: web.Request) -> web.StreamResponse:
        return web.json_response(dict(self.counts))


@contextmanager
def serve(script: Script = always(""), port: int = 0) -> Iterator[Server]:  # noqa: B008 (a function)
    """Run a server on 127.0.0.1 in a thread of its own, so that the code under test may block."""
    server, ready, loop = Server(script), threading.Event(), asyncio.new_event_loop()

    async def run() -> web.AppRunner:
        runner = web.AppRunner(server.application(), access_log=None, shutdown_timeout=0.1)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        server.base_url = f"http://127.0.0.1:{runner.addresses[0][1]}/v1"
        return runner

    async def end(runner: web.AppRunner) -> None:
        await runner.cleanup()
        left = asyncio.all_tasks() - {asyncio.current_task()}
        for task in left:
            task.cancel()
        await asyncio.gather(*left, return_exceptions=True)

    def work() -> None:
        runner = loop.run_until_complete(run())
        ready.set()
        loop.run_forever()
        loop.run_until_complete(end(runner))
        loop.close()

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    ready.wait()
    try:
        yield server
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()


def main() -> None:
    """Serve until killed; the first line is the base URL."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--port", type=int, default=0)
    options.add_argument("--fault", default="", choices=["", *FAULTS], help="what goes wrong; nothing by default")
    options.add_argument("--once", action="store_true", help="only when a request comes for the first time")
    given = options.parse_args()
    with serve((once if given.once else always)(given.fault), given.port) as server:
        sys.stdout.write(f"{server.base_url}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
