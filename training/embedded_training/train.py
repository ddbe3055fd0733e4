"""The training of the embedded model on the CPU; it needs the extra `local`.

PYTHONPATH=training python -m embedded_training.train --out FOLDER

It writes a checkpoint every few minutes; Ctrl-C ends it early and writes the present state.
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
from personametrics.models.embedded.society.talk import Document

SIZES = {"1m": Shape(0), "3m": Shape(0, 192, 6, 3, 512)}
"""The model sizes, without their vocabulary."""
COUNTED = 20_000
"""The number of documents whose words become tokens."""
KEPT = 120.0
"""The seconds between two checkpoints."""
CLIP = 1.0
"""The maximum norm of the gradient."""

Source = Callable[[int], Iterator[Document]]
"""The type of a function that draws endless documents from a seed."""


@dataclass(frozen=True)
class Plan:
    """The settings of a training.

    Attributes:
        folder: folder of the checkpoint.
        steps: number of optimiser steps; all settings equal, they give the same weights. 0: as many as fit into the minutes.
        minutes: wall time in minutes, if the steps are 0.
        seed: seed of the weights, the documents and their order.
        processes: number of processes, each with one thread and its own documents.
        budget: number of tokens per step and process, including padding.
    """

    folder: Path
    steps: int = 18_500
    minutes: float = 0.0
    seed: int = 1
    processes: int = 2
    budget: int = 1024

    def drawing(self, rank: int) -> int:
        """Return the seed of a process's documents; rank −1 stands for the documents whose words are counted."""
        return int(np.random.SeedSequence([self.seed, rank + 1]).generate_state(1)[0])

    @property
    def record(self) -> dict[str, object]:
        """The settings that reproduce the weights, for training.json."""
        return {"seed": self.seed, "processes": self.processes, "budget": self.budget, "commit": _commit()}


class Gradients:
    """The gradients of all parameters in one row, followed by the sums, so that one exchange between processes is enough.

    Args:
        parameters: parameters of the model; their `grad` becomes a view of the row.
    """

    def __init__(self, parameters: list[Tensor]) -> None:
        sizes = [values.numel() for values in parameters]
        self._row = torch.zeros(sum(sizes) + len(fields(Sums)))
        self._gradients, self._sums = torch.split(self._row, [sum(sizes), len(fields(Sums))])
        for values, part in zip(parameters, torch.split(self._gradients, sizes), strict=True):
            values.grad = part.view_as(values)

    def clear(self) -> None:
        """Set the gradients and sums to zero, before a step."""
        self._row.zero_()

    def exchange(self, sums: Sums) -> Sums:
        """Sum over the processes, then scale the gradients to those of the mean loss, with a norm of at most `CLIP`."""
        self._sums.copy_(torch.tensor(list(asdict(sums).values())))
        if distributed.is_initialized():
            distributed.all_reduce(self._row)
        whole = Sums(*self._sums.tolist())
        self._gradients.div_(max(whole.places, 1))
        self._gradients.mul_((CLIP / self._gradients.norm()).clamp(max=1))
        return whole


def learned(model: Llama, batch: Example) -> Sums:
    """Add the gradient of a batch's loss, −Σ weight · log p, to the gradients of the parameters, and return the sums."""
    places = np.pad(batch.places, (0, -len(batch.places) % STRIDE))
    logits = model(torch.from_numpy(batch.tokens), torch.from_numpy(places))
    losses = -torch.from_numpy(batch.weights) * logits.log_softmax(-1)[torch.from_numpy(batch.rows), torch.from_numpy(batch.targets)]
    losses.sum().backward()
    values = losses.detach().double().numpy()
    soft, known_answers = values[batch.drawn].sum() - batch.entropy, (~batch.drawn).sum()
    read = float(np.count_nonzero(batch.tokens))
    return Sums(read, len(batch.places), float(known_answers), float(values[~batch.drawn].sum()), float(soft), batch.answers)


