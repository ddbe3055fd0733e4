"""The bodies sent to a chat completion server and the replies it sends back, as pure functions without a network."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from math import exp, inf
from typing import Any, Literal

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.reply import MOST_TOKENS, Reply
from personametrics.data.request import Request, Sampling
from personametrics.models.traffic import RejectedError, UnreadableError

Structured = Literal["", "json_schema", "choice"]
Clean = Callable[[str], str]
Tokens = Sequence[tuple[str, float]]
"""Tokens and their log-probabilities."""

SHOWN = 20
"""Number of alternatives asked for: the most that OpenAI and vLLM give."""
SLACK = 1e-3
"""Probability mass that may be ambiguous, or in excess of 1."""


def body(request: Request, name: str, structured: Structured = "") -> dict[str, Any]:
    """Return the body of a request for one answer; a setting that is None is left to the server."""
    sampling = request.sampling
    settings: dict[str, Any] = {"temperature": sampling.temperature, "top_p": sampling.top_p, "max_tokens": sampling.max_tokens}
    sent: dict[str, Any] = {"model": name, "messages": _messages(request)}
    sent |= {key: value for key, value in settings.items() if value is not None}
    if structured == "choice" and request.choices:
        sent["structured_outputs"] = {"choice": request.choices}
    elif structured and request.choices:
        answer: dict[str, Any] = {"type": "object", "properties": {"answer": {"type": "string", "enum": request.choices}}}
        answer |= {"required": ["answer"], "additionalProperties": False}
        sent["response_format"] = {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": answer}}
    return sent


def first_token_body(request: Request, name: str) -> dict[str, Any]:
    """Return the body of a request for the alternatives of the first token, at temperature 1."""
    drawn = {"max_tokens": 1, "temperature": 1.0, "logprobs": True, "top_logprobs": SHOWN}
    return {"model": name, "messages": _messages(request), **drawn}


def continuation_body(request: Request, name: str, answer: str) -> dict[str, Any]:
    """Return the body of a request (vLLM) for the log-probability of every token of a prompt in which the answer has been given."""
    messages = [*_messages(request), {"role": "assistant", "content": answer}]
    return {"model": name, "messages": messages, "max_tokens": 1, "prompt_logprobs": 0, "add_generation_prompt": False}


def replies(payload: Mapping[str, Any], clean: Clean, seconds: float) -> list[Reply]:
    """Return one reply for each choice (UnreadableError if one has no text); the first carries the call and its tokens."""
    choices = payload.get("choices")
    if not isinstance(choices, list) or not choices:
        message = 'the server\'s answer has no text: the field "choices" is missing or empty'
        raise UnreadableError(message)
    mark, name = payload.get("system_fingerprint"), payload.get("model")
    thought = _mapping(_mapping(payload.get("usage")).get("completion_tokens_details")).get("reasoning_tokens")
    fingerprint, model = (clean(value) if isinstance(value, str) else "" for value in (mark, name))
    shared = Reply(fingerprint=fingerprint, model=model, seconds=seconds, calls=0, tokens_in=0, tokens_out=0)
    read, written = usage(payload)
    first = replace(shared, calls=1, tokens_in=read, tokens_out=written, tokens_thought=_count(thought))
    return [_reply(choice, clean, first if index == 0 else shared) for index, choice in enumerate(choices)]


def usage(payload: Mapping[str, Any]) -> tuple[int | None, int | None]:
    """Return the tokens read and written for an answer, readable or not; None where the server gives no count from 0 to 1e9."""
    counts = _mapping(payload.get("usage"))
    return _count(counts.get("prompt_tokens")), _count(counts.get("completion_tokens"))


def first_tokens(payload: Mapping[str, Any]) -> Tokens:
    """Return the alternatives of the first token; empty if the server gives none; UnreadableError if the answer is empty."""
    try:
        content = payload["choices"][0]["logprobs"]["content"]
        shown = [(each["token"], each["logprob"]) for each in content[0]["top_logprobs"]] if content else None
    except (LookupError, TypeError):
        return []
    if not shown:
        if content is None:
            return []
        message = "the server's answer has no first token"  # it drew the end at once: the next draw need not
        raise UnreadableError(message)
    if not all(isinstance(token, str) and _is_logprob(value) for token, value in shown):
        message = "the server gives log-probabilities that are not logarithms of probabilities"
        raise RejectedError(message)
    return shown


def first_token_probabilities(choices: Sequence[str], tokens: Tokens) -> dict[str, float]:
    """Return the probabilities of the choices, computed from the alternatives of the first token.

    An alternative, without leading white space and with its case, counts for the choice that it begins, or for the longest choice that it
    begins with (`4.` for `4`, but not `40`). So a first token shared with an answer outside the choices (`dis` of `dislike`) counts too.
    A token that is a choice and begins another (`1` and `10`) counts for the first if the other is among the alternatives in one piece,
    since the server would then have written it so. A choice that is not shown gets 0. The rest of the mass, up to 1, belongs to other
    answers and to alternatives that were not shown.

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
            named = " and ".join(f'"{choice}"' for choice in meant) + f' share their first token "{token}"'
            message = f"The choices {named}. Use prompt.style: letter or number, or scoring: continuation."
            raise RejectedError(message)
        if len(meant) == 1:
            mass[meant[0]] += exp(value)
    if not any(mass.values()):
        message = f"No choice is among the {len(tokens)} likeliest first tokens. Ask for answers instead (score: false)."
        raise RejectedError(message)
    return _proper(mass, sum(exp(value) for _, value in tokens))


