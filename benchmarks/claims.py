"""The test of published claims on recorded answers and on the embedded model.

python benchmarks/claims.py                 every claim
python benchmarks/claims.py --only STUDY    those of one study
python benchmarks/claims.py --quick         two runs of the embedded model each
python benchmarks/claims.py --write         writes the tables into docs/claims.md

Recorded answers are read from a folder of data sets next to the checkout, or from the folder PERSONAMETRICS_DATA.
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
DATA = Path(__file__).parents[2] / "shared" / "data"
OPEN = ("undecided", "undecidable", "unknown")
"""The verdicts that leave a question open."""
CALLED = "embedded"
"""The name of the embedded model in the tables."""


class Tested(NamedTuple):
    """A claim, tested on one set of answers.

    Attributes:
        shown: figure, interval and verdict, as on the page.
        held: yes, no or open.
        around: whether the interval contains the planted number; None: there is none.
    """

    shown: str
    held: str
    around: bool | None = None


def data() -> Path:
    """Return the folder of recorded answers."""
    return Path(os.environ.get("PERSONAMETRICS_DATA", DATA))


def recorded(claim: Claim) -> list[Tested]:
    """Test the claim on each of its recorded answers."""
    tests = []
    for recording in claim.recorded:
        study, responses = recording.read(data())
        tests.append(_tested(claim, _finding(claim, partial(study.estimate, responses)), recording.name))
    return tests


def toy(claim: Claim, folder: Path) -> Tested:
    """Test the claim on answers of the embedded model; the requests hold the seeds, so the answers are the same each time.

    Args:
        claim: claim that the embedded model can test.
        folder: folder that keeps the replies; a request that two claims share is sent once.
    """
    model = Embedded()
    study, people, items = claim.setting
    job = StudyRun.planned(study, model, people, items, out=folder, runs=claim.runs)
    asyncio.run(job.ask())
    task = job.task
    number = claim.planted(task) if claim.planted else _number(claim, _finding(claim, lambda: planted(task)))
    return _tested(claim, _finding(claim, lambda: task.finding), CALLED, number)


def _number(claim: Claim, truth: Finding) -> float:
    """Return the figure of a claim; NaN if there is none."""
    return truth[claim.estimate].value if truth.estimates else math.nan


def planted(task: Task) -> Finding:
    """Run the same study on the society's own odds."""
    world = society(task.personas, task.items)
    requests = task.study.design(task.personas, task.items, replace(task.elicitation, score=True))
    return task.study.estimate(
        study_responses(reply_table(requests, [Reply(probabilities=world(request)) for request in requests]), "the society")
    )


def society(people: Sequence[Persona], items: Sequence[Item]) -> Callable[[Request], Mapping[str, float]]:
    """Return the society's answers to all requests of the studies, including certainty and reveals."""
    plain, items_by_id = panels.society(people, items), {item.id: item for item in items}
    who = {person.id: Person.of(person) for person in people}

    def answer(request: Request) -> Mapping[str, float]:
        about = request.about
        if about.get("certainty_of"):
            return sureness(who.get(about["persona"]), items_by_id[about["item"]], request.choices)
        if "fits" not in about:
            return plain(request)
        fits = set(about["fits"].split("|"))
        share = PLANTED.honest if about["arm"] == "written" else PLANTED.reveal
        odds = {True: share / len(fits), False: (1 - share) / (len(request.choices) - len(fits))}
        return {choice: odds[label in fits] for choice, label in zip(request.choices, request.labels, strict=True)}

    return answer


def _finding(claim: Claim, estimate: Callable[[], Finding]) -> Finding:
    """Return a finding, or the reason why there is none."""
    try:
        return estimate()
    except InputError as error:
        return Finding(claim.study, "", Verdict("unknown", str(error)), ())


def _tested(claim: Claim, finding: Finding, name: str, planted: float = math.nan) -> Tested:
    """Compare the claim with a finding."""
    if not finding.estimates:
        return Tested(f"{name}: nothing can be said: {finding.verdict.sentence}", "open")
    estimate, label = finding[claim.estimate], finding.verdict.label
    digits = claim.digits
    reach = "no interval" if math.isnan(estimate.low) else f"{number(estimate.low, digits)} to {number(estimate.high, digits)}"
    planted_text = "" if math.isnan(planted) else f", planted {number(planted, digits)}"
    around = None if math.isnan(planted) or math.isnan(estimate.low) else estimate.low <= planted <= estimate.high
    where = "" if name == CALLED else f"{name}: "
    return Tested(
        f"{where}{number(estimate.value, digits)} ({reach}){planted_text}, {label}", held(claim, estimate.low, estimate.high, label), around
    )


