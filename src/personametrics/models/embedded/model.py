"""The embedded model: a small language model that knows a made-up society, and nothing else; numpy, no download."""

import asyncio
import hashlib
import warnings
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from itertools import groupby, islice
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from personametrics.data.errors import ModelError
from personametrics.data.model import Blend, Can
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request

if TYPE_CHECKING:
    from personametrics.models.embedded.beginnings import Beginnings
    from personametrics.models.embedded.checkpoint import Floats
    from personametrics.models.embedded.draws import Drawn
    from personametrics.models.embedded.network import Edit, Network
    from personametrics.models.embedded.vocabulary import Vocabulary
    from personametrics.models.prepared import Prepared

WEIGHTS = Path(__file__).parent / "weights"
"""The checkpoint that comes with the library."""
FILES = ("config.json", "generation_config.json", "model.safetensors", "tokenizer.json")
"""What answers depend on."""
TOGETHER = 128
"""Asks that are worked on together, at most."""
HAND = ThreadPoolExecutor(1, "embedded")
"""Does the work, so that the loop lives."""


@dataclass(frozen=True)
class Embedded:
    """A small language model of our own, with a society in it whose answers are known; it is loaded when it is first needed.

    It shows that methods run and find what was planted, not that they work on large models. It reads the words of its world only: a
    prompt with more than 10 % unknown words is warned about once, one with more than 50 % is not answered.

    Answers in words are drawn by the seeds of the asks, so they do not depend on what is answered beside them. Probabilities of choices
    are exact, at the temperature and top_p of the ask (None counts as 1), not made to sum to 1.

    Attributes:
        folder: config.json, model.safetensors, tokenizer.json; a Llama that speaks ChatML.

    Raises:
        ModelError: there is no such folder.
    """

    folder: Path = WEIGHTS
    can: ClassVar[frozenset[Can]] = frozenset({Can.SAMPLE, Can.SCORE, Can.SEED, Can.MANY, Can.SYSTEM, Can.HIDDEN})
    _warned: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.folder / "config.json").is_file():
            message = f'"{self.folder}" is no checkpoint: a folder with config.json, tokenizer.json and model.safetensors is needed.'
            raise ModelError(message)

    @cached_property
    def id(self) -> str:
        """Folder name, and hash of what answers depend on."""
        digest = hashlib.sha256()
        for path in (self.folder / name for name in FILES):
            digest.update(f"{path.name}\n".encode() + (hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""))
        return f"embedded/{self.folder.resolve().name}@{digest.hexdigest()[:12]}"

    def tokens(self, messages: Sequence[Message]) -> int:
        """How many tokens a prompt has, with those around each message."""
        return len(self._vocabulary.encode(messages))

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer asks in their order, some of them ahead; the work is done in a thread.

        Raises:
            ModelError: the checkpoint cannot be loaded, or its weights are no numbers.
        """
        source, held = enumerate(requests), deque["Prepared"]()
        aside = partial(asyncio.get_running_loop().run_in_executor, HAND)
        while True:
            fresh = await aside(self._prepare, list(islice(source, TOGETHER - len(held))))
            self._warn(fresh)
            held += fresh
            if not held:
                return
            _, alike = next(groupby(held, lambda one: one.kind))
            chosen = list(alike)
            for one, reply in zip(chosen, await aside(self._work, chosen), strict=True):
                held.popleft()
                yield one.index, reply

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """An answer whose every token is drawn from a blend of what would follow several prompts; see `Blends`.

        Raises:
            ModelError: the checkpoint cannot be loaded, or its weights are no numbers.
        """
        return HAND.submit(self._blended, request, others, blend, seed).result()

    def hidden(self, request: Request, edit: "Edit | None" = None) -> "Floats":
        """Hidden states of a prompt, up to where the answer begins.

        Args:
            request: what is asked.
            edit: changes hidden states (T, width) at each depth, before they are gone on with.

        Returns:
            (layers + 1, T, width) embeddings, then states after each layer; the last before the last norm.

        Raises:
            ModelError: the ask cannot be answered.
        """
        (one,) = self._prepare([(0, request)])
        if one.fault:
            raise ModelError(one.fault)
        return self._network.hidden(one.tokens, edit)

    @cached_property
    def _vocabulary(self) -> "Vocabulary":
        """Words to tokens and back."""
        from personametrics.models.embedded.vocabulary import Vocabulary, check_template  # noqa: PLC0415 (loaded when needed)

        if self.folder != WEIGHTS:
            check_template(self.folder)
        return Vocabulary(self.folder)

    @cached_property
    def _network(self) -> "Network":
        """The weights."""
        from personametrics.models.embedded.network import Network  # noqa: PLC0415 (as above)

        network, words = Network.read(self.folder), self._vocabulary.tokenizer.get_vocab_size()
        if words > len(network.words):
            message = (
                f'"{self.folder}": tokenizer.json has {words:,} tokens and the weights {len(network.words):,}: copy the whole checkpoint.'
            )
            raise ModelError(message)
        return network

    @cached_property
    def _beginnings(self) -> "Beginnings":
        """Personas that were read."""
        from personametrics.models.embedded.beginnings import Beginnings  # noqa: PLC0415 (as above)

        return Beginnings(self._network)

    def _prepare(self, requests: Iterable[tuple[int, Request]]) -> "list[Prepared]":
        """Put asks into tokens."""
        from personametrics.models.embedded.prepare import prepare  # noqa: PLC0415 (as above)

        return [prepare(self._vocabulary, self._network.shape.room, index, request) for index, request in requests]

    def _warn(self, requests: "Iterable[Prepared]") -> None:
        """Warn of unknown words, once."""
        doubt = next((one.doubt for one in requests if one.doubt and not one.fault), "")
        if doubt and not self._warned:
            self._warned.append(doubt)
            warnings.warn(doubt, UserWarning, stacklevel=3)

    def _work(self, requests: "Sequence[Prepared]") -> list[Reply]:
        """Replies to asks of one kind."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 (as above)

        from personametrics.models.prepared import counted  # noqa: PLC0415 (as above)

        with threadpool_limits(1, "blas"):  # small products: on a busy machine, threads that wait for each other took twenty times as long
            return counted(requests, lambda: self._scored(requests) if requests[0].request.score else self._drawn(requests))

    def _scored(self, requests: "Sequence[Prepared]") -> list[Reply]:
        """Probabilities of the choices."""
        from personametrics.models.embedded.scores import score  # noqa: PLC0415 (as above)
        from personametrics.models.prepared import probabilities  # noqa: PLC0415 (as above)

        found = score(self._beginnings, self._vocabulary.stops, requests)
        return [
            Reply(probabilities=probabilities(one.request.choices, logs), tokens_out=0) for one, logs in zip(requests, found, strict=True)
        ]

    def _blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """The same, in the thread that works."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 (as above)

        from personametrics.models.embedded.draws import draw_blended  # noqa: PLC0415 (as above)
        from personametrics.models.prepared import counted_together  # noqa: PLC0415 (as above)

        prompts = self._prepare(enumerate([request, *(replace(request, messages=tuple(told)) for told in others)]))
        with threadpool_limits(1, "blas"):
            return counted_together(
                prompts, lambda: self._reply(draw_blended(self._beginnings, self._vocabulary.stops, prompts, blend, seed))
            )

    def _drawn(self, requests: "Sequence[Prepared]") -> list[Reply]:
        """Answers in words."""
        from personametrics.models.embedded.draws import draw  # noqa: PLC0415 (as above)

        return [self._reply(one) for one in draw(self._beginnings, self._vocabulary.stops, requests, self.id)]

    def _reply(self, drawn: "Drawn") -> Reply:
        """An answer in words."""
        tokens, stopped = drawn
        return Reply(self._vocabulary.decode(tokens), finish="stop" if stopped else "length", tokens_out=len(tokens) + stopped)