def prompt_tokens(payload: Mapping[str, Any]) -> Tokens:
    """Return the tokens of a prompt with their log-probabilities (0 for the first); empty if the server gives none."""
    entries, tokens = payload.get("prompt_logprobs"), list[tuple[str, float]]()
    if not isinstance(entries, list):
        return []
    for entry in entries:
        if entry is None:
            tokens.append(("", 0.0))
            continue
        try:
            ((token, info),) = entry.items()  # with more than one, the prompt's own is unknown
            value = info["logprob"]
        except (AttributeError, LookupError, TypeError, ValueError):
            value = None
        if not _is_logprob(value):
            message = "the server gives prompt log-probabilities that cannot be read"
            raise RejectedError(message)
        tokens.append((token, value))
    return tokens


def continuation_probabilities(choices: Sequence[str], empty: Tokens, *filled: Tokens) -> dict[str, float]:
    """Return the probabilities of whole choices, computed from prompts in which they have been answered.

    The tokens of a choice are those between the head and the end that its prompt shares with the prompt of an empty answer. If one choice
    begins another (`no`, `not sure`), the token that ends the turn counts too, so that no answer is counted twice.

    Args:
        choices: the valid answers.
        empty: tokens of the prompt with an empty answer.
        filled: tokens of the prompt of each choice.
    """
    spans, ends = [], []
    for tokens in filled:
        head = sum(1 for _ in takewhile(lambda pair: pair[0][0] == pair[1][0], zip(empty, tokens, strict=False)))
        end = len(tokens) - (len(empty) - head)
        if head >= end or [token for token, _ in tokens[end:]] != [token for token, _ in empty[head:]]:
            message = "In this server's prompts, an answer cannot be separated from the text around it. Use scoring: first_token."
            raise RejectedError(message)
        spans.append(tokens[head:end])
        ends.append(tokens[end : end + 1])
    pieces = [[token for token, _ in span] for span in spans]
    if any(begun != whole and whole[: len(begun)] == begun for begun in pieces for whole in pieces):
        spans = [[*span, *end] for span, end in zip(spans, ends, strict=True)]
    mass = {choice: exp(sum(value for _, value in span)) for choice, span in zip(choices, spans, strict=True)}
    return _proper(mass, sum(mass.values()))


def with_structure_checked(reply: Reply, choices: Sequence[str], structured: Structured) -> Reply:
    """Return the reply, `degraded` if it shows that the server did not restrict the answer to the choices."""
    text = (reply.text or "").strip()
    restricted = any(choice.startswith(text) for choice in choices) if structured == "choice" else text.startswith("{")
    return reply if restricted or reply.outcome is not ReplyOutcome.ANSWERED else replace(reply, degraded=("structured",))


