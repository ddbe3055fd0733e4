"""What is said to a chat completion server, and what it says back: pure functions, no network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from math import exp, inf
from typing import Any, Literal

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import Reply
from personametrics.data.request import Request, Sampling
from personametrics.models.traffic import RejectedError, TransientError

Structured = Literal["", "json_schema", "choice"]
Clean = Callable[[str], str]
Tokens = Sequence[tuple[str, float]]
"""Tokens and their log-probabilities."""

SHOWN = 20
"""Alternatives asked for: the most that OpenAI and vLLM give."""
SLACK = 1e-3
"""Mass that may be undecided, or too much."""


def body(request: Request, name: str, structured: Structured = "") -> dict[str, Any]:
    """The body of a request for one answer; what is None is left to the server."""
    sampling = request.sampling
    settings: dict[str, Any] = {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": sampling.max_tokens}
    sent: dict[str, Any] = {"model": name, "messages": _messages(request)}
    sent |= {key: value for key, value in settings.items() if value is not None}
    if structured == "choice" and request.choices:
        sent["structured_outputs"] = {"choice": request.choices}
    elif structured and request.choices:
        answer = {
            "type": "object",
            "properties": {"answer": {"type": "string", "enum": request.choices}},
            "required": ["answer"],
            "additionalProperties": False,
        }
        sent["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": answer}}
    return sent


def first_token_body(request: Request, name: str) -> dict[str, Any]:
    """The body of a request for the alternatives of the first token, at temperature 1."""
    drawn = {"max_tokens": 1, "temperature": 1.0, "logprobs": True, "top_logprobs": SHOWN}
    return {"model": name, "messages": _messages(request), **drawn}


def continuation_body(request: Request, name: str, answer: str) -> dict[str, Any]:
    """The body of a request (vLLM) for the log-probability of every token of a prompt in which the answer has been given."""
    messages = [*_messages(request), {"role": "assistant", "content": answer}]
    return {"model": name, "messages": messages, "max_tokens": 1, "prompt_logprobs": 0, "add_generation_prompt": False}


def replies(payload: Mapping[str, Any], clean: Clean, seconds: float) -> list[Reply]:
    """One reply for each choice; the first carries what they cost.

    Raises:
        TransientError: there are no choices.
    """
    choices = payload.get("choices")
    if not isinstance(choices, list) or not choices:
        message = "what came back has no choices"
        raise TransientError(message)
    usage, mark = payload.get("usage"), payload.get("system_fingerprint")
    tokens = (_count(usage, "prompt_tokens"), _count(usage, "completion_tokens"))
    fingerprint = clean(mark) if isinstance(mark, str) else ""
    return [_reply(choice, clean, fingerprint, 1 - bool(at), seconds, tokens if at == 0 else None) for at, choice in enumerate(choices)]


def first_tokens(payload: Mapping[str, Any]) -> Tokens:
    """The alternatives of the first token; none where the server gives none.

    Raises:
        TransientError: the answer is empty.
        RejectedError: a log-probability is none.
    """
    try:
        content = payload["choices"][0]["logprobs"]["content"]
        shown = [(each["token"], each["logprob"]) for each in content[0]["top_logprobs"]] if content else content
    except (LookupError, TypeError):
        return []
    if shown == []:
        message = "the server's answer has no first token"  # it drew the end at once: the next draw need not
        raise TransientError(message)
    if not all(isinstance(token, str) and _is_logprob(value) for token, value in shown):
        message = "the server gives log-probabilities that are no logarithms of probabilities"
        raise RejectedError(message)
    return shown


def first_token_probabilities(choices: Sequence[str], tokens: Tokens) -> dict[str, float]:
    """Probabilities of the choices from the alternatives of the first token.

    An alternative, leading white space aside and case kept, counts for the choice that it begins, or for the longest choice that it
    begins with (`4.` for `4`, but not `40`). So a first token shared with an answer that is no choice (`dis` of `dislike`) counts too.
    A token that is a choice and begins another (`1` and `10`) counts for the first if the other is among the alternatives in one piece,
    since then it is written so. A choice that is not shown gets 0; what the probabilities lack to 1 is the mass of other
    answers and of what was not shown.

    Args:
        choices: what may be answered.
        tokens: alternatives and their log-probabilities, at most 0.

    Raises:
        RejectedError: more than 0.001 of the mass begins several choices, none begins any, or all add up to more than 1.

    Examples:
        >>> first_token_probabilities(["4", "5"], [("4", -0.5), (" 4.", -2.0), ("40", -3.0), ("I", -4.0)])
        {'4': 0.741..., '5': 0.0}
    """
    written = {token.lstrip() for token, _ in tokens}
    mass = dict.fromkeys(choices, 0.0)
    for token, value in tokens:
        meant = _meant(token.lstrip(), choices, written)
        if len(meant) > 1 and exp(value) > SLACK:
            named = " and ".join(f'"{choice}"' for choice in meant)
            message = (
                f'The choices {named} share their first token "{token}": use prompt.style: letter or number, or scoring: continuation.'
            )
            raise RejectedError(message)
        if len(meant) == 1:
            mass[meant[0]] += exp(value)
    if not any(mass.values()):
        message = f"None of the choices is among the {len(tokens)} likeliest first tokens: sample instead (score: false)."
        raise RejectedError(message)
    return _proper(mass, sum(exp(value) for _, value in tokens))


def prompt_tokens(payload: Mapping[str, Any]) -> Tokens:
    """Every token of a prompt and its log-probability (0 for the first); none where the server gives none.

    Raises:
        RejectedError: they cannot be read.
    """
    told, tokens = payload.get("prompt_logprobs"), list[tuple[str, float]]()
    if not isinstance(told, list):
        return []
    for entry in told:
        if entry is None:
            tokens.append(("", 0.0))
            continue
        try:
            ((token, info),) = entry.items()  # more than one: the prompt's own could not be told
            value = info["logprob"]
        except (AttributeError, LookupError, TypeError, ValueError):
            value = None
        if not _is_logprob(value):
            message = "the server gives prompt log-probabilities that cannot be read"
            raise RejectedError(message)
        tokens.append((token, value))
    return tokens


def continuation_probabilities(choices: Sequence[str], empty: Tokens, filled: Sequence[Tokens]) -> dict[str, float]:
    """Probabilities of whole choices from prompts in which they have been answered.

    The tokens of a choice are those between what its prompt shares with the prompt of an empty answer, at the head and at the end. Where
    one choice begins another (`no`, `not sure`), the token that ends the turn counts too, so that no answer is counted twice.

    Args:
        choices: what may be answered.
        empty: tokens of the prompt in which nothing is answered.
        filled: tokens of the prompt of each choice.

    Raises:
        RejectedError: the prompts differ elsewhere, too, or the probabilities add up to more than 1.
    """
    spans, ends = [], []
    for tokens in filled:
        head = sum(1 for _ in takewhile(lambda pair: pair[0][0] == pair[1][0], zip(empty, tokens, strict=False)))
        end = len(tokens) - (len(empty) - head)
        if head >= end or [token for token, _ in tokens[end:]] != [token for token, _ in empty[head:]]:
            message = "The server writes prompts in which an answer cannot be told from its surroundings: use scoring: first_token."
            raise RejectedError(message)
        spans.append(tokens[head:end])
        ends.append(tokens[end : end + 1])
    pieces = [[token for token, _ in span] for span in spans]
    if any(one != other and other[: len(one)] == one for one in pieces for other in pieces):
        spans = [[*span, *end] for span, end in zip(spans, ends, strict=True)]
    mass = {choice: exp(sum(value for _, value in span)) for choice, span in zip(choices, spans, strict=True)}
    return _proper(mass, sum(mass.values()))


def held(reply: Reply, choices: Sequence[str], structured: Structured) -> Reply:
    """The reply, `degraded` if it shows that the server did not hold the answer to the choices."""
    text = (reply.text or "").strip()
    kept = any(choice.startswith(text) for choice in choices) if structured == "choice" else text.startswith("{")
    return reply if kept or reply.outcome is not ReplyOutcome.ANSWERED else replace(reply, degraded=("structured",))


def combined(replies: Sequence[Reply], seconds: float, sampling: Sampling) -> Reply:
    """The calls that score one ask as one reply without words; settings that scores do not follow are `degraded`."""
    costs = [[reply.tokens_in for reply in replies], [reply.tokens_out for reply in replies]]
    read, written = (None if None in cost else sum(filter(None, cost)) for cost in costs)
    ignored = [name for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)) if value not in {None, 1.0}]
    calls = sum(reply.calls for reply in replies)
    told = replace(replies[-1], text=None, tokens_in=read, tokens_out=written, calls=calls)
    return replace(told, seconds=seconds, degraded=tuple(ignored))


def estimate(request: Request, answers: int = 1) -> float:
    """Tokens of a call, roughly: a quarter of the bytes read, and all that may be written."""
    return sum(len(message.text.encode(errors="replace")) for message in request.messages) / 4 + answers * request.sampling.max_tokens


def _messages(request: Request) -> list[dict[str, str]]:
    """Messages as the server reads them."""
    return [{"role": message.role, "content": message.text} for message in request.messages]


def _reply(choice: Any, clean: Clean, fingerprint: str, calls: int, seconds: float, tokens: tuple[int | None, int | None] | None) -> Reply:
    """One choice as a reply.

    Raises:
        TransientError: it is none.
    """
    message = choice.get("message") if isinstance(choice, dict) else None
    if not isinstance(message, dict) or not isinstance(text := message.get("content"), str | None):
        trouble = "what came back has a choice without text"
        raise TransientError(trouble)
    refusal, finish = message.get("refusal"), choice.get("finish_reason")
    finish = clean(finish) if isinstance(finish, str) else ""
    read, written = tokens or (0, 0)
    reply = Reply(clean(text or ""), ReplyOutcome.ANSWERED, None, finish, read, written, calls, seconds, fingerprint)
    if refusal or finish == "content_filter":
        why = clean(str(refusal)) if refusal else "The server's content filter stopped the answer."
        return replace(reply, text=reply.text or (why if refusal else None), outcome=ReplyOutcome.REFUSED, detail=why)
    return reply


def _count(usage: Any, name: str) -> int | None:
    """A number of tokens, if it is one."""
    value = usage.get(name) if isinstance(usage, dict) else None
    return value if type(value) is int and value >= 0 else None


def _is_logprob(value: Any) -> bool:
    """Whether it is the logarithm of a probability; minus infinity is."""
    return type(value) in {int, float} and (value == -inf or -1e9 <= value <= 1e-6)


def _meant(text: str, choices: Sequence[str], written: set[str]) -> list[str]:
    """The choices that a first token may stand for."""
    if not text:
        return []
    begun = [choice for choice in choices if choice.startswith(text)]
    if text in begun and all(choice in written for choice in begun):
        return [text]
    whole = [choice for choice in choices if text.startswith(choice) and not text[len(choice) : len(choice) + 1].isalnum()]
    return begun or sorted(whole, key=len)[-1:]


def _proper(mass: dict[str, float], total: float) -> dict[str, float]:
    """Probabilities that add up to 1 at most.

    Raises:
        RejectedError: they add up to more.
    """
    if not total <= 1 + SLACK:
        message = f"the server gives probabilities that add up to {total:.3f}"
        raise RejectedError(message)
    return {choice: value / max(1.0, total) for choice, value in mass.items()}
