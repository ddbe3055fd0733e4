"""Adaptive asking of any study: more runs until its verdict is clear."""

from dataclasses import replace

from personametrics.data.errors import InputError, StudyError
from personametrics.elicit.engine import Tally, Terms
from personametrics.elicit.journal import Journal
from personametrics.lab.task import Task

FIRST = 2
"""The runs before the first look."""
OPEN = frozenset({"undecided", "unknown"})
"""Verdicts that more runs may change."""


def steps(runs: int) -> list[int]:
    """Return the number of runs at each look: it doubles, and ends at the runs of the plan.

    Examples:
        >>> steps(5)
        [2, 4, 5]
    """
    found = []
    now = FIRST
    while now < runs:
        found.append(now)
        now *= 2
    return [*found, runs]


async def put_in_steps(task: Task, journal: Journal, terms: Terms) -> Tally:
    """Ask a study in steps of runs, and stop when its verdict is clear.

    Each look has the level 1 − (1 − level) / looks (Bonferroni), so that the verdict is false no more often than after one look.

    Raises:
        StudyError: there is one run, so that there is nothing to stop.
    """
    runs = task.elicitation.runs
    if runs < FIRST or task.elicitation.score:
        message = "adaptive: there is nothing to stop early with one run; let runs be 2 or more, and ask without score."
        raise StudyError(message)
    looks = steps(runs)
    level = 1 - (1 - task.study.level) / len(looks)
    seen = []
    for number in looks:
        part = replace(task.in_runs(number), study=task.study.set(level=level))
        tally = await part.put(journal, terms)
        try:
            label = part.finding.verdict.label
        except InputError:
            label = "unknown"
        seen.append({"runs": number, "level": level, "verdict": label})
        decided = label not in OPEN
        journal.note("looks", {"runs": number, "level": level, "looks": seen, "decided": decided})
        if decided or not tally.complete:
            return tally
    return tally