def combined(replies: Sequence[Reply], seconds: float, sampling: Sampling) -> Reply:
    """Return the calls that score one request as one reply without words; settings that do not affect scores are `degraded`."""
    came = [reply for reply in replies if reply.outcome is not ReplyOutcome.FAILED]
    costs = [[reply.tokens_in for reply in came], [reply.tokens_out for reply in came]]
    read, written = (None if None in cost else sum(filter(None, cost)) for cost in costs)
    ignored = [name for name, value in (("temperature", sampling.temperature), ("top_p", sampling.top_p)) if value not in {None, 1.0}]
    calls = sum(reply.calls for reply in replies)
    whole = replace(replies[-1], text=None, tokens_in=read, tokens_out=written, calls=calls)
    return replace(whole, seconds=seconds, degraded=tuple(ignored))


def estimate(request: Request, answers: int = 1) -> float:
    """Return a rough number of tokens of a call: a quarter of the bytes read, and the longest answers."""
    return sum(len(message.text.encode(errors="replace")) for message in request.messages) / 4 + answers * request.sampling.max_tokens


def _messages(request: Request) -> list[dict[str, str]]:
    """Return messages as the server reads them."""
    return [{"role": message.role, "content": message.text} for message in request.messages]


def _reply(choice: Any, clean: Clean, shared: Reply) -> Reply:
    """Return a choice of the server as a reply, with what the choices of one answer share."""
    message, finish = _mapping(choice).get("message"), _mapping(choice).get("finish_reason")
    text = _text(_mapping(message).get("content", ""))
    if not isinstance(message, dict) or text is None:
        trouble = "the server's answer has a part without text"
        raise UnreadableError(trouble)
    finish = clean(finish) if isinstance(finish, str) else ""
    if finish == "error":
        trouble = 'the server broke off its answer (finish_reason "error")'
        raise UnreadableError(trouble)
    reply, refusal = replace(shared, text=clean(text), finish=finish), message.get("refusal")
    if refusal or finish == "content_filter":
        why = clean(str(refusal)) if refusal else "The server's content filter stopped the answer."
        return replace(reply, text=reply.text or (why if refusal else None), outcome=ReplyOutcome.REFUSED, detail=why)
    return reply


def _text(content: Any) -> str | None:
    """Return the text of a message, which some servers give as a list of parts; None if it is neither."""
    if isinstance(content, list):
        parts = [part if isinstance(part, str) else _mapping(part).get("text") for part in content]
        return "".join(part for part in parts if isinstance(part, str))
    return "" if content is None else content if isinstance(content, str) else None


def _mapping(value: Any) -> Mapping[str, Any]:
    """Return a JSON object; empty if the value is something else."""
    return value if isinstance(value, dict) else {}


def _count(value: Any) -> int | None:
    """Return a number of tokens; None if the value is not one that a call can have."""
    return value if type(value) is int and 0 <= value <= MOST_TOKENS else None


def _is_logprob(value: Any) -> bool:
    """Return whether a value is the logarithm of a probability; minus infinity is."""
    return type(value) in {int, float} and (value == -inf or -1e9 <= value <= 1e-6)


def _meant(text: str, choices: Sequence[str], written: set[str]) -> list[str]:
    """Return the choices that a first token may stand for."""
    if not text:
        return []
    begun = [choice for choice in choices if choice.startswith(text)]
    if text in begun and all(choice in written for choice in begun):
        return [text]
    whole = [choice for choice in choices if text.startswith(choice) and not text[len(choice) : len(choice) + 1].isalnum()]
    return begun or sorted(whole, key=len)[-1:]


def _proper(mass: dict[str, float], total: float) -> dict[str, float]:
    """Return probabilities that add up to 1 at most; raise RejectedError if they add up to more."""
    if not total <= 1 + SLACK:
        message = f"the server gives probabilities that add up to {total:.3f}"
        raise RejectedError(message)
    return {choice: value / max(1.0, total) for choice, value in mass.items()}
