"""The library's own client of a server, timed like its peers, and the memory of a long run.

python benchmarks/asking.py NAME URL CALLS     prints how long that took
python benchmarks/asking.py memory ASKS        prints peak memory and time of a run without a server
"""

import asyncio
import json
import resource
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from functools import partial

from clients import CORE, ITEMS, MODEL, MOST_TOKENS, RUNS, SYSTEM, USER, filled, timed
from loopback import ANSWER, pin

from personametrics.data.grid import Grid
from personametrics.data.item import Item
from personametrics.data.model import Can
from personametrics.data.persona import Persona
from personametrics.data.prompt import Prompt
from personametrics.data.reply import Reply
from personametrics.data.request import Sampling
from personametrics.data.scale import Ordinal
from personametrics.data.study import Elicitation
from personametrics.elicit.engine import elicit
from personametrics.elicit.journal import Journal
from personametrics.elicit.table import table
from personametrics.models.function import Scripted
from personametrics.models.openai_compatible import CAN, MOST, OpenAICompatible

SCALE = Ordinal(("strongly disagree", "disagree", "neutral", ANSWER, "strongly agree"))


def panel(requests: int, runs: int = RUNS) -> Grid:
    """Make requests whose prompts are as long as those of the peers."""
    frame = Prompt().ask(Persona("", ""), Item("", "", SCALE)).messages
    persona_length, item_length = SYSTEM - len(frame[0].text), USER - len(frame[1].text)
    personas = [
        Persona(f"p{index}", filled("You are a nurse on nights. ", persona_length, index)) for index in range(requests // (ITEMS * runs))
    ]
    items = [Item(f"q{index}", filled("Trains should be free for all. ", item_length, index), SCALE) for index in range(ITEMS)]
    return Grid(personas, items, Elicitation(runs, sampling=Sampling(max_tokens=MOST_TOKENS)))


async def calls_alone(url: str, calls: int) -> None:
    """Make prompts, send them and receive replies, without a journal or a table."""
    answers = [reply.text async for _, reply in _model(url, CAN - {Can.MANY}).answer(panel(calls))]
    assert answers == [ANSWER] * calls


async def everything(url: str, requests: int, runs: int = RUNS, can: frozenset[Can] = CAN - {Can.MANY}) -> None:
    """Do everything that a run does: prompts, keys, calls, the journal on disk, parsed answers, the table."""
    grid, model = panel(requests, runs), _model(url, can)
    with tempfile.TemporaryDirectory() as folder, Journal.open(folder, {}) as journal:
        tally = await elicit(model, grid, journal)
        frame = table(grid, journal, model.id)
    assert tally.complete
    assert frame["answer"].to_list() == [ANSWER] * requests


def _model(url: str, can: frozenset[Can]) -> OpenAICompatible:
    """Return the server as a model."""
    return OpenAICompatible(MODEL, url, can=can)


WAYS: dict[str, Callable[[str, int], Awaitable[None]]] = {
    "ours, calls alone": calls_alone,
    "ours": everything,
    f"ours, {MOST} answers per call": partial(everything, runs=MOST, can=CAN),
}


def memory(requests: int) -> dict[str, float]:
    """Return peak MiB of the process, seconds and CPU seconds of a run with immediate answers, with its table without texts."""
    grid, start = panel(requests), time.perf_counter()
    model = Scripted(lambda _: Reply(ANSWER, finish="stop", tokens_in=300, tokens_out=1, seconds=0.1, fingerprint="fp_1"))
    with tempfile.TemporaryDirectory() as folder, Journal.open(folder, {}) as journal:
        asyncio.run(elicit(model, grid, journal))
        frame = table(grid, journal, model.id, texts=False)
    assert len(frame) == requests
    assert frame["answer"].null_count() == 0
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)
    return {"peak": peak, "seconds": time.perf_counter() - start, "cpu": time.process_time()}


if __name__ == "__main__":
    name, *rest = sys.argv[1:]
    if name == "memory":
        print(json.dumps(memory(int(rest[0]))))
    else:
        pin(CORE)
        print(json.dumps(asyncio.run(timed(WAYS[name], rest[0], int(rest[1])))))
