"""Any server that speaks OpenAI's chat completions: OpenAI, vLLM, llama.cpp, Ollama, LM Studio, gateways, `transformers serve`."""

import asyncio
import json
import os
import re
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, get_args

from personametrics.data.errors import ModelError, StudyError, options
from personametrics.data.model import Can, key_variable
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.models import chat
from personametrics.models.endpoint import Connection, checked, opened
from personametrics.models.traffic import GaveUpError, Limits, RejectedError, Traffic, TransientError

OPENAI = "https://api.openai.com/v1"
MOST = 8
"""Most answers that are asked for in one call."""
CAN = frozenset({Can.SAMPLE, Can.SYSTEM, Can.SEED, Can.MANY, Can.SCORE})
FIXES = {
    "temperature": "set sampling.temperature to null in the study",
    "top_p": "set sampling.top_p to null in the study",
    "seed": "set sampling.seed to null in the study",
    "logprobs": "ask for answers instead (score: false)",
    "top_logprobs": "ask for answers instead (score: false)",
    "prompt_logprobs": "use scoring: first_token",
    "response_format": 'set structured to ""',
    "structured_outputs": 'set structured to ""',
}
"""Remedies for a parameter that a server does not take."""

OPENAI_KEY = "OPENAI_API_KEY"
Scoring = Literal["first_token", "continuation"]
_Tokens = tuple[int | None, int | None]
"""Tokens read and written for one answer; None: not reported."""


@dataclass(frozen=True)
class OpenAICompatible:
    """A model behind `/v1/chat/completions`.

    Attributes:
        name: name of the model on the server.
        base_url: address of the server, up to `/v1`.
        key_variable: name of the environment variable that holds the key; empty: `OPENAI_API_KEY` at OpenAI, and no key elsewhere, so that
            no other server gets OpenAI's. The key goes to `base_url` and nowhere else; it is read when asking begins, and nothing that can
            be shown keeps it.
        structured: restriction of the answer to the choices: `json_schema` (the answer is JSON), `choice` (vLLM); empty: none.
        scoring: source of label probabilities: the `first_token` (one call; `chat.first_token_probabilities` says what that leaves out) or
            the `continuation`, every token of every choice (vLLM; one call for each choice and one more).
        limits: limits on the use of the server.
        can: its presumed abilities; without `MANY`, a call asks for one answer.

    Raises:
        StudyError: a name, an address or a variable that cannot be used, or an unknown way to structure or score.

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
        key_variable(self.key_variable)
        for name, kind in (("structured", chat.Structured), ("scoring", Scoring)):
            if getattr(self, name) not in get_args(kind):
                message = f'{name}: unknown value "{getattr(self, name)}". {options(getattr(self, name), filter(None, get_args(kind)))}.'
                raise StudyError(message)
        if not self.name.strip():
            message = "The model has no name. Write openai:NAME or openai:NAME@http://127.0.0.1:8000/v1."
            raise StudyError(message)

    @classmethod
    def named(cls, text: str, **settings: Any) -> "OpenAICompatible":
        """Return the model of a `NAME` or `NAME@BASE_URL` with further attributes; the name may have `/`, `:` and `@` in it.

        Raises:
            StudyError: an address lacks http:// or https://, or as for the class.
        """
        name, base_url = [*re.split("@(?=https?://)", text, maxsplit=1), OPENAI][:2]
        if "://" in name or re.search(r"@(localhost\b|[^@]*:\d)", name):
            message = f'"{text}": write the address as @http://… or @https://…. Without that, prompts and key would go to OpenAI.'
            raise StudyError(message)
        return cls(name, base_url, **settings)

    @property
    def id(self) -> str:
        """The id: openai/NAME@BASE_URL, and how answers are structured and scored unless that is the default."""
        changed = {"structured": self.structured, "scoring": self.scoring if self.scoring != "first_token" else ""}
        return f"openai/{self.name}@{self.base_url}" + "".join(f"#{key}={value}" for key, value in changed.items() if value)

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer every request once, in any order; runs of one prompt that follow each other share a call.

        A request is pulled when a call may begin (and, to see where the runs of a prompt end, one ahead). Closed early, it drops calls that
        are under way. If no request can be answered, it waits for answers that are under way and gives them before it raises.
        """
        variable = self.key_variable or (OPENAI_KEY if self.base_url == OPENAI else "")
        if variable and not os.environ.get(variable, "").strip():
            message = f"Set the environment variable {variable} to your key for {self.base_url}."
            raise ModelError(message)
        async with opened(f"{self.base_url}/chat/completions", variable, self.limits) as connection:
            asking = _Asking(self, connection, Traffic(self.limits, self.base_url), MOST if Can.MANY in self.can else 1)
            calls, running = asking.calls(requests), dict[asyncio.Task[list[Reply]], Sequence[int]]()
            done = asyncio.Queue[asyncio.Task[list[Reply]]]()
            try:
                while True:
                    while asking.failure is None and len(running) < asking.traffic.window and (call := next(calls, None)):
                        indices, prompts = zip(*call, strict=True)
                        running[task := asyncio.create_task(asking.replies(prompts))] = indices
                        task.add_done_callback(done.put_nowait)
                    if not running:
                        break
                    task = await done.get()
                    # Fewer replies than requests only if no more calls can be made.
                    for index, reply in zip(running.pop(task), task.result(), strict=False):
                        yield index, reply
            finally:
                for task in running:
                    task.cancel()
                await asyncio.gather(*running, return_exceptions=True)
        if asking.failure:
            raise asking.failure


