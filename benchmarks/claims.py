"""What recorded answers and the embedded model say of published claims.

python benchmarks/claims.py                 every claim
python benchmarks/claims.py --only STUDY    those of one study
python benchmarks/claims.py --quick         two runs of the embedded model each
python benchmarks/claims.py --write         writes the tables into docs/claims.md

Recorded answers are looked for in a folder of data sets beside the checkout, or where PERSONAMETRICS_DATA says.
"""

import argparse
import asyncio
import math
import os
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import NamedTuple

from published import CLAIMS, Claim
from tables import put

from personametrics.data.citations import references
from personametrics.data.errors import InputError
from personametrics.data.finding import Finding, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.table import reply_table, study_responses
from personametrics.lab.run import StudyRun
from personametrics.lab.task import Task
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import panels
from personametrics.models.embedded.society.people import Person
from personametrics.models.embedded.society.society import PLANTED, sureness

PAGE = Path(__file__).parents[1] / "docs" / "claims.md"
BESIDE = Path(__file__).parents[2] / "shared" / "data"
OPEN = ("undecided", "undecidable", "unknown")
"""Verdicts that leave a question open."""
CALLED = "embedded"
"""What the embedded model is called here."""


class Tested(NamedTuple):
    """A claim beside one set of answers.

    Attributes:
        shown: the figure, its interval and the verdict, as on the page.
        held: yes, no or open.
        around: whether the interval holds the planted number; None where nothing is planted.
    """

    shown: str
    held: str
    around: bool | None = None


def data() -> Path:
    """The folder of recorded answers."""
    return Path(os.environ.get("PERSONAMETRICS_DATA", BESIDE))


def recorded(claim: Claim) -> list[Tested]:
    """The claim beside each of its recorded answers."""
    found = []
    for one in claim.recorded:
        study, responses = one.read(data())
        found.append(_tested(claim, _said(claim, partial(study.estimate, responses)), one.name))
    return found


def toy(claim: Claim, folder: Path) -> Tested:
    """The claim beside answers of the embedded model, drawn by the seeds of the asks, so that they are the same each time.

    Args:
        claim: one that the embedded model can test.
        folder: keeps the replies; what two claims ask is asked once.
    """
    model = Embedded()
    study, people, items = claim.setting
    job = StudyRun.planned(study, model, people, items, out=folder, runs=claim.runs)
    asyncio.run(job.ask())
    task = job.task
    number = claim.planted(task) if claim.planted else _number(claim, _said(claim, lambda: planted(task)))
    return _tested(claim, _said(claim, lambda: task.finding), CALLED, number)


def _number(claim: Claim, truth: Finding) -> float:
    """The figure of a claim; NaN where there is none."""
    return truth[claim.estimate].value if truth.estimates else math.nan


def planted(task: Task) -> Finding:
    """The same study of the society's own odds."""
    world = society(task.personas, task.items)
    requests = task.study.design(task.personas, task.items, replace(task.elicitation, score=True))
    return task.study.estimate(study_responses(reply_table(requests, [Reply(probabilities=world(request)) for request in requests]), "the society"))


def society(people: Sequence[Persona], items: Sequence[Item]) -> Callable[[Request], Mapping[str, float]]:
    """How the society answers everything that studies ask: also how sure it is, and what it reveals."""
    plain, asked = panels.society(people, items), {item.id: item for item in items}
    who = {one.id: Person.of(one) for one in people}

    def answer(request: Request) -> Mapping[str, float]:
        about = request.about
        if about.get("certainty_of"):
            return sureness(who.get(about["persona"]), asked[about["item"]], request.choices)
        if "fits" not in about:
            return plain(request)
        fits = set(about["fits"].split("|"))
        share = PLANTED.honest if about["arm"] == "written" else PLANTED.reveal
        odds = {True: share / len(fits), False: (1 - share) / (len(request.choices) - len(fits))}
        return {choice: odds[label in fits] for choice, label in zip(request.choices, request.labels, strict=True)}

    return answer


def _said(claim: Claim, found: Callable[[], Finding]) -> Finding:
    """A finding, or that there is none, and why."""
    try:
        return found()
    except InputError as error:
        return Finding(claim.study, "", Verdict("unknown", str(error)), ())


