"""Training of the embedded model, on the CPU; needs the extra `local`.

PYTHONPATH=training python -m embedded_training.train --out FOLDER

It writes a checkpoint every few minutes; Ctrl-C ends it early and writes what there is.
"""

import argparse
import multiprocessing
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields, replace
from itertools import islice
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer
from torch import Tensor, distributed

from embedded_training import export
from embedded_training.batches import STRIDE, Encoder, Example, batches
from embedded_training.llama import Llama, Shape
from embedded_training.optimiser import optimisers, pace
from embedded_training.progress import Progress, Sums
from embedded_training.tokens import trained
from personametrics.models.embedded.society.line import Document

SIZES = {"1m": Shape(0), "3m": Shape(0, 192, 6, 3, 512)}
"""Without their vocabulary."""
COUNTED = 20_000
"""Documents whose words become tokens."""
KEPT = 120.0
"""Seconds between two checkpoints."""
CLIP = 1.0
"""Longest gradient."""

Source = Callable[[int], Iterator[Document]]
"""Endless documents from a seed."""


@dataclass(frozen=True)
class Plan:
    """A training.

    Attributes:
        folder: where the checkpoint goes.
        steps: of the optimiser; with everything else equal they give the same weights. 0: as many as fit into the minutes.
        minutes: of wall time, where the steps are 0.
        seed: of the weights, the documents and their order.
        processes: of one thread each; every one takes documents of its own.
        budget: tokens of a step and process, with padding.
    """

    folder: Path
    steps: int = 18_500
    minutes: float = 0.0
    seed: int = 1
    processes: int = 2
    budget: int = 1024

    def drawing(self, rank: int) -> int:
        """Seed of a process's documents; −1 stands for those whose words are counted."""
        return int(np.random.SeedSequence([self.seed, rank + 1]).generate_state(1)[0])

    @property
    def record(self) -> dict[str, object]:
        """What gives the same weights again, for training.json."""
        return {"seed": self.seed, "processes": self.processes, "budget": self.budget, "commit": _commit()}


class Gradients:
    """The gradients of all parameters in one row, with the sums behind them, so that one exchange between processes is enough.

    Args:
        parameters: of the model; their `grad` becomes a view of the row.
    """

    def __init__(self, parameters: list[Tensor]) -> None:
        sizes = [values.numel() for values in parameters]
        self._row = torch.zeros(sum(sizes) + len(fields(Sums)))
        self._gradients, self._sums = torch.split(self._row, [sum(sizes), len(fields(Sums))])
        for values, part in zip(parameters, torch.split(self._gradients, sizes), strict=True):
            values.grad = part.view_as(values)

    def clear(self) -> None:
        """Begin a step."""
        self._row.zero_()

    def exchange(self, sums: Sums) -> Sums:
        """Add up over the processes, then make the gradients those of the mean loss, at most `CLIP` long."""
        self._sums.copy_(torch.tensor(list(asdict(sums).values())))
        if distributed.is_initialized():
            distributed.all_reduce(self._row)
        whole = Sums(*self._sums.tolist())
        self._gradients.div_(max(whole.places, 1))
        self._gradients.mul_((CLIP / self._gradients.norm()).clamp(max=1))
        return whole


def learned(model: Llama, batch: Example) -> Sums:
    """Add the gradient of a batch's loss, −Σ weight · log p, to that of the parameters."""
    places = np.pad(batch.places, (0, -len(batch.places) % STRIDE))
    logits = model(torch.from_numpy(batch.tokens), torch.from_numpy(places))
    losses = -torch.from_numpy(batch.weights) * logits.log_softmax(-1)[torch.from_numpy(batch.rows), torch.from_numpy(batch.targets)]
    losses.sum().backward()
    values = losses.detach().double().numpy()
    soft, said = values[batch.drawn].sum() - batch.entropy, (~batch.drawn).sum()
    read = float(np.count_nonzero(batch.tokens))
    return Sums(read, len(batch.places), float(said), float(values[~batch.drawn].sum()), float(soft), batch.answers)


