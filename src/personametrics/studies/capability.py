"""Does a stronger model hold a persona better?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import AnswerError, ColumnError, DesignError, options
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld, one_scale
from personametrics.measures.panel import Panel
from personametrics.measures.spread import disagreements
from personametrics.stats.intervals.ranks import Ranks, concordance, ranks

SCORE = "capability"
"""Column with a number for each model, the higher the stronger; it need not be there."""
SIGNAL = Name("share", "answers", "persona signal of {}; the intervals of all models hold together")
RERUN = Name("squared scale", "answers", "disagreement of one persona of {} asked the same item twice; all intervals hold together")
RANK = Name("rank", "models", "rank of {} by its persona signal, from 1, and all ranks that the intervals allow")
TAU = Name(
    "correlation", "models", "Kendall's τ of persona signal and capability; undecided pairs count against it below, and for it above"
)
USE = "choosing a stronger model in order to have personas that are held better"


@dataclass(frozen=True)
class Capability(Study):
    """The persona signal of several models, side by side, in one order where the intervals allow one.

    It is read off a table with a column `model`, such as runs of several models put together: on all of them the same personas, items and
    runs, or the comparison is one of panels. A signal is no validity, and goes to 1 at temperature 0: compare at one temperature.

    Attributes:
        parts: names of models that are asked, each a part that some model plays; empty: the one model that is there.
        level: coverage of the intervals, of all models together.
    """

    parts: tuple[str, ...] = ()
    level: float = 0.9
    question: ClassVar[str] = "Does a stronger model hold a persona better?"
    reads: ClassVar[Mapping[str, str]] = {"model": "which model answered"}
    aim: ClassVar[tuple[str, Aim]] = ("signal.least", "high")
    cite: ClassVar[tuple[str, ...]] = ("shrout1979", "owen2007", "klein2020", "kendall1938")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona and every item, of those on the commonest scale, of every model."""
        asked = [request for persona in personas for item in one_scale(items) for request in elicitation.ask(persona, item)]
        if len({request.about["persona"] for request in asked}) < 2 or len({request.about["item"] for request in asked}) < 2:
            message = "capability needs two or more personas and two or more items on one scale."
            raise DesignError(message)
        return [
            replace(request, to=part, about={**request.about, "model": part or "the model"})
            for part in self.parts or ("",)
            for request in asked
        ]

    def estimate(self, responses: Responses) -> Finding:
        """Signal and rank of every model, and how its order goes with capability."""
        frame, source = responses.frame, responses.source
        if "model" not in frame.columns:
            message = f'{source} has no column "model" ({self.reads["model"]}); {options("model", frame.columns, 30)}.'
            raise ColumnError(message)
        names = sorted(frame["model"].cast(pl.String).drop_nulls().unique())
        if not names:
            message = f'{source}, column "model", names no model ({self.reads["model"]}).'
            raise AnswerError(message)
        joint = 1 - (1 - self.level) / len(names)
        panels = [Panel(replace(responses.only(pl.col("model") == name), source=f"{source}, model {name}"), joint) for name in names]
        signals = [panel.named("signal", panel.signal, panel.answers) for panel in panels]
        found, order = list[Estimate](), ranks(*_ends(signals))
        for at, (name, panel, one) in enumerate(zip(names, panels, signals, strict=True)):
            rerun = disagreements(panel)[1]
            found += [_of(one, f"signal.{name}", SIGNAL, name), _of(rerun, f"rerun.{name}", RERUN, name)]
            found.append(self._rank(name, at, signals, order))
        found += [_of(min(signals, key=lambda one: (np.isnan(one.value), one.value)), "signal.least", SIGNAL, "the model with the least")]
        found += self._with_capability(responses, names, signals)
        rows = _rows(names, signals, order)
        return Finding("capability", self.question, _verdict(found, names, order), tuple(found), evidence={"models": rows}, cite=self.cite)

    def _rank(self, name: str, at: int, signals: Sequence[Estimate], order: Ranks) -> Estimate:
        """The rank of a model."""
        values = np.array([one.value for one in signals])
        known = Name(RANK.unit, RANK.counts, RANK.meaning.format(name))
        method, low, high = "ranks of simultaneous intervals", float(order.low[at]), float(order.high[at])
        if np.isnan(values[at]):
            return Estimate(f"rank.{name}", np.nan, np.nan, np.nan, self.level, len(signals), method, signals[at].status, known)
        rank = float(1 + (values > values[at]).sum())
        return Estimate(f"rank.{name}", rank, min(low, rank), max(high, rank), self.level, len(signals), method, EstimateStatus.OK, known)

    def _with_capability(self, responses: Responses, names: Sequence[str], signals: Sequence[Estimate]) -> list[Estimate]:
        """How the order of the signals goes with that of capability, where it is given."""
        if SCORE not in responses.frame.columns:
            return []
        given = responses.frame.select(pl.col("model").cast(pl.String), pl.col(SCORE).cast(pl.String).cast(pl.Float64, strict=False))
        given = given.drop_nulls().unique()
        if given["model"].is_duplicated().any():
            twice = min(given.filter(pl.col("model").is_duplicated())["model"])
            message = f'{responses.source}: the model "{twice}" has two values of "{SCORE}"; give it one.'
            raise DesignError(message)
        score: dict[str, float] = dict(given.iter_rows())
        used = [(one, score[name]) for name, one in zip(names, signals, strict=True) if name in score and not np.isnan(one.value)]
        method = "pairs of models whose intervals lie apart"
        if len(used) < 2 or len({other for _, other in used}) < 2:
            return [Estimate("correlation", np.nan, np.nan, np.nan, self.level, len(used), method, EstimateStatus.UNDEFINED, TAU)]
        value = np.array([one.value for one, _ in used])
        tau = concordance(value, *_ends([one for one, _ in used]), np.array([other for _, other in used]))
        return [Estimate("correlation", *tau[:3], self.level, len(used), method, EstimateStatus.OK, TAU)]

    def known(self) -> StudyWorld:
        """Four models, of which each holds its personas better than the one before; or all alike."""
        people = tuple(Persona(f"person {at}", f"You are number {at}.", {"camp": str(at % 2)}) for at in range(12))
        items = tuple(Item(f"item {at}", f"Statement {at}.", Nominal(("no", "yes")), {"with": str(at // 2 % 2)}) for at in range(12))
        camp, holds = ({one.id: next(iter(one.attributes.values())) for one in them} for them in (people, items))
        held = {"tiny": 0.6, "small": 0.75, "large": 0.88, "huge": 0.97}

        def world(request: Request, *, alike: bool = False) -> Mapping[str, float]:
            own = 0.8 if alike else held[request.about["model"]]
            yes = own if camp[request.about["persona"]] == holds[request.about["item"]] else 1 - own
            return {"no": 1 - yes, "yes": yes}

        truth = {f"signal.{name}": _planted(own, len(people)) for name, own in held.items()}
        truth |= {f"rank.{name}": 4.0 - at for at, name in enumerate(held)}
        study = replace(self, parts=tuple(held))
        quiet = frozenset({"undecided"})
        return StudyWorld(
            people, items, world, truth, lambda request: world(request, alike=True), "models differ", quiet, Elicitation(5), study
        )


def _planted(held: float, people: int) -> float:
    """The signal of two camps of equal size whose members answer as their camp does with a probability."""
    rerun, apart = 2 * held * (1 - held), people / 2 / (people - 1)
    return 1 - rerun / ((1 - apart) * rerun + apart * (held**2 + (1 - held) ** 2))


def _ends(signals: Sequence[Estimate]) -> tuple[np.ndarray, np.ndarray]:
    """Lower and upper ends."""
    return np.array([one.low for one in signals]), np.array([one.high for one in signals])


def _of(one: Estimate, name: str, means: Name, model: str) -> Estimate:
    """An estimate of a model."""
    return replace(one, name=name, means=Name(means.unit, means.counts, means.meaning.format(model)))


def _rows(names: Sequence[str], signals: Sequence[Estimate], order: Ranks) -> Rows:
    """A row a model, the highest signal first."""
    rows = [
        {"model": name, "signal": one.value, "low": one.low, "high": one.high, "best rank": int(best), "worst rank": int(worst)}
        for name, one, best, worst in zip(names, signals, *order, strict=True)
    ]
    return sorted(rows, key=lambda row: -float(np.nan_to_num(row["signal"], nan=-np.inf)))  # type: ignore[arg-type]


def _verdict(found: Sequence[Estimate], names: Sequence[str], order: Ranks) -> Verdict:
    """What the intervals say."""
    known = {one.name: one for one in found}
    ranked = sorted(names, key=lambda one: known[f"rank.{one}"].value)
    signals = {name: known[f"signal.{name}"].value for name in ranked}
    told = ", ".join(f"{name} {'without a signal' if math.isnan(value) else f'{value:.2f}'}" for name, value in signals.items())
    if len(names) < 2:
        return Verdict("one model", f"Only one model answered ({told}): put answers of several into one table.", open=(USE,))
    if tau := known.get("correlation"):
        figures = f"Kendall's τ {tau.value:.2f}, of all orders that the intervals allow {tau.low:.2f} to {tau.high:.2f}; {told}"
        if tau.low > 0:
            return Verdict("stronger holds better", f"The stronger of these models hold personas better: {figures}.", fit=(USE,))
        if tau.high < 0:
            return Verdict("weaker holds better", f"The stronger of these models hold personas worse: {figures}.", unfit=(USE,))
        if tau.low <= 0 <= tau.high:
            return Verdict("undecided", f"Whether the stronger of these models hold personas better is left open: {figures}.", open=(USE,))
    if (order.low > 1).any():
        best = [name for name, low in zip(names, order.low, strict=True) if low == 1]
        return Verdict("models differ", f"Some models hold personas better than others, {' or '.join(best)} best: {told}.", open=(USE,))
    return Verdict("undecided", f"No two models can be told apart: {told}.", open=(USE,))
