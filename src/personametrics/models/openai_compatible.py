"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama, LM Studio, gateways, `transformers serve`."""

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from personametrics.data.errors import ModelError, StudyError, options
from personametrics.data.model import Can
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.models import chat
from personametrics.models.endpoint import Connection, Endpoint, checked
from personametrics.models.traffic import GaveUpError, Limits, RejectedError, Traffic, TransientError

OPENAI = "https://api.openai.com/v1"
MOST = 8
"""Answers asked for in one call, at most."""
CAN = frozenset({Can.SAMPLE, Can.SYSTEM, Can.SEED, Can.MANY, Can.SCORE})
FIXES = {
    "temperature": "set sampling.temperature to null in the study",
    "top_p": "set sampling.top_p to null in the study",
    "seed": "set sampling.seed to null in the study",
    "logprobs": "sample instead (score: false)",
    "top_logprobs": "sample instead (score: false)",
    "prompt_logprobs": "use scoring: first_token",
    "response_format": 'set structured to ""',
    "structured_outputs": 'set structured to ""',
}
"""What to do about a parameter that a server does not take."""

OPENAI_KEY = "OPENAI_API_KEY"
Scoring = Literal["first_token", "continuation"]


@dataclass(frozen=True)
class OpenAICompatible:
    """A model behind `/v1/chat/completions`.

    Attributes:
        name: the model, as the server calls it.
        base_url: where the server is, up to `/v1`.
        key_variable: name of the environment variable that holds the key; empty: `OPENAI_API_KEY` at OpenAI, and no key elsewhere, so that
            no other server gets OpenAI's. The key goes to `base_url` and nowhere else; it is read when asking begins and kept by nothing
            that can be shown.
        structured: hold the answer to the choices: `json_schema` (the answer is JSON), `choice` (vLLM); empty: don't.
        scoring: read label probabilities off the `first_token` (one call; `chat.first_token_probabilities` says what that leaves out) or
            off the `continuation`: every token of every choice, one call each and one more (vLLM).
        limits: how the server may be used.
        can: what it is said to be able to do; without `MANY`, one answer a call.

    Raises:
        StudyError: a name or an address that cannot be used, or an unknown way to structure or score.

    Examples:
        >>> OpenAICompatible.named("org/model:tag@http://127.0.0.1:8000/v1").id
        'openai/org/model:tag@http://127.0.0.1:8000/v1'
    """

    name: str
    base_url: str = OPENAI
    key_variable: str = ""
    structured: chat.Structured = ""
    scoring: Scoring = "first_token"
    limits: Limits = field(default_factory=Limits)
    can: frozenset[Can] = CAN

    def __post_init__(self) -> None:
        object.__setattr__(self, "base_url", checked(self.base_url))
        for name, kind in (("structured", chat.Structured), ("scoring", Scoring)):
            if getattr(self, name) not in get_args(kind):
                message = f'{name}: "{getattr(self, name)}" is unknown: {options(getattr(self, name), filter(None, get_args(kind)))}.'
                raise StudyError(message)
        if not self.name.strip():
            message = "The model has no name; write openai:NAME or openai:NAME@http://127.0.0.1:8000/v1."
            raise StudyError(message)

    @classmethod
    def named(cls, text: str, **settings: Any) -> "OpenAICompatible":
        """The model of a `NAME` or `NAME@BASE_URL`, and its other attributes; the name may have `/`, `:` and `@` in it.

        Raises:
            StudyError: an address without http:// or https://, or as the constructor.
        """
        name, base_url = [*re.split("@(?=https?://)", text, maxsplit=1), OPENAI][:2]
        if "://" in name or re.search(r"@(localhost\b|[^@]*:\d)", name):
            message = f'"{text}": write the address as @http://… or @https://…; without that, prompts and key would go to OpenAI.'
            raise StudyError(message)
        return cls(name, base_url, **settings)

    @property
    def id(self) -> str:
        """openai/NAME@BASE_URL and how answers are structured and scored, where that is not the default."""
        changed = {"structured": self.structured, "scoring": self.scoring if self.scoring != "first_token" else ""}
        return f"openai/{self.name}@{self.base_url}" + "".join(f"#{key}={value}" for key, value in changed.items() if value)

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer every ask once, in any order; runs of one prompt that follow each other share a call.

        An ask is pulled when a call may begin (and, to see where the runs of a prompt end, one ahead). Closed early, it drops what is
        under way. If no ask can be answered, answers that are under way are waited for and given before it raises.
        """
        variable = self.key_variable or (OPENAI_KEY if self.base_url == OPENAI else "")
        if variable and not os.environ.get(variable, "").strip():
            message = f"Set the environment variable {variable} to your key for {self.base_url}."
            raise ModelError(message)
        async with Endpoint(f"{self.base_url}/chat/completions", variable).opened(self.limits) as connection:
            elicitation = _Asking(self, connection, Traffic(self.limits, self.base_url), MOST if Can.MANY in self.can else 1)
            calls, running = elicitation.calls(requests), dict[asyncio.Task[list[Reply]], list[int]]()
            done = asyncio.Queue[asyncio.Task[list[Reply]]]()
            try:
                while True:
                    while elicitation.failure is None and len(running) < elicitation.traffic.window and (call := next(calls, None)):
                        running[task := asyncio.create_task(elicitation.replies([request for _, request in call]))] = [
                            index for index, _ in call
                        ]
                        task.add_done_callback(done.put_nowait)
                    if not running:
                        break
                    task = await done.get()
                    # Fewer replies than asks only if no more calls can be made.
                    for index, reply in zip(running.pop(task), task.result(), strict=False):
                        yield index, reply
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
        if elicitation.failure:
            raise elicitation.failure


@dataclass
class _Asking:
    """One `answer()`: what is learnt of the server while it lasts."""

    model: OpenAICompatible
    connection: Connection
    traffic: Traffic
    most: int
    limit: str = "max_tokens"
    answered: bool = False
    failure: ModelError | None = None

    def calls(self, requests: Iterable[Request]) -> Iterator[list[tuple[int, Request]]]:
        """Asks that share a call, with their positions; with a seed, every run has its own and shares none."""
        shared: list[tuple[int, Request]] = []
        for index, request in enumerate(requests):
            if shared and not request.same_prompt(shared[0][1]):
                yield shared
                shared = []
            shared.append((index, request))
            if len(shared) >= self.most or request.score or request.sampling.seed is not None:
                yield shared
                shared = []
        if shared:
            yield shared

    async def replies(self, requests: Sequence[Request]) -> list[Reply]:
        """Replies to runs of one prompt; fewer if no more calls can be made, which `failure` then tells."""
        found: list[Reply] = []
        try:
            if requests[0].score:
                found.append(await self._scored(requests[0]))
            else:
                await self._fill(requests, found)
        except ModelError as error:
            self.failure = self.failure or error
            self.traffic.stop()
        return found

    async def _fill(self, requests: Sequence[Request], found: list[Reply]) -> None:
        """Find replies; what a server that ignores `n` leaves out is asked for singly."""
        replies, calls = await self._sampled(requests)
        if len(replies) == len(requests):
            found += replies
            return
        self.most = 1
        found += [replace(reply, degraded=(*reply.degraded, "n")) for reply in replies]
        for request in requests[len(found) :]:
            (reply,), more = await self._sampled([request])
            found.append(replace(reply, degraded=(*reply.degraded, "n"), calls=reply.calls if found else calls + more))

    async def _sampled(self, requests: Sequence[Request]) -> tuple[list[Reply], int]:
        """Replies of one call, perhaps too few, and how often it was made; if it fails, all fail."""
        body = chat.body(requests[0], self.model.name, self.model.structured)
        if requests[0].sampling.seed is not None:
            body["seed"] = requests[0].seed(self.model.id)
        if len(requests) > 1:
            body["n"] = len(requests)
        sent = asyncio.get_running_loop().time

        async def attempt() -> list[Reply]:
            began = sent()
            payload = await self._posted(body)
            return chat.replies(payload, self.connection.clean, sent() - began) if payload else []

        try:
            found, calls = await self.traffic.call(attempt, chat.estimate(requests[0], len(requests)))
        except GaveUpError as error:
            self._blame(error.reason, body)
            failed = Reply(outcome=ReplyOutcome.FAILED, calls=error.calls, detail=error.reason)
            return [failed, *[replace(failed, calls=0) for _ in requests[1:]]], error.calls
        if calls > 1 and found:
            found[0] = replace(found[0], calls=calls)
        if self.model.structured and requests[0].choices:
            found = [chat.held(reply, requests[0].choices, self.model.structured) for reply in found]
        return found[: len(requests)], calls

    async def _posted(self, body: dict[str, Any]) -> dict[str, Any]:
        """What came back; empty if the server will not give several answers in one call.

        Raises:
            TransientError, RejectedError, ModelError: as `Connection.post`.
        """
        if self.limit not in body:
            body[self.limit] = body.pop("max_tokens")
        try:
            payload = await self.connection.post(json.dumps(body).encode())
        except RejectedError as error:
            if "n" in body and re.search(r"\bn\b|\bn_cmpl\b", str(error)):
                return {}
            if "max_tokens" not in body or "max_completion_tokens" not in str(error):
                raise
            self.limit, said = "max_completion_tokens", str(error)
        else:
            self.answered = True
            return payload
        raise TransientError(said, after=0)

    def _blame(self, said: str, body: dict[str, Any]) -> None:
        """Look for a parameter in an error; once something was answered the parameters are good, and it is the ask that is not.

        Raises:
            ModelError: the server does not take it.
        """
        for name, fix in FIXES.items():
            if not self.answered and name in body and re.search(rf"\b{name}\b", said):
                message = f'{self.model.base_url} does not take "{name}" ({said}): {fix}.'
                raise ModelError(message)

    async def _scored(self, request: Request) -> Reply:
        """The reply with the probabilities of the choices."""
        name, choices, began = self.model.name, request.choices, asyncio.get_running_loop().time()
        if first := self.model.scoring == "first_token":
            bodies = [chat.first_token_body(request, name)]
        else:
            bodies = [chat.continuation_body(request, name, answer) for answer in ("", *choices)]
        replies, shown = list[Reply](), list[chat.Tokens]()
        for body in bodies:
            reply, tokens = await self._shown(body, chat.estimate(request))
            replies.append(reply)
            shown.append(tokens)
            if reply.outcome is not ReplyOutcome.ANSWERED:
                break
        reply = chat.combined(replies, asyncio.get_running_loop().time() - began, request.sampling)
        if reply.outcome is not ReplyOutcome.ANSWERED:
            return reply
        try:
            read = (
                chat.first_token_probabilities(choices, shown[0])
                if first
                else chat.continuation_probabilities(choices, shown[0], shown[1:])
            )
        except RejectedError as error:
            return replace(reply, outcome=ReplyOutcome.FAILED, detail=str(error))
        return replace(reply, probabilities=read)

    async def _shown(self, body: dict[str, Any], cost: float) -> tuple[Reply, chat.Tokens]:
        """The reply to one call, and the tokens whose log-probabilities it shows.

        Raises:
            ModelError: it shows none.
        """

        async def attempt() -> tuple[Reply, chat.Tokens]:
            payload = await self._posted(body)
            reply = chat.replies(payload, self.connection.clean, 0.0)[0]
            return reply, chat.prompt_tokens(payload) if "prompt_logprobs" in body else chat.first_tokens(payload)

        try:
            (reply, tokens), calls = await self.traffic.call(attempt, cost)
        except GaveUpError as error:
            self._blame(error.reason, body)
            return Reply(outcome=ReplyOutcome.FAILED, calls=error.calls, detail=error.reason), []
        if not tokens and reply.outcome is ReplyOutcome.ANSWERED:
            message = f"{self.model.name} at {self.model.base_url} gives no log-probabilities; sample instead (score: false)."
            raise ModelError(message)
        return replace(reply, calls=calls), tokens