def train(plan: Plan, documents: Source, tokenizer: Tokenizer, size: str = "1m") -> None:
    """Train a model and write it.

    Args:
        plan: how long, and where to.
        documents: endless, from a seed; a function of a module, as the processes import it.
        tokenizer: that knows their words.
        size: `1m` or `3m`.
    """
    shape = replace(SIZES[size], vocabulary=tokenizer.get_vocab_size())
    export.begin(plan.folder, shape, tokenizer)
    with tempfile.TemporaryDirectory() as meeting:
        spawn = multiprocessing.get_context("spawn").Process
        others = [spawn(target=_work, args=(rank, plan, shape, documents, meeting), daemon=True) for rank in range(1, plan.processes)]
        for process in others:
            process.start()
        _work(0, plan, shape, documents, meeting)
        for process in others:
            process.join()


def _work(rank: int, plan: Plan, shape: Shape, documents: Source, meeting: str) -> None:
    """What one process does."""
    told: list[int] = []
    before = {sign: signal.signal(sign, lambda number, _: told.append(number)) for sign in (signal.SIGINT, signal.SIGTERM)}
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    if plan.processes > 1:
        if sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # nothing leaves this machine
        distributed.init_process_group("gloo", init_method=f"file://{meeting}/met", rank=rank, world_size=plan.processes)
    try:
        encode = Encoder(Tokenizer.from_file(str(plan.folder / "tokenizer.json")))
        source = batches(documents(plan.drawing(rank)), encode, plan.budget, plan.drawing(rank))
        _steps(Llama(shape), source, plan, rank, told)
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
        if plan.processes > 1:
            distributed.destroy_process_group()


def _steps(model: Llama, source: Iterator[Example], plan: Plan, rank: int, told: list[int]) -> None:
    """Take steps until they are done, or until somebody says to stop; the first process reports and writes."""
    # The record is made now: the repository may move on while this runs.
    gradients, chosen = Gradients(list(model.parameters())), optimisers(list(model.named_parameters()))
    progress, kept, made = Progress(plan.steps, plan.minutes, plan.processes), time.monotonic(), plan.record
    for batch in source:
        gradients.clear()
        sums = replace(learned(model, batch), stops=bool(told), dues=rank == 0 and progress.due)
        whole = gradients.exchange(sums)
        for optimiser in chosen:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * pace(progress.step, progress.steps)
            optimiser.step()
        line, ends = progress.add(whole), bool(whole.stops) or progress.over
        if rank == 0 and line:
            print(line, flush=True)  # noqa: T201 - it is a command
        if rank == 0 and (ends or time.monotonic() - kept > KEPT):
            export.weights(plan.folder, model, made | progress.record)
            kept = time.monotonic()
        if ends:
            break


def _commit() -> str:
    """Of the code; empty where it is not in a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    asked = subprocess.run([git, "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)  # noqa: S603
    return asked.stdout.strip()


def main() -> None:
    """Train on the made-up society."""
    parser = argparse.ArgumentParser(description="Train the embedded model.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=Plan.steps)
    length.add_argument("--minutes", type=float, help="as many steps as fit into this wall time")
    parser.add_argument("--size", choices=SIZES, default="1m")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--processes", type=int, default=Plan.processes, help="of one thread each")
    parser.add_argument("--budget", type=int, default=Plan.budget, help="tokens of a step and process")
    given = parser.parse_args()
    from embedded_training.corpus import FULL, PHRASES, documents  # noqa: PLC0415 - the help needs no society

    steps = 0 if given.minutes else given.steps
    plan = Plan(given.out, steps, given.minutes or 0.0, given.seed, given.processes, given.budget)
    train(plan, documents, trained(islice(documents(plan.drawing(-1), FULL), COUNTED), PHRASES), given.size)


if __name__ == "__main__":
    main()
