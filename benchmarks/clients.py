"""Other clients of a server: each sends the same number of prompts of the same length, 64 at a time, and stores nothing.

python benchmarks/clients.py NAME URL CALLS     prints how long that took; run it with a Python that has the client installed
"""

import asyncio
import importlib
import json
import os
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from itertools import islice

from loopback import ANSWER, pin

CORE = 1
CONNECTIONS = 64
SYSTEM, USER = 900, 290
"""The number of characters of a prompt."""
PERSONAS, ITEMS, RUNS = 60, 10, 5
MOST_TOKENS, KEY, MODEL = 4, "no-secret", "gpt-4o-mini"
WARM = 400
"""The number of calls before timing, so that imports and compilation are not timed; whole panels, with 5 runs and with 8."""

Chat = list[dict[str, str]]
Say = Callable[[Chat], Awaitable[str]]


def filled(text: str, length: int, number: int) -> str:
    """Return a text of fixed length that is unique to the number."""
    return (f"{number:03} " + text * (length // len(text) + 1))[:length]


def prompts() -> Iterator[Chat]:
    """Yield the prompts of a panel again and again."""
    while True:
        for persona in range(PERSONAS):
            system = {"role": "system", "content": filled("You are a nurse on nights. ", SYSTEM, persona)}
            for item in range(ITEMS):
                user = {"role": "user", "content": filled("Trains should be free for all. ", USER, item)}
                yield from [[system, user]] * RUNS


async def workers(say: Say, calls: int) -> None:
    """Make a number of calls; each worker makes its calls one after the other."""
    left = islice(prompts(), calls)

    async def work() -> None:
        for chat in left:
            answer = await say(chat)
            assert answer == ANSWER, answer

    await asyncio.gather(*(work() for _ in range(CONNECTIONS)))


async def bare(url: str, calls: int) -> None:
    """Call with aiohttp and a dictionary, the least that a client needs."""
    aiohttp = importlib.import_module("aiohttp")
    async with aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=CONNECTIONS)) as http:

        async def say(chat: Chat) -> str:
            body = {"model": MODEL, "messages": chat, "max_tokens": MOST_TOKENS, "temperature": 1.0}
            async with http.post(f"{url}/chat/completions", json=body) as response:
                return str((await response.json())["choices"][0]["message"]["content"])

        await workers(say, calls)


async def openai(url: str, calls: int) -> None:
    """Call with the official client and its defaults, without retries."""
    async with importlib.import_module("openai").AsyncOpenAI(base_url=url, api_key=KEY, max_retries=0) as client:

        async def say(chat: Chat) -> str:
            made = await client.chat.completions.create(model=MODEL, messages=chat, max_tokens=MOST_TOKENS, temperature=1.0)
            return str(made.choices[0].message.content)

        await workers(say, calls)


async def litellm(url: str, calls: int) -> None:
    """Call LiteLLM's `acompletion`, without retries."""
    request = importlib.import_module("litellm").acompletion

    async def say(chat: Chat) -> str:
        where = {"model": f"openai/{MODEL}", "api_base": url, "api_key": KEY}
        made = await request(**where, messages=chat, max_tokens=MOST_TOKENS, temperature=1.0, num_retries=0, max_retries=0)
        return str(made.choices[0].message.content)

    await workers(say, calls)


async def inspect_ai(url: str, calls: int) -> None:
    """Call Inspect's `get_model(…).generate`, without a task, its log and its scores."""
    theirs = importlib.import_module("inspect_ai.model")
    says = {"system": theirs.ChatMessageSystem, "user": theirs.ChatMessageUser}
    settings = theirs.GenerateConfig(max_connections=CONNECTIONS, max_retries=0, max_tokens=MOST_TOKENS, temperature=1.0)
    model = theirs.get_model(f"openai/{MODEL}", base_url=url, api_key=KEY, config=settings, responses_api=False)

    async def say(chat: Chat) -> str:
        made = await model.generate([says[message["role"]](content=message["content"]) for message in chat])
        return str(made.completion)

    await workers(say, calls)


async def edsl(url: str, calls: int) -> None:
    """Run an EDSL survey of agents and questions without caches; EDSL words and schedules the prompts itself."""
    os.environ.update(OPENAI_COMPATIBLE_BASE_URL=url, OPENAI_COMPATIBLE_API_KEY=KEY, EDSL_DEFAULT_MODEL=MODEL)
    theirs = importlib.import_module("edsl")
    items = [filled("Trains should be free for all. ", USER, item) for item in range(ITEMS)]
    asked = [theirs.QuestionFreeText(question_name=f"q{index}", question_text=text) for index, text in enumerate(items)]
    traits_of = [{"persona": filled("You are a nurse on nights. ", SYSTEM, index)} for index in range(calls // (ITEMS * RUNS))]
    survey = theirs.Survey(asked).by([theirs.Agent(traits=traits) for traits in traits_of])
    unhindered = {"rpm": 10_000_000, "tpm": 10_000_000_000}
    model = theirs.Model(MODEL, service_name="openai_compatible", max_tokens=MOST_TOKENS, temperature=1.0, **unhindered)
    alone = {"progress_bar": False, "disable_remote_inference": True, "disable_remote_cache": True}
    results = await survey.by(model).run_async(n=RUNS, cache=False, **alone)
    assert [results.select(f"answer.q{index}").to_list() for index in range(ITEMS)] == [[ANSWER] * (calls // ITEMS)] * ITEMS


CLIENTS = {"bare aiohttp": bare, "openai SDK": openai, "LiteLLM": litellm, "Inspect": inspect_ai, "EDSL survey": edsl}
NEEDS = {"bare aiohttp": "aiohttp", "openai SDK": "openai", "LiteLLM": "litellm", "Inspect": "inspect_ai", "EDSL survey": "edsl"}
"""The package of each client, by name."""


async def timed(request: Callable[[str, int], Awaitable[None]], url: str, calls: int) -> dict[str, float]:
    """Return CPU milliseconds per call over all threads, and calls per second, after a warm-up."""
    await request(url, WARM)
    start, used = time.perf_counter(), time.process_time()
    await request(url, calls)
    return {"cpu": (time.process_time() - used) / calls * 1000, "rate": calls / (time.perf_counter() - start)}


if __name__ == "__main__":
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # it would use the network
    pin(CORE)
    print(json.dumps(asyncio.run(timed(CLIENTS[sys.argv[1]], sys.argv[2], int(sys.argv[3])))))
