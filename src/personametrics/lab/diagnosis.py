"""Which published failure a panel has, what it is fit for, and which remedies are worth trying: read off the findings of the studies."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple, TypeVar

from personametrics.data.estimate import Estimate
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.lab import members

QUESTION = "Which failure does this panel have, and what is it fit for?"

Chosen = TypeVar("Chosen", bound=Any)
Sign = tuple[str, str]
"""A study, and the label of its verdict."""


@dataclass(frozen=True)
class Failure:
    """A published failure.

    Attributes:
        signs: verdicts that show it, the gravest study first.
        clear: verdicts that show its absence.
        remedies: names of those that are published against it.
        advice: what helps beside.
    """

    signs: tuple[Sign, ...]
    clear: tuple[Sign, ...]
    remedies: tuple[str, ...]
    advice: str = ""


@dataclass(frozen=True)
class Use:
    """What a panel may be wanted for.

    Attributes:
        needs: verdicts without which it is not fit.
        spoils: verdicts with any of which it is unfit.
    """

    needs: tuple[Sign, ...]
    spoils: tuple[Sign, ...]


FAILURES: Mapping[str, Failure] = {
    "instability": Failure(
        (
            ("stability", "model uncertainty dominates"),
            ("wording", "wording moves more than the persona"),
            ("commitment", "superposition"),
        ),
        (("stability", "persona dominates"),),
        ("average", "spell_out", "abstain"),
    ),
    "resistance": Failure(
        (("resistance", "keeps its own character"), ("resistance", "backlash"), ("prior_pull", "prior wins")),
        (("resistance", "takes the character"),),
        ("spell_out", "listener"),
    ),
    "distortion": Failure(
        (
            ("distortion", "identity bends judgement"),
            ("expertise", "personas cost accuracy"),
            ("value_tension", "collapses to one side"),
        ),
        (("distortion", "no bend"),),
        ("debias",),
        "leave the persona out where facts are asked",
    ),
}
"""Drift is not among them: it takes conversations."""

USES: Mapping[str, Use] = {
    "annotation by majority": Use(
        (("annotation", "as good as annotators' majority"),),
        (("annotation", "worse than one annotator"), ("annotation", "worse than annotators' majority")),
    ),
    "one persona for one annotator": Use(
        (("stability", "persona dominates"), ("fidelity", "groups differ as in people")),
        (("stability", "model uncertainty dominates"), ("wording", "wording moves more than the persona")),
    ),
    "simulated user": Use(
        (("stability", "persona dominates"), ("resistance", "takes the character")),
        (("resistance", "keeps its own character"), ("resistance", "backlash"), ("commitment", "superposition")),
    ),
    "personalised adapter": Use(
        (("individuation", "individual"), ("stability", "persona dominates")), (("individuation", "no individuation"),)
    ),
    "evaluation panel": Use(
        (("judge_reliability", "reliable enough"), ("distortion", "no bend")),
        (("judge_reliability", "not reliable enough"), ("distortion", "identity bends judgement"), ("expertise", "personas cost accuracy")),
    ),
    "model of bias, generator of hypotheses": Use((("stability", "persona dominates"),), (("stability", "model uncertainty dominates"),)),
}


def shared_level(studies: Sequence[Chosen], level: float = 0.9, beside: int = 0) -> list[Chosen]:
    """Studies whose verdicts hold together: each at 1 − (1 − level) / number (Bonferroni), so that the chance of any false one stays.

    Args:
        studies: with a field `level`.
        level: of all verdicts together.
        beside: verdicts of the same card that are not among them.
    """
    each = 1 - (1 - level) / max(1, len(studies) + beside)
    return [replace(study, level=each) for study in studies]


def diagnose(findings: Iterable[Finding], level: float = 0.9) -> Finding:
    """The diagnosis.

    Args:
        findings: of the studies, at most one verdict a study.
        level: of all verdicts together.

    Returns:
        A finding whose evidence lists failures with the figures that show them, uses with what decides them, and remedies.
    """
    found = {finding.study: finding for finding in findings}
    labels = {(name, finding.verdict.label) for name, finding in found.items()}
    failed = {name: failure for name, failure in FAILURES.items() if labels & set(failure.signs)}
    fit = tuple(name for name, use in USES.items() if set(use.needs) <= labels and not labels & set(use.spoils))
    unfit = tuple(f"{name} ({_because(labels & set(use.spoils))})" for name, use in USES.items() if labels & set(use.spoils))
    rest = tuple(
        f"{name} (lacks {_because(set(use.needs) - labels)})"
        for name, use in USES.items()
        if name not in fit and not labels & set(use.spoils)
    )
    sentence = (
        f"It has {' and '.join(failed)}; {_clear(labels)}." if failed else f"No published failure shows; {_clear(labels)}."
    ) + f" The verdicts of all {len(found)} studies hold together at {level:.0%}."
    verdict = Verdict(", ".join(failed) or "no failure found", sentence, fit, unfit, rest)
    evidence: dict[str, Rows] = {"failures": [row for name, failure in FAILURES.items() for row in _shown(name, failure, found)]}
    evidence["remedies"] = [
        {"failure": name, "worth trying": one, "what it does": says} for name, failure in failed.items() for one, says in _worth(failure)
    ]
    return Finding("diagnosis", QUESTION, verdict, (), evidence={name: rows for name, rows in evidence.items() if rows}, cite=("dunn1961",))


class Failing(NamedTuple):
    """A failure that shows: what is published against it, and the study that shows it."""

    remedies: tuple[str, ...]
    study: str


def failing(findings: Iterable[Finding]) -> list[Failing]:
    """Failures that show, each with the gravest study that shows it."""
    labels = {(finding.study, finding.verdict.label) for finding in findings}
    return [
        Failing(failure.remedies, next(study for study, label in failure.signs if (study, label) in labels))
        for failure in FAILURES.values()
        if labels & set(failure.signs)
    ]


def _worth(failure: Failure) -> list[tuple[str, str]]:
    """What is worth trying against a failure, and what it does."""
    named = [(name, members.remedies()[name].says) for name in failure.remedies]
    return [*named, *([("no remedy", failure.advice)] if failure.advice else [])]


def _clear(labels: set[Sign]) -> str:
    """Failures that were looked for and are not there, and those that are open."""
    absent = [name for name, failure in FAILURES.items() if labels & set(failure.clear) and not labels & set(failure.signs)]
    left = [name for name, failure in FAILURES.items() if name not in absent and not labels & set(failure.signs)]
    parts = [f"not {' nor '.join(absent)}"] if absent else []
    return ", ".join([*parts, *([f"{' and '.join(left)} left open"] if left else [])]) or "nothing else was looked for"


def _because(signs: Iterable[Sign]) -> str:
    """Verdicts in words."""
    return "; ".join(f"{study}: {label}" for study, label in sorted(signs))


def _shown(name: str, failure: Failure, found: Mapping[str, Finding]) -> list[dict[str, str | float | None]]:
    """What each study says of a failure, with its first estimate that has an interval."""
    rows: list[dict[str, str | float | None]] = []
    for study in dict.fromkeys(study for study, _ in (*failure.signs, *failure.clear)):
        if study in found:
            finding = found[study]
            chief: Estimate | None = next((one for one in finding.estimates if not math.isnan(one.low)), None)
            row: dict[str, str | float | None] = {"failure": name, "study": study, "verdict": finding.verdict.label}
            row |= dict.fromkeys(("estimate", "value", "low", "high"))
            if chief is not None:
                row |= {"estimate": chief.name, "value": chief.value, "low": chief.low, "high": chief.high}
            rows.append(row)
    return rows
