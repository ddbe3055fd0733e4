"""The time for the exact probabilities of three labels, compared with sampling and with one forward pass per label.

python benchmarks/scoring.py                    50 personas × 50 items, 250 of the cells checked against the plain way
python benchmarks/scoring.py --quick            10 personas × 10 items
python benchmarks/scoring.py --checked 2500     every cell checked: 10 minutes
"""

import argparse
import asyncio
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice
from math import log
from pathlib import Path

import numpy as np
import torch
import transformers
from tables import aligned, load, markdown, put

from personametrics.data.request import Message, Request
from personametrics.models.local import THREAD, Local

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from checkpoints import WORDS, llama
from plain import plain_scores

LAYERS, WIDTH, HEADS, VOCABULARY = 8, 512, 8, 8192
PERSONA, ITEM, LABEL, LABELS, SAMPLES = 200, 60, 3, 3, 10
"""The tokens of a persona, of an item with its chat template, and of a label; the labels; the samples that replace them."""
THREADS, REPEATS = 2, 3
BUDGET = 22.0
"""The budgets: milliseconds per cell on the two-core reference machine, and twice the arithmetic limit on any machine."""


def worded(model: Local, tokens: int, seed: int) -> str:
    """Return words that make this many tokens or slightly more."""
    words = np.random.default_rng(seed).permutation(WORDS * 5)
    spoken = next(index for index in range(1, len(words)) if model.tokens([Message("user", " ".join(words[:index]))]) >= tokens + 7)
    return " ".join(words[:spoken])


def labels(model: Local) -> tuple[str, ...]:
    """Return labels of three tokens, each with a first token of its own."""
    empty = model.tokens([Message("user", "")])
    single = [word for word in dict.fromkeys(WORDS) if model.tokens([Message("user", f"{word}")]) == empty + 1]
    long = (" ".join(words) for words in zip(single, single[20:], single[40:], strict=False))
    return tuple(islice((label for label in long if model.tokens([Message("user", label)]) == empty + LABEL), LABELS))


def panel(model: Local, personas: int, items: int) -> list[Request]:
    """Return a request for every persona and item."""
    choices = labels(model)
    systems = [worded(model, PERSONA - 6, seed) for seed in range(personas)]
    asked = [worded(model, ITEM - 9, 1000 + seed) for seed in range(items)]
    return [Request((Message("system", who), Message("user", what)), choices=choices, score=True) for who in systems for what in asked]


def ours(model: Local, requests: Sequence[Request]) -> list[dict[str, float]]:
    """Return probabilities through the library, including rendering, tokens and threads."""

    async def collected() -> list[dict[str, float]]:
        return [dict(reply.probabilities or {}) async for _, reply in model.answer(requests)]

    return asyncio.run(collected())


def sampled(model: Local, requests: Sequence[Request]) -> None:
    """Draw ten answers by `generate`, each with its own call."""
    network, rendering = model._weights.model, model._rendering  # noqa: SLF001 (the same weights for everybody)
    for request in requests:
        ids = torch.tensor([rendering.encode(rendering.text(request.messages))])
        for _ in range(SAMPLES):
            network.generate(ids, attention_mask=torch.ones_like(ids), do_sample=True, max_new_tokens=LABEL, min_new_tokens=LABEL)


def per_label(model: Local, requests: Sequence[Request]) -> None:
    """Return probabilities from one forward pass per label."""
    for prepared in model._prepare(enumerate(requests)):  # noqa: SLF001 (without a change of threads)
        model._scorer.plainly(prepared)  # noqa: SLF001


def timed(tasks: Mapping[str, tuple[Callable[[Local, Sequence[Request]], object], Sequence[Request]]], model: Local) -> dict[str, float]:
    """Return the median milliseconds per cell; the tasks are run in turn under the same load."""
    taken: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(1 + REPEATS):
        for name, (task, requests) in tasks.items():
            action = partial(task, model, requests)
            seconds = _seconds(action) if task is ours else THREAD.submit(_seconds, action).result()
            taken[name].append(seconds / len(requests) * 1000)
    return {name: statistics.median(times[1:]) for name, times in taken.items()}


