"""How fast the embedded model is on one core: loading, exact probabilities of five labels, answers in words.

python benchmarks/embedded.py                        a random checkpoint of the shipped size
python benchmarks/embedded.py --folder FOLDER        another checkpoint; words it does not know are not counted
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
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[name] = "1"  # before numpy is loaded

import numpy as np
from tables import aligned, load, markdown, put

from personametrics.data.ask import Ask, Message, Sampling
from personametrics.data.reply import Reply
from personametrics.models.embedded.model import Embedded

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

WORDS, PERSONA, ITEM, ITEMS, REPEATS = 1500, 110, 40, 20, 5
"""Words of the vocabulary; tokens of a persona and of an item with what stands around them; items; repeats, of which the median counts."""
LABELS = 5
LONG = Sampling(max_tokens=40)
BUDGETS = {"load": 0.15, "score": 1000.0, "draw": 5000.0}
STARTED = """
import time
start = time.perf_counter()
from pathlib import Path
from personametrics.data.ask import Ask, Message
from personametrics.models.embedded.model import Embedded
model = Embedded(Path({folder!r}))
model._vocabulary, model._network
print(time.perf_counter() - start)
"""
"""What a process does that loads the model; asyncio is among it."""


def made(number: int) -> list[str]:
    """So many words that nobody speaks."""
    syllables = ["".join((a, b)) for a in "bdfgklmnprstvz" for b in "aeiou"]
    draw = np.random.default_rng(0)
    words: dict[str, None] = {}
    while len(words) < number:
        words["".join(draw.choice(syllables, 3))] = None
    return list(words)


def panel(model: Embedded, words: Sequence[str], personas: int) -> list[Ask]:
    """Asks of every persona and item; two of the labels are of two tokens."""
    draw = np.random.default_rng(1)

    def text(role: str, tokens: int) -> Message:
        around = model.tokens([Message("user", "")])
        return Message("system" if role == "system" else "user", " ".join(["", *draw.choice(words, tokens - around + 4 * (role == "system"))]))

    labels = tuple(" ".join(draw.choice(words, 1 + (at > 2))) for at in range(LABELS))
    told = [text("system", PERSONA) for _ in range(personas)]
    asked = [text("user", ITEM) for _ in range(ITEMS)]
    return [Ask((who, what), choices=labels, score=True, sampling=LONG) for who in told for what in asked]


def answered(model: Embedded, asks: Sequence[Ask]) -> list[Reply]:
    """Replies as the library gets them: tokens, threads and all."""

    async def collected() -> list[Reply]:
        return [reply async for _, reply in model.answer(asks)]

    return asyncio.run(collected())


def taken(action: Callable[[], list[Reply]]) -> tuple[float, list[Reply]]:
    """Median seconds of processor time, and the replies."""
    found, times = action(), []
    for _ in range(REPEATS):
        start = time.process_time()
        found = action()
        times.append(time.process_time() - start)
    return statistics.median(times), found


def loading(folder: Path) -> float:
    """Seconds that a new process takes to import and load, best of five."""
    code = STARTED.format(folder=str(folder))
    return min(float(subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout) for _ in range(5))


def run(folder: Path, words: Sequence[str], personas: int) -> tuple[list[str], list[list[str]], str]:
    """Measure everything."""
    model = Embedded(folder)
    asks = panel(model, words, personas)
    prompt, system = model.tokens(asks[0].messages), model.tokens(asks[0].messages[:1]) - model.tokens([])
    seconds = loading(folder)
    scoring, _ = taken(lambda: answered(model, asks))
    drawn = [replace(ask, score=False, choices=(), run=run) for ask in asks[: 20 * ITEMS : 2] for run in range(2)]
    drawing, replies = taken(lambda: answered(model, drawn))
    written = sum(reply.tokens_out or 0 for reply in replies)
    one = [replace(drawn[0], run=run) for run in range(TOGETHER)]
    alone, many = taken(lambda: answered(model, one))
    rows = [
        ["import and load, s", f"{seconds:.3f}", f"{BUDGETS['load']}"],
        ["cells scored a second", f"{len(asks) / scoring:,.0f}", f"{BUDGETS['score']:,.0f}"],
        ["tokens drawn a second, every prompt twice", f"{written / drawing:,.0f}", f"{BUDGETS['draw']:,.0f}"],
        ["tokens drawn a second, one prompt", f"{sum(reply.tokens_out or 0 for reply in many) / alone:,.0f}", ""],
    ]
    shape = f"{personas} personas × {ITEMS} items, {system} + {prompt - system} tokens, {LABELS} labels of 1 or 2; {written / len(drawn):.0f} tokens an answer"
    return ["one core, processor time", "measured", "budget"], rows, f"{shape}; numpy {np.__version__}, {load()}."


TOGETHER = 128
"""Answers to one prompt."""


def main() -> None:
    """Measure, and show the table."""
    parser = argparse.ArgumentParser(description="Speed of the embedded model.")
    parser.add_argument("--folder", type=Path, help="a checkpoint instead of a random one")
    parser.add_argument("--quick", action="store_true", help="10 personas instead of 50")
    parser.add_argument("--markdown", type=Path, help="write the table into this file, between its marks")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        words = made(WORDS)
        folder = options.folder
        if folder is None:
            from checkpoints import embedded_like  # noqa: PLC0415 (torch, to write a checkpoint)

            folder = embedded_like(Path(place) / "embedded", [" ".join(["", *words]), *words], scale=1.0)
        head, rows, words_ = run(folder, words, 10 if options.quick else 50)
    print(f"{aligned(head, rows)}\n\n{words_}")
    if options.markdown:
        put(options.markdown, "embedded", markdown(head, rows))
        put(options.markdown, "embedded machine", words_)


if __name__ == "__main__":
    main()