def _tested(claim: Claim, finding: Finding, name: str, planted: float = math.nan) -> Tested:
    """The claim beside a finding."""
    if not finding.estimates:
        return Tested(f"{name}: nothing can be said: {finding.verdict.sentence}", "open")
    one, label = finding[claim.estimate], finding.verdict.label
    digits = claim.digits
    reach = "no interval" if math.isnan(one.low) else f"{number(one.low, digits)} to {number(one.high, digits)}"
    told = "" if math.isnan(planted) else f", planted {number(planted, digits)}"
    around = None if math.isnan(planted) or math.isnan(one.low) else one.low <= planted <= one.high
    where = "" if name == CALLED else f"{name}: "
    return Tested(f"{where}{number(one.value, digits)} ({reach}){told}, {label}", held(claim, one.low, one.high, label), around)


def number(value: float, digits: int) -> str:
    """So many digits, and no zero below zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def held(claim: Claim, low: float, high: float, label: str) -> str:
    """Whether the claim is borne out: by the verdict, or by where the interval lies."""
    sign, _, number = claim.claimed.partition(" ")
    if sign not in {"<", ">"}:
        return "yes" if label == claim.claimed else "open" if label in OPEN else "no"
    end = float(number)
    below, above = ("yes", "no") if sign == "<" else ("no", "yes")
    return below if high < end else above if low > end else "open"


def row(claim: Claim, answers: Sequence[Tested], own: Tested | None) -> list[str]:
    """A row of the page."""
    held = [one.held for one in answers]
    parts = [f"recorded: {', '.join(held)}"] if held else ["recorded: not tested, no data"]
    parts.append(f"embedded: {own.held}" if own else f"embedded: not tested, {claim.untested}")
    return [
        claim.says,
        f"`{claim.source}`",
        f"`{claim.command}`",
        "<br>".join(one.shown for one in answers) or "no recorded data",
        own.shown if own else "–",
        "<br>".join(parts),
    ]


HEAD = ("claim", "source", "command", "recorded data: figure (90 % interval), verdict", "embedded model, planted truth", "held?")


def table(rows: Sequence[Sequence[str]]) -> str:
    """The rows in Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (HEAD, ["---"] * len(HEAD), *rows))


def summary(answers: Sequence[Tested], owns: Sequence[Tested]) -> str:
    """How much held, in a sentence."""

    def counted(found: Sequence[Tested]) -> str:
        return ", ".join(f"{sum(one.held == held for one in found)} {held}" for held in ("yes", "no", "open"))

    known = [one.around for one in owns if one.around is not None]
    return (
        f"Recorded answers, {len(answers)} tests: {counted(answers)}. Embedded model ({Embedded().id}), {len(owns)} tests: "
        f"{counted(owns)}; {sum(known)} of {len(known)} intervals hold the planted number. Each interval stands by itself, none is "
        "corrected for their number."
    )


def legend(claims: Sequence[Claim]) -> str:
    """The figure that is shown for each claim, what bears it out, and who said it."""
    lines = ["| claim | figure | borne out by | published in |", "| --- | --- | --- | --- |"]
    for claim in claims:
        entry = references()[claim.source]
        who = f"{entry['author'].split(',')[0]} {entry['year']}, `{claim.source}`"
        lines.append(f"| {claim.says} | `{claim.estimate}` | `{claim.claimed}` | {who} |")
    return "\n".join(lines)


def main() -> None:
    """Test the claims."""
    parser = argparse.ArgumentParser(description="Published claims beside recorded answers and the embedded model.")
    parser.add_argument("--only", default="", help="a study")
    parser.add_argument("--quick", action="store_true", help="two runs each")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    given = parser.parse_args()
    if given.write and (given.only or given.quick or not data().is_dir()):
        parser.error("--write takes all claims in full and the recorded answers; set PERSONAMETRICS_DATA to their folder")
    rows, answers, owns = [], list[Tested](), list[Tested]()
    with tempfile.TemporaryDirectory() as folder:
        for claim in (replace(one, runs=2) if given.quick else one for one in CLAIMS):
            if given.only in {"", claim.study}:
                start = time.perf_counter()
                beside = recorded(claim) if data().is_dir() else []
                own = None if claim.untested else toy(claim, Path(folder))
                rows.append(row(claim, beside, own))
                answers, owns = [*answers, *beside], [*owns, *([own] if own else [])]
                print(*rows[-1], f"{time.perf_counter() - start:.1f} s", sep="\n    ", flush=True)
    print(summary(answers, owns))
    if given.write:
        put(PAGE, "claims", f"{table(rows)}\n\n{summary(answers, owns)}")
        put(PAGE, "figures", legend(CLAIMS))


if __name__ == "__main__":
    main()
