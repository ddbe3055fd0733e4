"""The embedded model: a small language model in numpy that knows only a made-up society; nothing is downloaded."""

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
    from personametrics.models.embedded.checkpoint import Floats
    from personametrics.models.embedded.draws import Drawn
    from personametrics.models.embedded.network import Edit, Network
    from personametrics.models.embedded.prefixes import Prefixes
    from personametrics.models.embedded.vocabulary import Vocabulary
    from personametrics.models.prepared import Prepared

WEIGHTS = Path(__file__).parent / "weights"
"""The bundled checkpoint."""
FILES = ("config.json", "generation_config.json", "model.safetensors", "tokenizer.json")
"""The files that answers depend on."""
TOGETHER = 128
"""The largest number of requests that are worked on together."""
THREAD = ThreadPoolExecutor(1, "embedded")
"""The thread that does the work, so that the event loop is not blocked."""


@dataclass(frozen=True)
class Embedded:
    """A small language model trained on a made-up society whose answer distributions are known; it is loaded when it is first needed.

    It shows that methods run and find planted effects, not that they work on large models. It knows only the words of its world: it warns
    once of prompts with more than 10% unknown words, and does not answer prompts with more than 50%.

    Answers in words are drawn with the seeds of the requests, so they do not depend on the other requests in the batch. Probabilities of
    choices are exact, at the temperature and top_p of the request (None counts as 1); they are not normalised.

    Attributes:
        folder: folder with config.json, model.safetensors and tokenizer.json of a Llama that uses ChatML.

    Raises:
        ModelError: the folder does not hold a checkpoint.
    """

    folder: Path = WEIGHTS
    can: ClassVar[frozenset[Can]] = frozenset({Can.SAMPLE, Can.SCORE, Can.SEED, Can.MANY, Can.SYSTEM, Can.HIDDEN})
    _warned: list[str] = field(default_factory=list, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not (self.folder / "config.json").is_file():
            message = f'"{self.folder}" is not a checkpoint. Give a folder with config.json, tokenizer.json and model.safetensors.'
            raise ModelError(message)

    @cached_property
    def id(self) -> str:
        """The folder name and a hash of the files that answers depend on."""
        digest = hashlib.sha256()
        for path in (self.folder / name for name in FILES):
            digest.update(f"{path.name}\n".encode() + (hashlib.sha256(path.read_bytes()).digest() if path.is_file() else b""))
        return f"embedded/{self.folder.resolve().name}@{digest.hexdigest()[:12]}"

    def tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of a prompt, including those around each message."""
        return len(self._vocabulary.encode(messages))

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer requests in their order, reading some ahead; the work is done in a thread.

        Raises:
            ModelError: the checkpoint cannot be loaded, or its logits are not finite.
        """
        source, waiting = enumerate(requests), deque["Prepared"]()
        in_thread = partial(asyncio.get_running_loop().run_in_executor, THREAD)
        while True:
            fresh = await in_thread(self._prepare, list(islice(source, TOGETHER - len(waiting))))
            self._warn(fresh)
            waiting += fresh
            if not waiting:
                return
            _, alike = next(groupby(waiting, lambda prepared: prepared.kind))
            chosen = list(alike)
            for prepared, reply in zip(chosen, await in_thread(self._work, chosen), strict=True):
                waiting.popleft()
                yield prepared.index, reply

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Draw an answer, each token from a blend of the distributions after several prompts; see `Blends`.

        Raises:
            ModelError: the checkpoint cannot be loaded, or its logits are not finite.
        """
        return THREAD.submit(self._blended, request, others, blend, seed).result()

    def hidden(self, request: Request, edit: "Edit | None" = None) -> "Floats":
        """Return the hidden states of a prompt, up to the place where the answer begins.

        Args:
            request: request with the prompt.
            edit: function that changes the (T, width) hidden states at each depth before the next layer uses them; None: no change.

        Returns:
            (layers + 1, T, width) embeddings, then the states after each layer; the last before the final norm.

        Raises:
            ModelError: the request cannot be answered.
        """
        (prepared,) = self._prepare([(0, request)])
        if prepared.fault:
            raise ModelError(prepared.fault)
        return self._network.hidden(prepared.tokens, edit)

    @cached_property
    def _vocabulary(self) -> "Vocabulary":
        """The tokenizer."""
        from personametrics.models.embedded.vocabulary import Vocabulary, check_template  # noqa: PLC0415 (loaded when needed)

        if self.folder != WEIGHTS:
            check_template(self.folder)
        return Vocabulary(self.folder)

    @cached_property
    def _network(self) -> "Network":
        """The network with its weights."""
        from personametrics.models.embedded.network import Network  # noqa: PLC0415 (as above)

        network, words = Network.read(self.folder), self._vocabulary.tokenizer.get_vocab_size()
        if words > len(network.words):
            message = (
                f'"{self.folder}": tokenizer.json has {words:,} tokens and the weights {len(network.words):,}. Copy the whole checkpoint.'
            )
            raise ModelError(message)
        return network

    @cached_property
    def _prefixes(self) -> "Prefixes":
        """The kept prefixes of prompts."""
        from personametrics.models.embedded.prefixes import Prefixes  # noqa: PLC0415 (as above)

        return Prefixes(self._network)

    def _prepare(self, requests: Iterable[tuple[int, Request]]) -> "list[Prepared]":
        """Turn requests into tokens."""
        from personametrics.models.embedded.prepare import prepare  # noqa: PLC0415 (as above)

        return [prepare(self._vocabulary, self._network.shape.room, index, request) for index, request in requests]

    def _warn(self, requests: "Iterable[Prepared]") -> None:
        """Warn once of unknown words."""
        doubt = next((prepared.doubt for prepared in requests if prepared.doubt and not prepared.fault), "")
        if doubt and not self._warned:
            self._warned.append(doubt)
            warnings.warn(doubt, UserWarning, stacklevel=3)

    def _work(self, requests: "Sequence[Prepared]") -> list[Reply]:
        """Return replies to requests of one kind."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 (as above)

        from personametrics.models.prepared import add_usage  # noqa: PLC0415 (as above)

        with threadpool_limits(1, "blas"):  # products are small: on a busy machine, waiting threads took 20 times as long
            return add_usage(requests, lambda: self._scored(requests) if requests[0].request.score else self._drawn(requests))

    def _scored(self, requests: "Sequence[Prepared]") -> list[Reply]:
        """Return replies with probabilities of the choices."""
        from personametrics.models.embedded.scores import score  # noqa: PLC0415 (as above)
        from personametrics.models.prepared import probabilities  # noqa: PLC0415 (as above)

        scores = score(self._prefixes, self._vocabulary.stops, requests)
        return [
            Reply(probabilities=probabilities(prepared.request.choices, logs), tokens_out=0)
            for prepared, logs in zip(requests, scores, strict=True)
        ]

    def _blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Draw a blended answer; runs in the working thread."""
        from threadpoolctl import threadpool_limits  # noqa: PLC0415 (as above)

        from personametrics.models.embedded.draws import draw_blended  # noqa: PLC0415 (as above)
        from personametrics.models.prepared import add_joint_usage  # noqa: PLC0415 (as above)

        prompts = self._prepare(enumerate([request, *(replace(request, messages=tuple(messages)) for messages in others)]))
        with threadpool_limits(1, "blas"):
            return add_joint_usage(prompts, lambda: self._reply(draw_blended(self._prefixes, self._vocabulary.stops, prompts, blend, seed)))

    def _drawn(self, requests: "Sequence[Prepared]") -> list[Reply]:
        """Return replies in words."""
        from personametrics.models.embedded.draws import draw  # noqa: PLC0415 (as above)

        return [self._reply(answer) for answer in draw(self._prefixes, self._vocabulary.stops, requests, self.id)]

    def _reply(self, drawn: "Drawn") -> Reply:
        """Return a reply in words."""
        tokens, stopped = drawn
        return Reply(self._vocabulary.decode(tokens), finish="stop" if stopped else "length", tokens_out=len(tokens) + stopped)