def number(value: float, digits: int) -> str:
    """Format a number with a fixed number of digits, and without a negative zero."""
    return f"{round(value, digits) + 0.0:.{digits}f}"


def held(claim: Claim, low: float, high: float, label: str) -> str:
    """Decide whether the claim is confirmed, by the verdict or by the interval."""
    sign, _, number = claim.claimed.partition(" ")
    if sign not in {"<", ">"}:
        return "yes" if label == claim.claimed else "open" if label in OPEN else "no"
    end = float(number)
    below, above = ("yes", "no") if sign == "<" else ("no", "yes")
    return below if high < end else above if low > end else "open"


def row(claim: Claim, answers: Sequence[Tested], embedded: Tested | None) -> list[str]:
    """Return a row of the page."""
    held = [test.held for test in answers]
    parts = [f"recorded: {', '.join(held)}"] if held else ["recorded: not tested, no data"]
    parts.append(f"embedded: {embedded.held}" if embedded else f"embedded: not tested, {claim.untested}")
    return [
        claim.says,
        f"`{claim.source}`",
        f"`{claim.command}`",
        "<br>".join(test.shown for test in answers) or "no recorded data",
        embedded.shown if embedded else "–",
        "<br>".join(parts),
    ]


HEAD = ("claim", "source", "command", "recorded data: figure (90 % interval), verdict", "embedded model, planted value", "claim holds?")


def table(rows: Sequence[Sequence[str]]) -> str:
    """Return the rows in Markdown."""
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (HEAD, ["---"] * len(HEAD), *rows))


def summary(answers: Sequence[Tested], owns: Sequence[Tested]) -> str:
    """Summarise in a sentence how many claims were confirmed."""

    def counted(tests: Sequence[Tested]) -> str:
        return ", ".join(f"{sum(test.held == held for test in tests)} {held}" for held in ("yes", "no", "open"))

    contains = [test.around for test in owns if test.around is not None]
    return (
        f"Recorded answers, {len(answers)} tests: {counted(answers)}. Embedded model ({Embedded().id}), {len(owns)} tests: "
        f"{counted(owns)}; {sum(contains)} of {len(contains)} intervals contain the planted number. The intervals are not corrected for "
        "the number of tests."
    )


def legend(claims: Sequence[Claim]) -> str:
    """Return the figure of each claim, the criterion that confirms it, and its source."""
    lines = ["| claim | figure | supported by | published in |", "| --- | --- | --- | --- |"]
    for claim in claims:
        entry = references()[claim.source]
        who = f"{entry['author'].split(',')[0]} {entry['year']}, `{claim.source}`"
        lines.append(f"| {claim.says} | `{claim.estimate}` | `{claim.claimed}` | {who} |")
    return "\n".join(lines)


def main() -> None:
    """Test the claims."""
    parser = argparse.ArgumentParser(description="Test published claims on recorded answers and on the embedded model.")
    parser.add_argument("--only", default="", help="a study")
    parser.add_argument("--quick", action="store_true", help="two runs each")
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    options = parser.parse_args()
    if options.write and (options.only or options.quick or not data().is_dir()):
        parser.error("--write takes all claims in full and the recorded answers; set PERSONAMETRICS_DATA to their folder")
    rows, answers, embedded_all = [], list[Tested](), list[Tested]()
    with tempfile.TemporaryDirectory() as folder:
        for claim in (replace(claim, runs=2) if options.quick else claim for claim in CLAIMS):
            if options.only in {"", claim.study}:
                start = time.perf_counter()
                recordings = recorded(claim) if data().is_dir() else []
                embedded = None if claim.untested else toy(claim, Path(folder))
                rows.append(row(claim, recordings, embedded))
                answers, embedded_all = [*answers, *recordings], [*embedded_all, *([embedded] if embedded else [])]
                print(*rows[-1], f"{time.perf_counter() - start:.1f} s", sep="\n    ", flush=True)
    print(summary(answers, embedded_all))
    if options.write:
        put(PAGE, "claims", f"{table(rows)}\n\n{summary(answers, embedded_all)}")
        put(PAGE, "figures", legend(CLAIMS))


if __name__ == "__main__":
    main()
