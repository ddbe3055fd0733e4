"""A checkpoint folder as a model: transformers on this machine, nothing downloaded."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from functools import cached_property, partial
from itertools import islice, takewhile
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from personametrics.data.errors import MissingExtraError, ModelError, options
from personametrics.data.model import Blend, Can
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.models.packing import cut
from personametrics.models.prepared import Prepared, counted, counted_together, probabilities

if TYPE_CHECKING:
    from personametrics.models.drawing import Drawn
    from personametrics.models.rendering import Rendering
    from personametrics.models.scoring import Scorer
    from personametrics.models.weights import Weights

T = TypeVar("T")
KINDS = ("float32", "bfloat16", "float16")
FILES = ("*.json", "*.jinja", "*.model", "*.txt", "*.safetensors")
"""What a checkpoint is made of; other files do not change its answers."""
HAND = ThreadPoolExecutor(1, "local")
"""Does the work of every checkpoint: once torch is called from a second thread, all its multiplications take a third longer."""


@dataclass(frozen=True)
class Local:
    """A checkpoint folder as a model; it is loaded when it is first needed.

    Answers in words are drawn by the seeds of the asks, so they do not depend on what is answered beside them (in float32; shorter types
    round so coarsely that now and then a token may). Probabilities of choices are exact: the model's own, of the choice's tokens after the
    rendered prompt, at the temperature and top_p of the ask (None counts as 1), not made to sum to 1.

    Attributes:
        folder: config.json, tokenizer with a chat template, weights as safetensors.
        device: `auto` (a GPU where there is one), `cpu`, `cuda`, `cuda:1` …
        dtype: of the weights: `float32`, `bfloat16`, `float16`.
        batch: answers drawn together.
        packed: prompts scored in one row.

    Raises:
        ModelError: there is no such folder, an unknown dtype, or a number below 1.
    """

    folder: Path
    device: str = "auto"
    dtype: str = "float32"
    batch: int = 16
    packed: int = 5

    def __post_init__(self) -> None:
        if not (self.folder / "config.json").is_file():
            message = f'"{self.folder}" is no checkpoint: a folder with config.json, a tokenizer and *.safetensors is needed.'
            raise ModelError(message)
        if self.dtype not in KINDS:
            message = f'dtype: unknown value "{self.dtype}". {options(self.dtype, KINDS)}.'
            raise ModelError(message)
        if min(self.batch, self.packed) < 1:
            message = f"batch {self.batch} and packed {self.packed} must be 1 or more."
            raise ModelError(message)

    @cached_property
    def id(self) -> str:
        """Folder name, hash of what is in it, and the number type."""
        digest = hashlib.sha256()
        for path in sorted({path for pattern in FILES for path in self.folder.glob(pattern)}):
            with path.open("rb") as file:
                digest.update(f"{path.name}\n".encode() + hashlib.file_digest(file, "sha256").digest())
        return f"local/{self.folder.resolve().name}@{digest.hexdigest()[:12]}+{self.dtype}"

    @cached_property
    def can(self) -> frozenset[Can]:
        """Everything but activations; a system message only if the chat template shows it."""
        return frozenset({Can.SAMPLE, Can.SCORE, Can.SEED, Can.MANY} | ({Can.SYSTEM} if self._rendering.system else set()))

    def tokens(self, messages: Sequence[Message]) -> int:
        """How many tokens a prompt has, with what the chat template adds."""
        return HAND.submit(lambda: len(self._rendering.encode(self._rendering.text(messages)))).result()

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer asks in their order, a few ahead at a time; the work is done in a thread.

        Raises:
            ModelError: the checkpoint cannot be loaded, a system message has no place in its chat template, memory ran out, or logits are
                no numbers.
            MissingExtraError: torch or transformers is missing.
        """
        source, held = enumerate(requests), deque[Prepared]()
        aside = partial(asyncio.get_running_loop().run_in_executor, HAND)
        room = max(self.batch, self.packed + 2)
        while True:
            held += await aside(self._prepare, list(islice(source, room - len(held))))
            if not held:
                return
            chosen, shared = self._choose(held)
            for one, reply in zip(chosen, await aside(self._work, chosen, shared), strict=True):
                held.popleft()
                yield one.index, reply

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """An answer whose every token is drawn from a blend of what would follow several prompts; see `Blends`.

        Raises:
            ModelError: the checkpoint cannot be loaded, or as for `answer`.
        """

        def work() -> Reply:
            prompts = self._prepare(enumerate([request, *(replace(request, messages=tuple(told)) for told in others)]))
            from personametrics.models.drawing import draw_blended  # noqa: PLC0415 (torch is optional and slow to load)

            return counted_together(prompts, lambda: self._reply(draw_blended(self._weights, self._rendering.stops, prompts, blend, seed)))

        return HAND.submit(self._within_memory, work).result()

    def score_plainly(self, request: Request) -> Mapping[str, float]:
        """Log-probabilities of the choices, one forward pass for each: slow, and what the fast way is checked against.

        Raises:
            ModelError: the ask cannot be scored.
        """
        (one,) = HAND.submit(self._prepare, [(0, request)]).result()
        if one.fault or not request.score:
            raise ModelError(one.fault or "The ask does not ask for probabilities: set score.")
        return dict(zip(request.choices, HAND.submit(lambda: self._scorer.plainly(one)).result(), strict=True))

    @cached_property
    def _rendering(self) -> "Rendering":
        """Tokenizer and chat template."""
        try:
            from personametrics.models.rendering import Rendering  # noqa: PLC0415 (torch is optional and slow to load)
        except ModuleNotFoundError as error:
            message = f"A local model needs {error.name}: pip install 'personametrics[local]'."
            raise MissingExtraError(message) from error
        return Rendering(self.folder)

    @cached_property
    def _weights(self) -> "Weights":
        """The model itself."""
        from personametrics.models.weights import Weights  # noqa: PLC0415 (as above)

        return Weights(self.folder, self.device, self.dtype)

    @cached_property
    def _scorer(self) -> "Scorer":
        """What scores choices."""
        from personametrics.models.scoring import Scorer  # noqa: PLC0415 (as above)

        return Scorer(self._weights, self._rendering.stops)

    def _prepare(self, requests: Iterable[tuple[int, Request]]) -> list[Prepared]:
        """Put asks into tokens."""
        return [self._rendering.prepare(index, request) for index, request in requests]

    def _choose(self, held: Sequence[Prepared]) -> tuple[list[Prepared], int]:
        """Which of the next asks are worked on together, and how many first tokens of them are worth keeping."""
        first = held[0].kind
        alike = list(takewhile(lambda one: one.kind == first, held))
        if held[0].fault or not held[0].request.score:
            return alike[: self.batch], 0
        prompts = list(dict.fromkeys(one.tokens for one in alike))
        many, shared = cut(prompts, self.packed)
        return list(takewhile(lambda one: one.tokens in prompts[:many], alike)), shared

    def _work(self, requests: Sequence[Prepared], shared: int) -> list[Reply]:
        """Replies to asks of one kind."""
        return self._within_memory(
            lambda: counted(requests, lambda: self._scored(requests, shared) if requests[0].request.score else self._drawn(requests))
        )

    def _within_memory(self, work: Callable[[], T]) -> T:
        """Do some work, and say what to do where memory runs out."""
        try:
            return work()
        except RuntimeError as error:
            if "memory" not in str(error):
                raise
            numbers = f"lower batch ({self.batch}) or packed ({self.packed}), blend fewer prompts"
            message = f"{self.id} ran out of memory: {numbers}, or use dtype bfloat16."
            raise ModelError(message) from error

    def _scored(self, requests: Sequence[Prepared], shared: int) -> list[Reply]:
        """Probabilities of the choices."""
        found = self._scorer.score(requests, shared)
        return [
            Reply(probabilities=probabilities(one.request.choices, logs), tokens_out=0) for one, logs in zip(requests, found, strict=True)
        ]

    def _drawn(self, requests: Sequence[Prepared]) -> list[Reply]:
        """Answers in words."""
        from personametrics.models.drawing import draw  # noqa: PLC0415 (as above)

        return [self._reply(one) for one in draw(self._weights, self._rendering.stops, requests, self.id)]

    def _reply(self, drawn: "Drawn") -> Reply:
        """An answer in words."""
        finish = "stop" if drawn.stopped else "length"
        return Reply(self._rendering.decode(drawn.tokens), finish=finish, tokens_out=len(drawn.tokens) + drawn.stopped)
