"""A checkpoint folder as a model, run by transformers on this machine; nothing is downloaded."""

import asyncio
import hashlib
from collections import deque
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
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
from personametrics.models.runtime import Prepared, add_joint_usage, add_usage, scored_replies

if TYPE_CHECKING:
    from personametrics.models.drawing import Drawn
    from personametrics.models.rendering import Rendering
    from personametrics.models.scoring import Scorer
    from personametrics.models.weights import Weights

T = TypeVar("T")
KINDS = ("float32", "bfloat16", "float16")
FILES = ("*.json", "*.jinja", "*.model", "*.txt", "*.safetensors")
"""The files that make up a checkpoint; other files do not change its answers."""
THREAD = ThreadPoolExecutor(1, "local")
"""The thread that does the work of every checkpoint: calling torch from a second thread makes all its multiplications a third slower."""


@dataclass(frozen=True)
class Local:
    """A checkpoint folder as a model; it is loaded when it is first needed.

    Answers in words are drawn with the seeds of the requests, so they do not depend on the other requests in the batch (in float32; shorter
    types round so coarsely that a token may differ now and then). Probabilities of choices are the model's exact probabilities of the
    choice's tokens after the rendered prompt, at the temperature and top_p of the request (None counts as 1); they are not normalised.

    Attributes:
        folder: folder with config.json, a tokenizer with a chat template, and weights as safetensors.
        device: `auto` (a GPU if available), `cpu`, `cuda`, `cuda:1` …
        dtype: number type of the weights: `float32`, `bfloat16`, `float16`.
        batch: number of answers drawn together.
        packed: number of prompts scored in one row.

    Raises:
        ModelError: the folder does not hold a checkpoint, dtype is unknown, or batch or packed is below 1.
    """

    folder: Path
    device: str = "auto"
    dtype: str = "float32"
    batch: int = 16
    packed: int = 5

    def __post_init__(self) -> None:
        if not (self.folder / "config.json").is_file():
            message = f'"{self.folder}" is not a checkpoint. Give a folder with config.json, a tokenizer and *.safetensors.'
            raise ModelError(message)
        if self.dtype not in KINDS:
            message = f'Unknown dtype "{self.dtype}". {options(self.dtype, KINDS)}.'
            raise ModelError(message)
        if min(self.batch, self.packed) < 1:
            message = f"batch is {self.batch} and packed is {self.packed}. Both must be 1 or more."
            raise ModelError(message)

    @cached_property
    def id(self) -> str:
        """The folder name, a hash of the folder's content, and the number type."""
        digest = hashlib.sha256()
        for path in sorted({path for pattern in FILES for path in self.folder.glob(pattern)}):
            with path.open("rb") as file:
                digest.update(f"{path.name}\n".encode() + hashlib.file_digest(file, "sha256").digest())
        return f"local/{self.folder.resolve().name}@{digest.hexdigest()[:12]}+{self.dtype}"

    @cached_property
    def can(self) -> frozenset[Can]:
        """The abilities: all but hidden states; system messages only if the chat template shows them."""
        return frozenset({Can.SAMPLE, Can.SCORE, Can.SEED, Can.MANY} | ({Can.SYSTEM} if self._rendering.system else set()))

    def tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of a prompt, including those that the chat template adds."""
        return THREAD.submit(lambda: len(self._rendering.encode(self._rendering.text(messages)))).result()

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer requests in their order, reading a few ahead; the work is done in a thread.

        Raises:
            ModelError: the checkpoint cannot be loaded or takes no system message, memory ran out, or logits are not finite.
            MissingExtraError: torch or transformers is missing.
        """
        source, waiting = enumerate(requests), deque[Prepared]()
        in_thread = partial(asyncio.get_running_loop().run_in_executor, THREAD)
        room = max(self.batch, self.packed + 2)
        while True:
            waiting += await in_thread(self._prepare, list(islice(source, room - len(waiting))))
            if not waiting:
                return
            chosen, shared = self._choose(waiting)
            for prepared, reply in zip(chosen, await in_thread(self._work, chosen, shared), strict=True):
                waiting.popleft()
                yield prepared.index, reply

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Draw an answer, each token from a blend of the distributions after several prompts; see `Blends`."""

        def work() -> Reply:
            prompts = self._prepare(enumerate([request, *(replace(request, messages=tuple(messages)) for messages in others)]))
            from personametrics.models.drawing import draw_blended  # noqa: PLC0415 (torch is optional and slow to load)

            return add_joint_usage(prompts, lambda: self._reply(draw_blended(self._weights, self._rendering.stops, prompts, blend, seed)))

        return THREAD.submit(self._within_memory, work).result()

    @cached_property
    def _rendering(self) -> "Rendering":
        """The tokenizer and chat template."""
        try:
            from personametrics.models.rendering import Rendering  # noqa: PLC0415 (torch is optional and slow to load)
        except ModuleNotFoundError as error:
            message = f"A local model needs {error.name}. Install it: pip install 'personametrics[local]'."
            raise MissingExtraError(message) from error
        return Rendering(self.folder)

    @cached_property
    def _weights(self) -> "Weights":
        """The weights of the model."""
        from personametrics.models.weights import Weights  # noqa: PLC0415 (as above)

        return Weights(self.folder, self.device, self.dtype)

    @cached_property
    def _scorer(self) -> "Scorer":
        """The scorer of choices."""
        from personametrics.models.scoring import Scorer  # noqa: PLC0415 (as above)

        return Scorer(self._weights, self._rendering.stops)

    def _prepare(self, requests: Iterable[tuple[int, Request]]) -> list[Prepared]:
        """Turn requests into tokens."""
        return [self._rendering.prepare(index, request) for index, request in requests]

    def _choose(self, waiting: Sequence[Prepared]) -> tuple[list[Prepared], int]:
        """Return the next requests to work on together, and the number of their shared first tokens that are worth keeping."""
        first = waiting[0].kind
        alike = list(takewhile(lambda prepared: prepared.kind == first, waiting))
        if waiting[0].fault or not waiting[0].request.score:
            return alike[: self.batch], 0
        prompts = list(dict.fromkeys(prepared.tokens for prepared in alike))
        count, shared = cut(prompts, self.packed)
        return list(takewhile(lambda prepared: prepared.tokens in prompts[:count], alike)), shared

    def _work(self, requests: Sequence[Prepared], shared: int) -> list[Reply]:
        """Return replies to requests of one kind."""

        def work() -> list[Reply]:
            if requests[0].request.score:
                return scored_replies(requests, self._scorer.score(requests, shared))
            from personametrics.models.drawing import draw  # noqa: PLC0415 (as above)

            return [self._reply(answer) for answer in draw(self._weights, self._rendering.stops, requests, self.id)]

        return self._within_memory(lambda: add_usage(requests, work))

    def _within_memory(self, work: Callable[[], T]) -> T:
        """Do the work; if memory runs out, raise an error that names a way out."""
        try:
            return work()
        except RuntimeError as error:
            if "memory" not in str(error):
                raise
            settings = f"Lower batch ({self.batch}) or packed ({self.packed}), blend fewer prompts"
            message = f"{self.id} ran out of memory. {settings}, or use dtype bfloat16."
            raise ModelError(message) from error

    def _reply(self, drawn: "Drawn") -> Reply:
        """Return a reply in words."""
        finish = "stop" if drawn.stopped else "length"
        return Reply(self._rendering.decode(drawn.tokens), finish=finish, tokens_out=len(drawn.tokens) + drawn.stopped)
