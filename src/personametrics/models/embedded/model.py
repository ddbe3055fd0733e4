"""The embedded model: a small language model in numpy that knows only a made-up society; nothing is downloaded."""

import asyncio
import hashlib
import warnings
from collections import deque
from collections.abc import AsyncGenerator, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
    from personametrics.models.embedded.engine import Engine
    from personametrics.models.embedded.network import Edit
    from personametrics.models.runtime import Prepared

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

    @cached_property
    def _engine(self) -> "Engine":
        """The engine that answers; numpy is slow to load, so it is loaded when it is first needed."""
        from personametrics.models.embedded.engine import Engine  # noqa: PLC0415 (loaded when needed)

        return Engine(self.folder, self.id, self.folder == WEIGHTS)

    def tokens(self, messages: Sequence[Message]) -> int:
        """Return the number of tokens of a prompt, including those around each message."""
        return len(self._engine.vocabulary.encode(messages))

    async def answer(self, requests: Iterable[Request]) -> AsyncGenerator[tuple[int, Reply], None]:
        """Answer requests in their order, reading some ahead; the work is done in a thread.

        Raises:
            ModelError: the checkpoint cannot be loaded, or its logits are not finite.
        """
        source, waiting = enumerate(requests), deque["Prepared"]()
        in_thread = partial(asyncio.get_running_loop().run_in_executor, THREAD)
        engine = await in_thread(lambda: self._engine)
        while True:
            fresh = await in_thread(engine.prepare, list(islice(source, TOGETHER - len(waiting))))
            self._warn(fresh)
            waiting += fresh
            if not waiting:
                return
            _, alike = next(groupby(waiting, lambda prepared: prepared.kind))
            chosen = list(alike)
            for prepared, reply in zip(chosen, await in_thread(engine.replies, chosen), strict=True):
                waiting.popleft()
                yield prepared.index, reply

    def blended(self, request: Request, others: Sequence[Sequence[Message]], blend: Blend, seed: int) -> Reply:
        """Draw an answer, each token from a blend of the distributions after several prompts; see `Blends`."""
        return THREAD.submit(lambda: self._engine.blended(request, others, blend, seed)).result()

    def hidden(self, request: Request, edit: "Edit | None" = None) -> "Floats":
        """Return the (layers + 1, T, width) hidden states of a prompt, up to where the answer begins: embeddings, then after each layer.

        The last are those before the final norm. `edit` changes the (T, width) states at each depth before the next layer uses them.

        Raises:
            ModelError: the request cannot be answered.
        """
        (prepared,) = self._engine.prepare([(0, request)])
        if prepared.fault:
            raise ModelError(prepared.fault)
        return self._engine.network.hidden(prepared.tokens, edit)

    def _warn(self, requests: "Iterable[Prepared]") -> None:
        """Warn once of unknown words."""
        doubt = next((prepared.doubt for prepared in requests if prepared.doubt and not prepared.fault), "")
        if doubt and not self._warned:
            self._warned.append(doubt)
            warnings.warn(doubt, UserWarning, stacklevel=3)