def limit(model: Local, items: int) -> float:
    """Return the milliseconds of a cell's multiplications, at this machine's speed for matrices of 1,024 × 1,024."""
    left, right = torch.randn(1024, 1024), torch.randn(1024, 1024)
    best = min(_seconds(lambda: left @ right) for _ in range(30))
    network = model._weights.model  # noqa: SLF001
    inside = sum(weights.numel() for name, weights in network.named_parameters() if "layers" in name)
    tokens = ITEM + LABELS * (LABEL - 1) + PERSONA / items
    read = 1 + LABELS * (LABEL - 1)
    operations = 2 * (inside * tokens + WIDTH * VOCABULARY * read)
    return float(operations) / (2 * 1024**3 / best) * 1000


def _seconds(action: Callable[[], object]) -> float:
    """Return the time of an action."""
    start = time.perf_counter()
    action()
    return time.perf_counter() - start


def apart(model: Local, requests: Sequence[Request], shares: Sequence[dict[str, float]], checked: int) -> tuple[float, float]:
    """Return the largest differences from the plain way (probabilities, log-probabilities) over cells drawn at random."""
    places = np.random.default_rng(0).choice(len(requests), min(checked, len(requests)), replace=False)
    pairs = [(shares[index][choice], plain) for index in places for choice, plain in plain_scores(model, requests[index]).items()]
    return max(abs(value - np.exp(plain)) for value, plain in pairs), max(abs(log(value) - plain) for value, plain in pairs)


def run(personas: int, items: int, checked: int) -> tuple[list[str], list[list[str]], str]:
    """Measure everything on a checkpoint made for it, with torch in one thread."""
    torch.set_num_threads(THREADS)
    with tempfile.TemporaryDirectory() as folder:
        made = partial(llama, Path(folder) / "llama", layers=LAYERS, width=WIDTH, heads=HEADS, vocabulary=VOCABULARY)
        model = Local(THREAD.submit(made).result())
        requests = panel(model, personas, items)
        few = requests[:: max(1, len(requests) // 4)][:4]
        tasks = {
            "10 × generate": (sampled, few[:2]),
            "a forward pass for each label": (per_label, few * 2),
            "ours": (ours, requests[: 4 * items]),
        }
        taken = timed(tasks, model)
        least = THREAD.submit(limit, model, items).result()
        replies = ours(model, requests)
        probability, logged = apart(model, requests, replies, checked)
    rows = [[name, f"{value:.1f}", f"{value / least:.1f}", f"{value / taken['ours']:.1f}"] for name, value in taken.items()]
    rows.append(["multiplications alone", f"{least:.1f}", "1.0", f"{least / taken['ours']:.2f}"])
    kept = "met" if taken["ours"] <= 2 * least else "not met"
    words = (
        f"{personas} personas × {items} items, {THREADS} threads, float32; ours ≤ 2 × the multiplications: {kept}; "
        f"{min(checked, len(requests)):,} cells compared with one forward pass per label: "
        f"probabilities differ by {probability:.1e}, and their logarithms by {logged:.1e}; "
        f"torch {torch.__version__}, transformers {transformers.__version__}, {load()}."
    )
    return ["a cell: persona × item", "ms", "× limit", "× ours"], rows, words


def main() -> None:
    """Measure, and show the table."""
    parser = argparse.ArgumentParser(description="Milliseconds to score three labels.")
    parser.add_argument("--quick", action="store_true", help="10 personas × 10 items")
    parser.add_argument("--checked", type=int, default=250, help="cells checked against the plain way")
    parser.add_argument("--markdown", type=Path, help="write the table into this file, between its marks")
    options = parser.parse_args()
    size = (10, 10) if options.quick else (50, 50)
    head, rows, words = run(*size, options.checked)
    print(f"{aligned(head, rows)}\n\n{words}")
    if options.markdown:
        put(options.markdown, "scoring", markdown(head, rows))
        put(options.markdown, "scoring machine", words)


if __name__ == "__main__":
    main()
