"""Which published effects would this panel reproduce?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from statistics import median
from typing import ClassVar

import numpy as np

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Ordinal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.stats.arrays import quotient
from personametrics.stats.intervals.cluster import clustered
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.logistic import log_odds_slope
from personametrics.stats.intervals.proportion import wilson
from personametrics.studies.replication.effects import Simulated, simulated
from personametrics.studies.replication.experiments import SIGNS, Table, cell, described

MOST = 60
USE = "forecasting whether an experiment with people would find its effect"


@dataclass(frozen=True)
class Replication(Study):
    """Runs published experiments on the panel; an effect is replicated with the same direction and p below alpha.

    Every persona sees one cell of an experiment, by lot and equally often, as participants do. The panel's effect is the difference of the
    arms' means; of an interaction, the difference with the moderator minus that without it. Its test is a t test over personas. The slope
    of panel effects on published effects goes through the origin, so that it does not matter which arm is called the treatment; where n is
    known it is corrected for sampling error of the published effect. Effects that were published because they were significant are too
    large all the same.

    Attributes:
        experiments: a table with the columns experiment, kind, effect, p, n (a path, or rows); empty: they are attributes of the items.
        standardised: published effects are in standard deviations (Cohen's d), not in units of the answers.
        alpha: an effect is significant below it.
        wanted: a panel replicates where the whole interval of the share lies above this.
        level: coverage of the intervals.
        seed: of the lot.
    """

    experiments: Table = ""
    standardised: bool = True
    alpha: float = 0.05
    wanted: float = 0.5
    level: float = 0.9
    seed: int = 0
    question: ClassVar[str] = "Which published effects would this panel reproduce?"
    reads: ClassVar[Mapping[str, str]] = {
        "experiment": "the published experiment",
        "arm": "treatment or control",
        "kind": "main or interaction",
        "effect": "the published effect, above 0 where treatment is higher",
        "p": "of the published test",
    }
    aim: ClassVar[tuple[str, Aim]] = ("share.replicated", "high")
    cite: ClassVar[tuple[str, ...]] = ("yeykelis2024", "wilson1927", "firth1993", "heinze2002")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona one cell of every experiment."""
        found, asked = list[Request](), described(items, self.experiments)
        names = list(dict.fromkeys(told["experiment"] for _, told in asked))
        for at, name in enumerate(names):
            own = [(item, told) for item, told in asked if told["experiment"] == name]
            cells = list(SIGNS[own[0][1]["kind"]])
            if len(personas) < 2 * len(cells):
                message = f'replication needs {2 * len(cells)} personas or more, two for each cell of "{name}".'
                raise DesignError(message)
            lot = np.random.default_rng([self.seed, at]).permutation(len(personas))
            for persona, drawn in zip(personas, lot, strict=True):
                for item, told in own:
                    if cell(told) == cells[int(drawn) % len(cells)]:
                        found += elicitation.ask(persona, item, told)
        return found

    def estimate(self, responses: Responses) -> Finding:
        """Shares that replicate, and how they go with the published effect and p; columns moderator, counts and n may be missing."""
        exact, all_of_them = bool(responses.columns.probabilities), simulated(responses, self.reads, self.alpha)
        found = [one for one in all_of_them if not math.isnan(one.difference.low)]
        if not found:
            message = f"{responses.source}: no experiment has answers of two or more personas in each of its cells."
            raise DesignError(message)
        estimates = (*self._shares(found), self._slope(found), self._strength(found))
        notices = _notices(found, [one.published.name for one in all_of_them if one not in found], exact=exact)
        return Finding(
            "replication", self.question, self._verdict(estimates), estimates, notices, {"experiments": _evidence(found)}, self.cite
        )

    def _shares(self, found: Sequence[Simulated]) -> list[Estimate]:
        """Shares of experiments, with Wilson's intervals."""
        sets = {"share.replicated": ("experiments whose direction and significance return", [one.replicated for one in found])}
        for kind in SIGNS:
            won = [one.replicated for one in found if one.published.kind == kind]
            sets |= {f"share.{kind}": (f"{kind} effects whose direction and significance return", won)} if won else {}
        sets["share.same_direction"] = ("experiments whose direction returns", [one.same for one in found])
        shares = []
        for name, (meaning, won) in sets.items():
            ends = wilson(sum(won), len(won), self.level)[:3]
            shares.append(Estimate(name, *ends, self.level, len(won), "Wilson's interval", means=Name("share", "experiments", meaning)))
        return shares

    def _slope(self, found: Sequence[Simulated]) -> Estimate:
        """Panel effects per published one."""
        sizes = [one.standardised if self.standardised else one.difference.value for one in found]
        pairs = np.array([(size, one.published.effect, one.published.noise) for size, one in zip(sizes, found, strict=True)])
        pairs = pairs[np.isfinite(pairs[:, 0])]
        noise = pairs[:, 2] if self.standardised else np.zeros(len(pairs))
        table = np.stack([pairs[:, 0] * pairs[:, 1], pairs[:, 1] ** 2 - noise], axis=1)
        slope = clustered(table, quotient, [np.arange(len(pairs))], self.level) if len(pairs) else Interval(math.nan, math.nan, math.nan)
        means = Name("ratio", "experiments", "panel effect per published one, through the origin: above 1 exaggerates, below 1 flattens")
        method = "jackknife over experiments" + (", corrected for sampling error" if noise.any() else "")
        return _named("slope.effect", slope, means, (self.level, len(pairs), method))

    def _strength(self, found: Sequence[Simulated]) -> Estimate:
        """How success goes with the strength of the published evidence."""
        known = [one for one in found if math.isfinite(one.published.p)]
        x, y = np.array([-math.log10(one.published.p) for one in known]), np.array([float(one.replicated) for one in known])
        slope, penalised = log_odds_slope(x, y, self.level)
        means = Name("log odds", "experiments", "log odds of replication per −log10 of the published p")
        method = "logistic regression, profile likelihood" + (
            " with Firth's penalty, since a threshold of p parts them" if penalised else ""
        )
        return _named("slope.p", slope, means, (self.level, len(known), method))

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the interval of the share says."""
        parts = [one for one in found if one.name in {"share.replicated", "share.main", "share.interaction"}]
        figures = [f"{one.name.removeprefix('share.')} {one.value:.0%} of {one.n} ({one.span('.0%')})" for one in parts]
        said, share = ", ".join(figures), parts[0]
        if share.low > self.wanted:
            return Verdict("most effects replicate", f"More than {self.wanted:.0%} return: {said}.", fit=(USE,))
        if share.high < self.wanted:
            return Verdict("most effects do not replicate", f"Fewer than {self.wanted:.0%} return: {said}.", unfit=(USE,))
        return Verdict("undecided", f"The interval holds {self.wanted:.0%}: {said}.", open=(USE,))

    def known(self) -> StudyWorld:
        """Seventeen of 24 effects are there, at four fifths of what was published."""
        people = tuple(Persona(f"person {at}", f"You are person {at}.") for at in range(40))
        there = {f"main {at}": at < 15 for at in range(18)} | {f"interaction {at}": at < 2 for at in range(6)}
        moves = {name: 0.2 + 0.01 * at if name.startswith("main") else 0.3 for at, name in enumerate(there)}
        sizes = {name: _size(move, name.split()[0]) for name, move in moves.items()}
        items = []
        for name, real in there.items():
            kind = name.split()[0]
            known = {"experiment": name, "kind": kind, "effect": f"{sizes[name] / 0.8:.12g}", "p": "0.0001" if real else "0.03"}
            for place in SIGNS[kind]:
                arm, _, moderator = place.partition(" ")
                attributes = {**known, "arm": arm, "moderator": moderator}
                items.append(Item(f"{name}: {place}", f"How much, {place}?", Ordinal(tuple("12345")), attributes))

        def world(request: Request, effect: float = 1.0) -> Mapping[str, float]:
            about = request.about
            sign = SIGNS[about["kind"]][cell(about)]
            up = 0.5 + sign * effect * there[about["experiment"]] * moves[about["experiment"]] / 2
            return {str(at + 1): math.comb(4, at) * up**at * (1 - up) ** (4 - at) for at in range(5)}

        squares = sum(size**2 for size in sizes.values())
        slope = 0.8 * sum(size**2 for name, size in sizes.items() if there[name]) / squares
        truth = {"share.replicated": 17 / 24, "share.main": 15 / 18, "share.interaction": 2 / 6, "slope.effect": slope}
        null, quiet = partial(world, effect=0.0), frozenset({"most effects do not replicate", "undecided"})
        return StudyWorld(people, tuple(items), world, truth, null, "most effects replicate", quiet, Elicitation(runs=3))


def _size(move: float, kind: str) -> float:
    """Standardised effect of the known world: of answers from 1 to 5, each step taken with a probability that differs by the move."""
    spread = math.sqrt(4 * (0.25 - (move / 2) ** 2))
    return 4 * move / spread * (len(SIGNS[kind]) / 2)


def _named(name: str, found: Interval, means: Name, rest: tuple[float, int, str]) -> Estimate:
    """An estimate with the status that its gaps call for."""
    status = (
        EstimateStatus.UNDEFINED if math.isnan(found.value) else EstimateStatus.NO_INTERVAL if math.isnan(found.low) else EstimateStatus.OK
    )
    return Estimate(name, *found[:3], *rest, status, means)


def _evidence(found: Sequence[Simulated]) -> Rows:
    """Experiments, those that fail first, the largest published effect first."""
    return [
        {
            "experiment": one.published.name,
            "kind": one.published.kind,
            "published": one.published.effect,
            "p": one.published.p if math.isfinite(one.published.p) else None,
            "standardised": one.standardised if math.isfinite(one.standardised) else None,
            "difference": one.difference.value,
            "low": one.difference.low,
            "high": one.difference.high,
            "personas": one.personas,
            "replicated": one.replicated,
        }
        for one in sorted(found, key=lambda one: (one.replicated, -abs(one.published.effect), one.published.name))
    ][:MOST]


def _notices(found: Sequence[Simulated], left: Sequence[str], *, exact: bool) -> tuple[Notice, ...]:
    """What was left out, and where the panel's test is not that of the original."""
    said = []
    if left:
        text = f"{len(left)} experiments lack two personas in a cell, such as {left[0]}; they are left out."
        said.append(Notice("experiments-left-out", text))
    still = sum(math.isnan(one.standardised) for one in found)
    if still:
        text = f"In {still} experiments no answer varies within its cell: they have no standardised effect, and are not in slope.effect."
        said.append(Notice("no-spread", text))
    people = [one for one in found if math.isfinite(one.published.n)]
    if people and (here := median(one.personas for one in people)) < (then := median(one.published.n for one in people)):
        said.append(
            Notice("smaller-panel", f"An experiment has {here:g} personas, where {then:g} people took part (medians): power differs.")
        )
    if exact:
        said.append(
            Notice("exact-answers", "With label probabilities personas alone make the test uncertain: it is sharper than with people.")
        )
    return tuple(said)