def train(plan: Plan, documents: Source, tokenizer: Tokenizer, size: str = "1m") -> None:
    """Train a model and write it.

    Args:
        plan: settings of the training.
        documents: function that draws endless documents from a seed; a module-level function, because the processes import it.
        tokenizer: tokenizer that knows the words of the documents.
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
    """Train in one process."""
    signals: list[int] = []
    before = {sign: signal.signal(sign, lambda number, _: signals.append(number)) for sign in (signal.SIGINT, signal.SIGTERM)}
    torch.set_num_threads(1)
    torch.manual_seed(plan.seed)
    if plan.processes > 1:
        if sys.platform == "linux":
            os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")  # keeps the traffic on this machine
        distributed.init_process_group("gloo", init_method=f"file://{meeting}/met", rank=rank, world_size=plan.processes)
    try:
        encode = Encoder(Tokenizer.from_file(str(plan.folder / "tokenizer.json")))
        source = batches(documents(plan.drawing(rank)), encode, plan.budget, plan.drawing(rank))
        _steps(Llama(shape), source, plan, rank, signals)
    finally:
        for sign, handler in before.items():
            signal.signal(sign, handler)
        if plan.processes > 1:
            distributed.destroy_process_group()


def _steps(model: Llama, source: Iterator[Example], plan: Plan, rank: int, signals: list[int]) -> None:
    """Take steps until they are done or a signal asks to stop; the first process reports and writes."""
    # The record is made now: the repository may move on while this runs.
    gradients, chosen = Gradients(list(model.parameters())), optimisers(list(model.named_parameters()))
    progress, kept, record = Progress(plan.steps, plan.minutes, plan.processes), time.monotonic(), plan.record
    for batch in source:
        gradients.clear()
        sums = replace(learned(model, batch), stops=bool(signals), dues=rank == 0 and progress.due)
        whole = gradients.exchange(sums)
        for optimiser in chosen:
            for group in optimiser.param_groups:
                group["lr"] = group["peak"] * pace(progress.step, progress.steps)
            optimiser.step()
        line, ends = progress.add(whole), bool(whole.stops) or progress.over
        if rank == 0 and line:
            print(line, flush=True)  # noqa: T201 - a command
        if rank == 0 and (ends or time.monotonic() - kept > KEPT):
            export.weights(plan.folder, model, record | progress.record)
            kept = time.monotonic()
        if ends:
            break


def _commit() -> str:
    """Return the commit of the code; empty if it is not in a repository."""
    git = shutil.which("git")
    if git is None:
        return ""
    result = subprocess.run([git, "rev-parse", "HEAD"], cwd=Path(__file__).parent, capture_output=True, text=True, check=False)  # noqa: S603
    return result.stdout.strip()


def main() -> None:
    """Train a model on the society from the command line."""
    parser = argparse.ArgumentParser(description="Train the embedded model.")
    parser.add_argument("--out", type=Path, required=True, help="folder of the checkpoint")
    length = parser.add_mutually_exclusive_group()
    length.add_argument("--steps", type=int, default=Plan.steps)
    length.add_argument("--minutes", type=float, help="as many steps as fit into this wall time")
    parser.add_argument("--size", choices=SIZES, default="1m")
    parser.add_argument("--seed", type=int, default=Plan.seed)
    parser.add_argument("--processes", type=int, default=Plan.processes, help="number of processes, each with one thread")
    parser.add_argument("--budget", type=int, default=Plan.budget, help="number of tokens per step and process")
    options = parser.parse_args()
    from embedded_training.corpus import FULL, PHRASES, documents  # noqa: PLC0415 - the help needs no society

    steps = 0 if options.minutes else options.steps
    plan = Plan(options.out, steps, options.minutes or 0.0, options.seed, options.processes, options.budget)
    train(plan, documents, trained(islice(documents(plan.drawing(-1), FULL), COUNTED), PHRASES), options.size)


if __name__ == "__main__":
    main()
