"""The diagnosis of a panel: its published failures, the uses it is fit for, and the remedies worth trying, from the verdicts of studies."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple, TypeVar

from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.study import Sign, Study
from personametrics.lab import members

QUESTION = "Which failures does this panel have, and which uses is it fit for?"
READ_LATER = ("responses", "estimates")
"""Stages of remedies that are listed after those that change what is asked."""
Chosen = TypeVar("Chosen", bound=Study)


class Failure(NamedTuple):
    """A published failure of simulated people, in one sentence, and the advice that helps in addition to remedies ("": none)."""

    meaning: str
    advice: str = ""


FAILURES: Mapping[str, Failure] = {
    "instability": Failure("Asking the same persona again moves its answers as much as asking another persona."),
    "resistance": Failure("The model keeps its own character, whatever persona it is given."),
    "distortion": Failure("The persona bends judgement of facts toward its identity.", "leave the persona out of questions about facts"),
    "drift": Failure("The persona fades, contradicts itself or gives way over a conversation."),
}
"""The failures in the order in which they are reported. `Study.signs` names them; failures that only a study names follow these."""

USES: Mapping[str, str] = {
    "annotation by majority": "The majority of the panel replaces the majority of annotators.",
    "one persona for one annotator": "Each persona replaces an annotator with the same attributes.",
    "simulated user": "Personas talk to a system in place of its users.",
    "personalised adapter": "A persona predicts the answers of the person it describes.",
    "evaluation panel": "Personas grade texts or answers as judges.",
    "model of bias, generator of hypotheses": "Differences between personas suggest what to ask people.",
}
"""The uses of a panel in the order in which they are reported; `Study.signs` names the verdicts that they need, and that spoil them."""


class Failing(NamedTuple):
    """A failure that was found: the remedies that are published against it, and the gravest study that shows it."""

    remedies: tuple[str, ...]
    study: str


@dataclass(frozen=True)
class Diagnosis:
    """The findings of several studies with what their verdicts mean for a panel: the signs by study and label."""

    findings: Mapping[str, Finding]
    signs: Mapping[str, Mapping[str, Sign]]

    @classmethod
    def of(cls, findings: Iterable[Finding]) -> "Diagnosis":
        """Return the diagnosis of findings, at most one a study, by the signs of every study that is available."""
        return cls({finding.study: finding for finding in findings}, {name: kind.signs for name, kind in members.studies().items()})

    @cached_property
    def present(self) -> Mapping[str, Sign]:
        """The sign of each finding's verdict, by study."""
        signs = {name: self.signs.get(name, {}).get(finding.verdict.label) for name, finding in self.findings.items()}
        return {name: sign for name, sign in signs.items() if sign is not None}

    @cached_property
    def failures(self) -> list[str]:
        """The names of all failures, found or not."""
        every = [sign for signs in self.signs.values() for sign in signs.values()]
        return list(dict.fromkeys([*FAILURES, *sorted(name for sign in every for name in (*sign.shows, *sign.clears))]))

    @cached_property
    def uses(self) -> list[str]:
        """The names of all uses."""
        every = [sign for signs in self.signs.values() for sign in signs.values()]
        return list(dict.fromkeys([*USES, *sorted(name for sign in every for name in (*sign.needed_for, *sign.spoils))]))

    def examined_by(self, failure: str) -> list[str]:
        """Return the studies with a finding that can show a failure or rule it out, the gravest first."""
        gravity: dict[str, int] = {}
        for study in self.findings:
            ranks = [sign.gravity for sign in self.signs.get(study, {}).values() if failure in (*sign.shows, *sign.clears)]
            if ranks:
                gravity[study] = max(ranks)
        return sorted(gravity, key=lambda study: (-gravity[study], study))

    def shown_by(self, failure: str) -> list[str]:
        """Return the studies that show a failure, the gravest first."""
        return [study for study in self.examined_by(failure) if study in self.present and failure in self.present[study].shows]

    @cached_property
    def found(self) -> list[str]:
        """The failures that a verdict shows."""
        return [failure for failure in self.failures if self.shown_by(failure)]

    @cached_property
    def ruled_out(self) -> list[str]:
        """The failures that a verdict rules out and none shows."""
        cleared = {failure for sign in self.present.values() for failure in sign.clears}
        return [failure for failure in self.failures if failure in cleared and failure not in self.found]

    def needs(self, use: str) -> dict[str, list[str]]:
        """Return the verdicts that a use needs: for each study, labels of which one must be reached."""
        needed = {study: [label for label, sign in signs.items() if use in sign.needed_for] for study, signs in self.signs.items()}
        return {study: labels for study, labels in sorted(needed.items()) if labels}

    def lacking(self, use: str) -> list[str]:
        """Return the verdicts that a use still needs, in words."""
        return [
            f"{_quoted(labels)} from {study}"
            for study, labels in self.needs(use).items()
            if study not in self.findings or self.findings[study].verdict.label not in labels
        ]

    def spoilers(self, use: str) -> list[str]:
        """Return the verdicts that make a panel unfit for a use, in words."""
        spoiling = [study for study, sign in self.present.items() if use in sign.spoils]
        return [f"{_quoted([self.findings[study].verdict.label])} from {study}" for study in sorted(spoiling)]

    @property
    def sentence(self) -> str:
        """The failures, by what is known about them."""
        examined = {failure for failure in self.failures if self.examined_by(failure)}
        decided = {*self.found, *self.ruled_out}
        parts = {
            "Found": self.found,
            "Ruled out": self.ruled_out,
            "Undecided": [failure for failure in self.failures if failure in examined - decided],
            "Not examined": [failure for failure in self.failures if failure not in examined],
        }
        listed = [f"{name}: {', '.join(failures)}." for name, failures in parts.items() if failures]
        return " ".join(listed if self.found else ["No published failure was found.", *listed])

    @property
    def figures(self) -> list[dict[str, str | float | None]]:
        """The verdict of each study on each failure, with its first estimate that has an interval."""
        rows: list[dict[str, str | float | None]] = []
        for failure in self.failures:
            for study in self.examined_by(failure):
                finding = self.findings[study]
                chief = next((estimate for estimate in finding.estimates if not math.isnan(estimate.low)), None)
                row: dict[str, str | float | None] = {"failure": failure, "study": study, "verdict": finding.verdict.label}
                row |= dict.fromkeys(("estimate", "value", "low", "high"))
                if chief is not None:
                    row |= {"estimate": chief.name, "value": chief.value, "low": chief.low, "high": chief.high}
                rows.append(row)
        return rows


