"""Does a stronger model have a higher persona signal?"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, ColumnError, ensure, options
from personametrics.data.finding import Estimate, Finding, Name, Rows, Side, Verdict
from personametrics.data.study import Aim, Elicitation, Item, Persona, Request, Responses, Study, StudyWorld, one_scale
from personametrics.measures.panel import Panel
from personametrics.measures.spread import disagreements
from personametrics.studies.capability.signal_ranks import model_rows, rank_correlation, rank_estimate
from personametrics.studies.capability.world import HELD, camps_world

SIGNAL = Name("share", "answers", "persona signal of {}; simultaneous intervals for all models")
RERUN = Name("squared scale", "answers", "disagreement of reruns of one persona and item of {}; simultaneous intervals for all models")
USE = "choosing a stronger model to get a higher persona signal"
ORDERS: Mapping[Side, Verdict] = {
    "above": Verdict("stronger holds better", "The stronger of these models have higher persona signals", fit=(USE,)),
    "below": Verdict("weaker holds better", "The stronger of these models have lower persona signals", unfit=(USE,)),
    "undecided": Verdict("undecided", "It is undecided whether stronger models have higher persona signals", open=(USE,)),
}
"""Verdicts by the side of 0 on which Kendall's τ lies."""


@dataclass(frozen=True)
class Capability(Study):
    """The persona signals of several models side by side, in one order where the intervals allow one.

    The answers are one table with a column `model`, such as runs of several models put together, with the same personas, items and runs
    for each; otherwise the comparison is one of panels. A high signal is not validity, and it goes to 1 at temperature 0: compare models at
    one temperature.

    Attributes:
        roles: names of roles, each answered by a model of its own; empty: the one model at hand.
        level: coverage of the intervals of all models together.
    """

    roles: tuple[str, ...] = ()
    level: float = 0.9
    question: ClassVar[str] = "Does a stronger model have a higher persona signal?"
    reads: ClassVar[Mapping[str, str]] = {"model": "the model that answered"}
    aim: ClassVar[tuple[str, Aim]] = ("signal.least", "high")
    cite: ClassVar[tuple[str, ...]] = ("shrout1979", "owen2007", "klein2020", "kendall1938")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every persona and every item on the most frequent scale, for every model."""
        requests = [request for persona in personas for item in one_scale(items) for request in elicitation.ask(persona, item)]
        message = "capability needs two or more personas and two or more items on one scale."
        ensure(all(len({request.about[role] for request in requests}) > 1 for role in ("persona", "item")), message)
        answers = ((request, role) for role in self.roles or ("",) for request in requests)
        return [replace(request, to=role, about={**request.about, "model": role or "the model"}) for request, role in answers]

    def estimate(self, responses: Responses) -> Finding:
        """Return signal and rank of every model, and how their order agrees with that of capability."""
        names = self._models(responses)
        joint = 1 - (1 - self.level) / len(names)
        panels = [Panel(responses.only(pl.col("model") == name, f"model {name}"), joint) for name in names]
        signals = [panel.named("signal", panel.signal, panel.answers) for panel in panels]
        estimates: list[Estimate] = []
        for index, (name, panel) in enumerate(zip(names, panels, strict=True)):
            rerun = next(estimate for estimate in disagreements(panel) if estimate.name == "disagreement.rerun")
            estimates += [_named(signals[index], f"signal.{name}", SIGNAL, name), _named(rerun, f"rerun.{name}", RERUN, name)]
            estimates.append(rank_estimate(index, name, signals, self.level))
        least = min(signals, key=lambda signal: (np.isnan(signal.value), signal.value))
        estimates.append(_named(least, "signal.least", SIGNAL, "the model with the lowest signal"))
        tau = rank_correlation(responses, dict(zip(names, signals, strict=True)), self.level)
        rows = model_rows(names, signals)
        verdict = _verdict(rows, tau)
        estimates += [tau] if tau else []
        return Finding("capability", self.question, verdict, tuple(estimates), evidence={"models": rows}, cite=self.cite)

    def _models(self, responses: Responses) -> list[str]:
        """Return the names of the models."""
        frame, source = responses.frame, responses.source
        if "model" not in frame.columns:
            message = f'{source} has no column "model" ({self.reads["model"]}). {options("model", frame.columns, 30)}.'
            raise ColumnError(message)
        names = sorted(frame["model"].cast(pl.String).drop_nulls().unique())
        ensure(names, f'{source}: the column "model" ({self.reads["model"]}) is empty. Name a model in each row.', AnswerError)
        return names

    def known(self) -> StudyWorld:
        """Return a world of four models that hold personas better and better, and one in which all are alike."""
        return camps_world(replace(self, roles=tuple(HELD)))


def _named(estimate: Estimate, name: str, means: Name, model: str) -> Estimate:
    """Return an estimate under the name that it has for one model."""
    return replace(estimate, name=name, means=Name(means.unit, means.counts, means.meaning.format(model)))


def _verdict(rows: Rows, tau: Estimate | None) -> Verdict:
    """Return the verdict from the order of the models, or from its agreement with that of capability.

    Args:
        rows: the models as `model_rows` gives them.
        tau: agreement of both orders; None or undefined: the order of the models alone.
    """
    signals = {str(row["model"]): float(row["signal"] or 0) for row in rows}
    figures = ", ".join(f"{model} {'without a signal' if np.isnan(signal) else f'{signal:.2f}'}" for model, signal in signals.items())
    if len(rows) < 2:
        return Verdict("one model", f"Only one model answered ({figures}). Put answers of several models into one table.", open=(USE,))
    if tau and not np.isnan(tau.value):
        verdict = ORDERS[tau.side()]
        possible = f"Kendall's τ {tau.value:.2f} ({tau.low:.2f} to {tau.high:.2f} over all orders that the intervals allow)"
        return replace(verdict, sentence=f"{verdict.sentence}: {possible}; {figures}.")
    best = " or ".join(sorted(str(row["model"]) for row in rows if row["best rank"] == 1))
    if any(row["best rank"] != 1 for row in rows):
        return Verdict("models differ", f"Some models have higher persona signals than others; the best is {best}: {figures}.", open=(USE,))
    return Verdict("undecided", f"The intervals do not show a difference between any two models: {figures}.", open=(USE,))