@dataclass
class _Asking:
    """One `answer()`, with all that it learns about the server.

    Attributes:
        most: answers requested in one call.
        limit: the parameter that limits the length of answers.
        answered: True once a call was answered, so that the parameters are good.
        scored: True once an answer had log-probabilities.
        failure: the reason why no more calls can be made.
    """

    model: OpenAICompatible
    connection: Connection
    traffic: Traffic
    most: int
    limit: str = "max_tokens"
    answered: bool = False
    scored: bool = False
    failure: ModelError | None = None

    def calls(self, requests: Iterable[Request]) -> Iterator[list[tuple[int, Request]]]:
        """Return requests that share a call, with their positions; with a seed every run has its own, and no call is shared."""
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
        """Return replies to runs of one prompt; fewer if no more calls can be made, for the reason in `failure`.

        Whatever goes wrong with one answer fails its request, and no other. The first reply carries the tokens of unreadable answers.
        """
        result, billed, trouble = list[Reply](), list[_Tokens](), ""
        try:
            if requests[0].score:
                result.append(await self._scored(requests[0], billed))
            else:
                await self._fill(requests, result, billed)
        except ModelError as error:
            self.failure = self.failure or error
            self.traffic.stop()
            trouble = str(error)
        except Exception as error:  # noqa: BLE001 (a server can answer anything)
            trouble = self.connection.short(f"the server's answer cannot be read ({type(error).__name__}: {error})")
            failed = Reply(outcome=ReplyOutcome.FAILED, calls=0, detail=trouble)
            result += [replace(failed, calls=int(not result and index == 0)) for index in range(len(requests) - len(result))]
        carried = _sums((reply.tokens_in, reply.tokens_out) for reply in result)
        unread = [max(0, tokens - reported) for tokens, reported in zip(_sums(billed), carried, strict=True)]
        if any(unread):
            result = result or [Reply(outcome=ReplyOutcome.FAILED, calls=len(billed), detail=trouble)]
            result[0] = replace(result[0], unread_in=unread[0], unread_out=unread[1])
        return result

    async def _fill(self, requests: Sequence[Request], result: list[Reply], billed: list[_Tokens]) -> None:
        """Append replies to the result; a server that ignores `n` is asked for the missing ones singly."""
        replies, calls = await self._sampled(requests, billed)
        if len(replies) == len(requests):
            result += replies
            return
        self.most = 1
        result += [replace(reply, degraded=(*reply.degraded, "n")) for reply in replies]
        for request in requests[len(result) :]:
            (reply,), more = await self._sampled([request], billed)
            result.append(replace(reply, degraded=(*reply.degraded, "n"), calls=reply.calls if result else calls + more))

    async def _sampled(self, requests: Sequence[Request], billed: list[_Tokens]) -> tuple[list[Reply], int]:
        """Return the replies of one call, perhaps too few, and the number of attempts; if it fails, all fail."""
        body = chat.body(requests[0], self.model.name, self.model.structured)
        if requests[0].sampling.seed is not None:
            body["seed"] = requests[0].seed(self.model.id)
        if len(requests) > 1:
            body["n"] = len(requests)
        sent = asyncio.get_running_loop().time

        async def attempt() -> list[Reply]:
            began = sent()
            payload = await self._posted(body, billed)
            return chat.replies(payload, self.connection.clean, sent() - began) if payload else []

        try:
            replies, calls = await self.traffic.call(attempt, chat.estimate(requests[0], len(requests)))
        except GaveUpError as error:
            self._blame(error.reason, body)
            failed = Reply(outcome=ReplyOutcome.FAILED, calls=error.calls, detail=error.reason)
            return [failed, *[replace(failed, calls=0) for _ in requests[1:]]], error.calls
        if calls > 1 and replies:
            replies[0] = replace(replies[0], calls=calls)
        if self.model.structured and requests[0].choices:
            replies = [chat.with_structure_checked(reply, requests[0].choices, self.model.structured) for reply in replies]
        return replies[: len(requests)], calls

    async def _posted(self, body: dict[str, Any], billed: list[_Tokens]) -> dict[str, Any]:
        """Return the answer; empty if the server refuses several in one call. Its tokens are counted, readable or not."""
        if self.limit not in body:
            body[self.limit] = body.pop("max_tokens")
        try:
            payload = await self.connection.post(json.dumps(body).encode())
        except RejectedError as error:
            if "n" in body and re.search(r"\bn\b|\bn_cmpl\b", str(error)):
                return {}
            if "max_tokens" not in body or "max_completion_tokens" not in str(error):
                raise
            self.limit, reason = "max_completion_tokens", str(error)
        else:
            billed.append(chat.usage(payload))
            self.connection.refuse_error(payload)
            self.answered = True
            return payload
        raise TransientError(reason, after=0)

    def _blame(self, reason: str, body: dict[str, Any]) -> None:
        """Raise ModelError if an error names a parameter; once a call was answered the parameters are good, and the request is at fault."""
        for name, fix in FIXES.items():
            if not self.answered and name in body and re.search(rf"\b{name}\b", reason):
                message = f'{self.model.base_url} does not accept "{name}" ({reason}): {fix}.'
                raise ModelError(message)

    async def _scored(self, request: Request, billed: list[_Tokens]) -> Reply:
        """Return the reply with the probabilities of the choices."""
        name, choices, began = self.model.name, request.choices, asyncio.get_running_loop().time()
        if first := self.model.scoring == "first_token":
            bodies = [chat.first_token_body(request, name)]
        else:
            bodies = [chat.continuation_body(request, name, answer) for answer in ("", *choices)]
        replies, shown = list[Reply](), list[chat.Tokens]()
        for body in bodies:
            reply, tokens = await self._shown(body, chat.estimate(request), billed)
            replies.append(reply)
            shown.append(tokens)
            if reply.outcome is not ReplyOutcome.ANSWERED:
                break
        reply = chat.combined(replies, asyncio.get_running_loop().time() - began, request.sampling)
        if reply.outcome is not ReplyOutcome.ANSWERED:
            return reply
        read: Callable[..., dict[str, float]] = chat.first_token_probabilities if first else chat.continuation_probabilities
        try:
            return replace(reply, probabilities=read(choices, *shown))
        except RejectedError as error:
            return replace(reply, outcome=ReplyOutcome.FAILED, detail=str(error))

    async def _shown(self, body: dict[str, Any], cost: float, billed: list[_Tokens]) -> tuple[Reply, chat.Tokens]:
        """Return the reply to one call, and the tokens whose log-probabilities it shows; raise ModelError if no call shows any."""

        async def attempt() -> tuple[Reply, chat.Tokens]:
            payload = await self._posted(body, billed)
            reply = chat.replies(payload, self.connection.clean, 0.0)[0]
            if reply.outcome is not ReplyOutcome.ANSWERED:
                return reply, []
            return reply, chat.prompt_tokens(payload) if "prompt_logprobs" in body else chat.first_tokens(payload)

        try:
            (reply, tokens), calls = await self.traffic.call(attempt, cost)
        except GaveUpError as error:
            self._blame(error.reason, body)
            return Reply(outcome=ReplyOutcome.FAILED, calls=error.calls, detail=error.reason), []
        reply = replace(reply, calls=calls)
        if reply.outcome is ReplyOutcome.ANSWERED and not tokens:
            if self.scored:
                return replace(reply, outcome=ReplyOutcome.FAILED, detail="the server's answer has no log-probabilities"), []
            message = f"{self.model.name} at {self.model.base_url} gives no log-probabilities. Ask for answers instead (score: false)."
            raise ModelError(message)
        self.scored |= bool(tokens)
        return reply, tokens


def _sums(tokens: Iterable[_Tokens]) -> list[int]:
    """Return the numbers of tokens read and written; what was not reported counts as 0."""
    return [sum(filter(None, side)) for side in zip((0, 0), *tokens, strict=True)]