def _quoted(labels: Iterable[str]) -> str:
    """Return labels of verdicts, any of which will do, as they stand in a sentence."""
    return " or ".join(f'"{label}"' for label in labels)


def shared_level(studies: Sequence[Chosen], level: float = 0.9, others: int = 0) -> list[Chosen]:
    """Return studies whose verdicts are all correct with the probability `level`: each at 1 − (1 − level) / number (Bonferroni).

    The number includes `others`, further verdicts on the same card.
    """
    each = 1 - (1 - level) / max(1, len(studies) + others)
    return [study.set(level=each) for study in studies]


def diagnose(findings: Iterable[Finding], level: float = 0.9) -> Finding:
    """Return the diagnosis that follows from the verdicts of studies, which are all correct with the confidence `level`.

    It has no estimates. Its evidence lists failures with the figures that show them, and remedies.
    """
    diagnosis = Diagnosis.of(findings)
    spoilers = {use: diagnosis.spoilers(use) for use in diagnosis.uses}
    lacking = {use: diagnosis.lacking(use) for use in diagnosis.uses}
    free = [use for use in diagnosis.uses if not spoilers[use] and diagnosis.needs(use)]
    verdict = Verdict(
        ", ".join(diagnosis.found) or "no failure found",
        f"{diagnosis.sentence} With {level:.0%} confidence, all {len(diagnosis.findings)} verdicts are correct.",
        tuple(use for use in free if not lacking[use]),
        tuple(f"{use} ({', '.join(spoilers[use])})" for use in diagnosis.uses if spoilers[use]),
        tuple(f"{use} (verdicts still needed: {', '.join(lacking[use])})" for use in free if lacking[use]),
    )
    evidence: dict[str, Rows] = {"failures": diagnosis.figures}
    evidence["remedies"] = [row for failure in diagnosis.found for row in _worth_trying(failure)]
    return Finding("diagnosis", QUESTION, verdict, (), evidence={name: rows for name, rows in evidence.items() if rows}, cite=("dunn1961",))


def failing(findings: Iterable[Finding]) -> list[Failing]:
    """Return the failures that were found, each with its remedies and the gravest study that shows it."""
    diagnosis = Diagnosis.of(findings)
    return [Failing(_remedies(failure), diagnosis.shown_by(failure)[0]) for failure in diagnosis.found]


def _remedies(failure: str) -> tuple[str, ...]:
    """Return the names of the remedies that are published against a failure; those that change what is asked come first."""
    kinds = {name: kind for name, kind in members.remedies().items() if failure in kind.against}
    return tuple(sorted(kinds, key=lambda name: (kinds[name].acts_on in READ_LATER, name)))


def _worth_trying(failure: str) -> list[dict[str, str]]:
    """Return the remedies that are worth trying against a failure, and what helps in addition."""
    rows = [(name, members.remedies()[name].says) for name in _remedies(failure)]
    advice = FAILURES[failure].advice if failure in FAILURES else ""
    rows += [("no remedy", advice)] if advice else []
    return [{"failure": failure, "worth trying": name, "what it does": text} for name, text in rows]
