"""What arms took: every reply by the price of who gave it, estimated where nobody counted."""

import asyncio
from pathlib import Path

import pytest

from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.role import JUDGE
from personametrics.dialogues.fading_world import fading_world
from personametrics.elicit.costs.prices import FRAME, LETTERS_A_TOKEN
from personametrics.lab.comparison.price import Used, prices, used
from personametrics.lab.run import StudyRun
from personametrics.lab.task import Task
from personametrics.models.function import Scripted

PAID, ALSO, UNKNOWN = (f"openai/{name}@https://api.openai.com/v1" for name in ("gpt-4o-mini", "gpt-4o", "nobody"))


def counted(request: Request) -> Reply:
    return Reply("Yes, I do." if not request.choices else request.choices[0], tokens_in=100, tokens_out=10)


def silent(request: Request) -> Reply:
    return Reply(request.choices[0] if request.choices else "words")


def asked(folder: Path, model: Scripted, judge: Scripted) -> Task:
    world = fading_world()
    job = StudyRun.planned(world["study"], model, world["personas"][:2], world["items"], out=folder, runs=1, judge=judge)
    asyncio.run(job.ask())
    return job.task


def test_every_part_has_the_price_of_who_plays_it(tmp_path: Path) -> None:
    session = asked(tmp_path, Scripted(counted, id=PAID), Scripted(counted, id=ALSO))
    tokens = used(session)
    verdicts = sum(request.to == JUDGE for request in session.talk.requests) if session.talk else 0
    lines = tokens.requests - verdicts
    assert verdicts
    assert lines
    assert (tokens.tokens_in, tokens.tokens_out, tokens.estimated) == (100 * tokens.requests, 10 * tokens.requests, False)
    assert tokens.money == pytest.approx((lines * (100 * 0.15 + 10 * 0.6) + verdicts * (100 * 2.5 + 10 * 10.0)) / 1e6)


def test_without_a_price_of_one_there_is_none_of_all(tmp_path: Path) -> None:
    assert used(asked(tmp_path, Scripted(counted, id=PAID), Scripted(counted, id=UNKNOWN))).money is None


def test_what_nobody_counted_is_estimated_from_the_letters(tmp_path: Path) -> None:
    session = asked(tmp_path, Scripted(counted, id=PAID), Scripted(silent, id=ALSO))
    tokens, whole = used(session), [request for request in session.settled if request.to == JUDGE]
    read = sum(FRAME + len(message.text) / LETTERS_A_TOKEN for request in whole for message in request.messages)
    assert tokens.estimated
    assert tokens.tokens_in == pytest.approx(read + 100 * (tokens.requests - len(whole)))


def test_the_sentence_says_what_is_only_about() -> None:
    before, after = Used(10, 100, 10, 0.5, estimated=False), Used(20, 300, 40, 1.5, estimated=True)
    rows, sentence = prices({"without": before, "with": after}, PAID, 7)
    assert sentence.startswith(
        "It makes 2× the requests, about 3× the tokens read, about 4× the tokens written ($1.50 against $0.50). Both arms share 7 requests."
    )
    assert [row["money"] for row in rows] == [0.5, 1.5]
    assert (before.cost, Used(10, 100, 10, 0.0, estimated=False).cost) == (0.5, 140)
