"""The speed of the embedded model on one core: loading, exact probabilities of five labels, answers in words.

python benchmarks/embedded.py                        a random checkpoint of the shipped size, 50 personas
python benchmarks/embedded.py --folder FOLDER        another checkpoint, in words that it knows
python benchmarks/embedded.py --quick                10 personas
"""

import argparse
import asyncio
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path

import numpy as np
from tables import aligned, load, markdown, put

from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request, Sampling
from personametrics.models.embedded.model import Embedded

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

VOCABULARY, PERSONA, ITEM, ITEMS, LABELS = 1500, 110, 40, 20, 5
"""The words; tokens of a persona and of an item, template included; items; labels, two of them with two tokens."""
TOGETHER, REPEATS = 128, 5
"""The answers to one prompt, and the repeats, of which the median counts."""
LONG = Sampling(max_tokens=40)
ONE = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
"""The setting of one thread; it must be made before numpy is loaded."""
STARTED = """
import time
start = time.perf_counter()
import sys
from pathlib import Path
from personametrics.models.embedded.model import WEIGHTS, Embedded
import personametrics.models.embedded.model as module
module.WEIGHTS = Path(sys.argv[1])
model = Embedded(module.WEIGHTS)
model._engine.vocabulary, model._engine.network
print(time.perf_counter() - start)
"""
"""The program of a process that loads the checkpoint as the bundled model."""


def invented() -> list[str]:
    """Return invented words."""
    syllables = [consonant + vowel for consonant, vowel in product("bdfgklmnprstvz", "aeiou")]
    draw = np.random.default_rng(0)
    return list(dict.fromkeys("".join(draw.choice(syllables, 3)) for _ in range(VOCABULARY)))


def known(model: Embedded) -> list[str]:
    """Return the words that the model knows after a space."""
    words = sorted(model._engine.vocabulary.tokenizer.get_vocab(with_added_tokens=False))  # noqa: SLF001
    return [word[1:] for word in words if word[0] == "Ġ" and word[1:].isalpha() and word[1:].isascii()]


def panel(model: Embedded, personas: int) -> list[Request]:
    """Return a request for every persona and item."""
    draw, words = np.random.default_rng(1), known(model)
    around = model.tokens([Message("user", "")]) - model.tokens([])

    def text(tokens: int) -> str:
        return " ".join(["", *draw.choice(words, tokens)])

    systems = [Message("system", text(PERSONA - around)) for _ in range(personas)]
    asked = [Message("user", text(ITEM - around - model.tokens([]))) for _ in range(ITEMS)]
    labels = tuple(text(1 + (index >= LABELS - 2)) for index in range(LABELS))
    return [Request(messages, choices=labels, score=True, sampling=LONG) for messages in product(systems, asked)]


def taken(model: Embedded, requests: Sequence[Request]) -> tuple[float, list[Reply]]:
    """Return the median CPU seconds between requests and replies, and the replies."""

    async def collected() -> list[Reply]:
        return [reply async for _, reply in model.answer(requests)]

    replies, times = asyncio.run(collected()), []
    for _ in range(REPEATS):
        start = time.process_time()
        replies = asyncio.run(collected())
        times.append(time.process_time() - start)
    return statistics.median(times), replies


def drawn(model: Embedded, requests: Sequence[Request]) -> tuple[float, float]:
    """Return the tokens drawn per second, and the tokens per answer."""
    seconds, replies = taken(model, requests)
    written = sum(reply.tokens_out or 0 for reply in replies)
    return written / seconds, written / len(requests)


def loading(folder: Path) -> float:
    """Return the seconds that a new process takes to import and load, best of five."""
    command = [sys.executable, "-c", STARTED, str(folder)]
    return min(float(subprocess.run(command, check=True, capture_output=True, text=True).stdout) for _ in range(5))  # noqa: S603 (ours)


def run(folder: Path, personas: int) -> tuple[list[str], list[list[str]], str]:
    """Measure everything."""
    model = Embedded(folder)
    requests = panel(model, personas)
    seconds, _ = taken(model, requests)
    words = [replace(request, score=False, choices=()) for request in requests[: 20 * ITEMS]]
    twice, length = drawn(model, [replace(request, run=run) for request in words[::2] for run in range(2)])
    alone, _ = drawn(model, [replace(words[0], run=run) for run in range(TOGETHER)])
    rows = [
        ["seconds to import and load", f"{loading(folder):.3f}", "≤ 0.15"],
        ["cells scored a second", f"{len(requests) / seconds:,.0f}", "≥ 1,000"],
        ["tokens drawn a second, every prompt twice", f"{twice:,.0f}", "≥ 5,000"],
        [f"tokens drawn a second, one prompt {TOGETHER} times", f"{alone:,.0f}", "≥ 5,000"],
    ]
    whole = model.tokens(requests[0].messages)
    shape = f"{personas} personas × {ITEMS} items, {whole} tokens a prompt, {LABELS} labels of 1 or 2 tokens, {length:.0f} tokens an answer"
    return ["one core, processor time", "measured", "budget"], rows, f"{shape}; numpy {np.__version__}, {load()}."


def main() -> None:
    """Measure, and show the table."""
    parser = argparse.ArgumentParser(description="Speed of the embedded model on one core.")
    parser.add_argument("--folder", type=Path, help="a checkpoint instead of a random one")
    parser.add_argument("--quick", action="store_true", help="10 personas instead of 50")
    parser.add_argument("--markdown", type=Path, help="write the table into this file, between its marks")
    options = parser.parse_args()
    if not ONE.items() <= os.environ.items():
        sys.exit(subprocess.call([sys.executable, *sys.argv], env={**os.environ, **ONE}))  # noqa: S603 (this script)
    with tempfile.TemporaryDirectory() as place:
        if not options.folder:
            from checkpoints import embedded_like  # noqa: PLC0415 (it loads torch, to write a checkpoint)

            options.folder = embedded_like(Path(place) / "embedded", [" ".join(["", *invented()])], scale=1.0)
        head, rows, words = run(options.folder, 10 if options.quick else 50)
    print(f"{aligned(head, rows)}\n\n{words}")
    if options.markdown:
        put(options.markdown, "embedded", markdown(head, rows))
        put(options.markdown, "embedded machine", words)


if __name__ == "__main__":
    main()
