"""Prices of calls, and caps on what a run may use."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from personametrics.data.errors import StudyError, ensure
from personametrics.data.model import Counts, Model
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request

LETTERS_A_TOKEN = 4.0
"""Characters per token if a model does not count its own: about right for English with the vocabularies of large models."""
WRITTEN = 4.0
"""Tokens read that cost as much as one written, if no prices are known: true of most listed models; with others it is more."""
FRAME = 4
"""Tokens that the template adds to a message."""


@dataclass(frozen=True)
class Prices:
    """Money per million tokens read and written, with the sign before amounts."""

    tokens_in: float
    tokens_out: float
    currency: str = "$"

    def say(self, money: float) -> str:
        """Return an amount as text.

        Examples:
            >>> Prices(1, 2).say(1234.5), Prices(1, 2).say(0.0042)
            ('$1,234.50', '$0.0042')
        """
        return f"{self.currency}{money:,.2f}" if money >= 0.1 or money == 0 else f"{self.currency}{money:.2g}"

    def of(self, tokens_in: float, tokens_out: float) -> float:
        """Return the price of numbers of tokens."""
        return (self.tokens_in * tokens_in + self.tokens_out * tokens_out) / 1e6


LISTED: Mapping[str, Prices] = {
    "gpt-4.1": Prices(2.0, 8.0),
    "gpt-4.1-mini": Prices(0.4, 1.6),
    "gpt-4.1-nano": Prices(0.1, 0.4),
    "gpt-4o": Prices(2.5, 10.0),
    "gpt-4o-mini": Prices(0.15, 0.6),
    "gpt-5": Prices(1.25, 10.0),
    "gpt-5-mini": Prices(0.25, 2.0),
    "gpt-5-nano": Prices(0.05, 0.4),
}
"""Dollars per million tokens at api.openai.com. Providers change them: override them in the study file."""


def listed(model: str) -> Prices | None:
    """Return the listed prices of a model by its id; None if there are none. Local models cost nothing.

    Examples:
        >>> listed("openai/gpt-4o-mini@https://api.openai.com/v1")
        Prices(tokens_in=0.15, tokens_out=0.6, currency='$')
        >>> listed("openai/gpt-4o-mini@http://127.0.0.1:8000/v1") is None
        True
    """
    if model.startswith(("local/", "embedded", "scripted/")):
        return Prices(0.0, 0.0)
    provider, _, rest = model.partition("/")
    name, _, place = rest.partition("@")
    return LISTED.get(name) if provider == "openai" and place.startswith("https://api.openai.com/") else None


def priced(prices: "Prices | Mapping[str, Prices] | None", model: str) -> Prices | None:
    """Return the prices of a model: those given for every model, or by its id, or else the listed ones; None if none are known or given."""
    if isinstance(prices, Mapping):
        return prices.get(model) or listed(model)
    return prices


def tokens(messages: Sequence[Message], model: Model | None = None) -> float:
    """Return the number of tokens of a prompt: the model's own count, or an estimate."""
    if isinstance(model, Counts):
        return model.tokens(messages)
    return sum(FRAME + len(message.text) / LETTERS_A_TOKEN for message in messages)


@dataclass(frozen=True)
class Caps:
    """The most calls, tokens (read and written) and money that a run may use, retries and every role included; None: no limit."""

    calls: int | None = None
    tokens: int | None = None
    money: float | None = None


class Meter:
    """A count of what a run uses, which tells before each request whether the caps leave room for it.

    A request on its way counts with one call, the tokens of its prompt and the longest answer, so that no request passes a cap unless it
    exceeds these. Calls that a backend repeats, and prompts longer than estimated, are counted when they are back.

    Attributes:
        before: calls, tokens_in and tokens_out of the run directory before now; they count for the caps.
        spent: money spent before now, in all roles.
        estimated: True if some tokens were not reported and are estimated from the length of the text.
    """

    def __init__(
        self, model: Model, caps: Caps, prices: Prices | None, before: Mapping[str, int] | None = None, spent: float | None = None
    ) -> None:
        message = f"A cap in money needs prices, and the prices of {model.id} are unknown. Give prices, or set a cap on tokens or calls."
        ensure(caps.money is None or prices is not None, message, StudyError)
        self.model, self.caps, self.prices, self.before = model, caps, prices, before or {}
        self.spent = spent
        if spent is None and prices is not None:
            self.spent = prices.of(self.before.get("tokens_in", 0), self.before.get("tokens_out", 0))
        self.calls = 0
        self.tokens_in = self.tokens_out = 0.0
        self.estimated = False
        self._on_the_way: dict[int, tuple[Request, float]] = {}
        self._counts = isinstance(model, Counts)

    @property
    def money(self) -> float | None:
        """The money spent now; None without prices."""
        return None if self.prices is None else self.prices.of(self.tokens_in, self.tokens_out)

    def take(self, index: int, request: Request) -> str:
        """Set aside the most that a request can cost, and return "", or the cap that leaves no room for it."""
        caps, before, read = self.caps, self.before, self._tokens(request) if self._by_tokens else 0.0
        if caps.calls is not None and before.get("calls", 0) + self.calls + len(self._on_the_way) + 1 > caps.calls:
            return f"the cap of {caps.calls} calls"
        if self._by_tokens:
            pending = [(request, read), *self._on_the_way.values()]
            most_in = self.tokens_in + sum(tokens_in for _, tokens_in in pending)
            most_out = self.tokens_out + sum(waiting.sampling.max_tokens for waiting, _ in pending)
            if caps.tokens is not None and before.get("tokens_in", 0) + before.get("tokens_out", 0) + most_in + most_out > caps.tokens:
                return f"the cap of {caps.tokens} tokens"
            if caps.money is not None and self.prices is not None and (self.spent or 0) + self.prices.of(most_in, most_out) > caps.money:
                return f"the cap of {self.prices.say(caps.money)}"
        self._on_the_way[index] = (request, read)
        return ""

    def settle(self, index: int, reply: Reply) -> None:
        """Put the cost of a reply in place of what was set aside."""
        request, _ = self._on_the_way.pop(index)
        self.calls += reply.calls
        came = reply.text is not None or reply.probabilities is not None
        self.estimated |= came and None in {reply.tokens_in, reply.tokens_out}
        self.tokens_in += reply.unread_in
        self.tokens_out += reply.unread_out
        self.tokens_in += (self._tokens(request) if came else 0) if reply.tokens_in is None else reply.tokens_in
        self.tokens_out += len(reply.text or "") / LETTERS_A_TOKEN if reply.tokens_out is None else reply.tokens_out

    def _tokens(self, request: Request) -> float:
        """Return the number of tokens of a prompt."""
        return tokens(request.messages, self.model if self._counts else None)

    @property
    def _by_tokens(self) -> bool:
        """True if a cap needs tokens counted before they are spent."""
        return self.caps.tokens is not None or self.caps.money is not None
