"""Do a persona's choices agree with its statements about itself?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import product
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import NOBODY, Aim, Elicitation, Item, Numeric, Ordinal, Persona, Request, Responses, Study
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums
from personametrics.stats.arrays import quotient_difference
from personametrics.studies.say_do.games import (
    DO,
    MOMENTS,
    SAY,
    game_correlation,
    game_scores,
    gap_table,
    has_odds,
    least_to_most,
    positions,
)
from personametrics.studies.say_do.world import known_world

LOW, HIGH = "low", "high"
LADDERS: Mapping[str, tuple[str, str]] = {
    "ladder": ("share", "probability that a persona, asked once for every offer, never refuses a better offer than one it accepted"),
    "reversal": ("share", "probability that the better of two neighbouring offers gets the lower answer"),
    "climb": ("share", "answer to the best offer minus answer to the worst offer, in shares of the scale"),
}
SHIFTS: Mapping[str, tuple[str, pl.Expr]] = {
    "say": ("self-report of the second group minus self-report of the first group, in shares of the scale", pl.col("say")),
    "do": ("choice of the second group minus choice of the first group, in shares of the scale", pl.col("do")),
    "gap": ("shift.say minus shift.do", pl.col("say") - pl.col("do")),
}
USE = "predicting a persona's choices from its self-reports"


@dataclass(frozen=True)
class SayDo(Study):
    """Self-reports compared with choices in games whose offers get better rung by rung.

    Saying and doing are means over items, from 0, the least, to 1. Their correlation over personas, within each game, is corrected for the
    noise of reruns, not for the choice of items; the uncorrected correlation is an estimate too. Each rung is a request of its own, so that
    a choice is not a reply to the choice before. The study does not compare with people (Mannekote and others 2025; Xie and others 2024).

    Attributes:
        groups: attribute of a persona and two of its values; the second group is compared with the first.
        follows: doing follows saying if the whole interval of their correlation lies above this.
        level: coverage of the intervals.
    """

    groups: tuple[str, str, str] = ("warm", LOW, HIGH)
    follows: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "Do a persona's choices agree with its statements about itself?"
    reads: ClassVar[Mapping[str, str]] = {
        "mode": "say or do",
        "game": "the game",
        "odds": "a number, higher for a better offer; ignored for a self-report",
        "least_to_most": "possible answers from the lowest to the highest, separated by |, or numbers such as 0..10",
        "group": "low, high or empty: the groups to compare",
    }
    aim: ClassVar[tuple[str, Aim]] = ("correlation", "high")
    cite: ClassVar[tuple[str, ...]] = ("mannekote2025", "xie2024", "han2025", "spearman1904", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every self-report and every rung of the games that have both, for every persona."""
        asked = [item for item in items if item.attributes.get("mode") in {SAY, DO} and item.attributes.get("game")]
        asked = [item for item in asked if isinstance(item.scale, Ordinal | Numeric) and (item.attributes["mode"] == SAY or has_odds(item))]
        modes: dict[str, list[str]] = {}
        for item in asked:
            modes.setdefault(item.attributes["game"], []).append(item.attributes["mode"])
        games = {game for game, in_game in modes.items() if SAY in in_game and in_game.count(DO) > 1}
        message = "say_do needs 3 personas, and for one game (attribute game) an item with mode=say and two with mode=do and odds."
        ensure(games and len(personas) > 2, message)
        requests: list[Request] = []
        for item in asked:
            columns = {name: item.attributes.get(name, "") for name in ("mode", "game", "odds")} | {"least_to_most": least_to_most(item)}
            for persona in personas if columns["game"] in games else ():
                requests += elicitation.ask(persona, item, columns | {"group": self._group(persona)})
        return requests

    def _group(self, persona: Persona) -> str:
        """Return the group of a persona, "" if it is in neither."""
        name, *values = self.groups
        value = persona.attributes.get(name, "")
        return (LOW, HIGH)[values.index(value)] if value in values else ""

    def estimate(self, responses: Responses) -> Finding:
        """Return the correlation of saying and doing, how doing climbs the ladder, and both shifts between groups."""
        rows = positions(answers(responses, self.reads).filter(pl.col("persona") != NOBODY).with_columns(pl.col("group").fill_null("")))
        scores = game_scores(rows, exact=bool(responses.columns.probabilities))
        games = sorted(scores["game"].unique())
        both = scores.filter(pl.all_horizontal(pl.col("say", "do").is_not_null()))
        summed, ladders = (RowSums(table, self.level, ("persona",)) for table in (both, scores))
        estimates = [self._correlation(summed, "correlation", games)]
        estimates += [self._correlation(summed, f"correlation.{game}", [game]) for game in games] if len(games) > 1 else []
        estimates.append(self._correlation(summed, "correlation.raw", games, noise=0.0))
        for (name, (unit, meaning)), game in product(LADDERS.items(), games):
            value = pl.when(pl.col("game") == game).then(pl.col(name))
            if n := scores.filter(value.is_not_null())["persona"].n_unique():
                estimates.append(ladders.mean(f"{name}.{game}", Name(unit, "personas", f"{meaning} ({game})"), value, n=n))
        estimates += self._shifts(summed)
        evidence = {"personas": gap_table(both)}
        return Finding("say_do", self.question, self._verdict(estimates), tuple(estimates), evidence=evidence, cite=self.cite)

    def _correlation(self, summed: RowSums, name: str, games: Sequence[str], noise: float = 1.0) -> Estimate:
        """Return the correlation of saying and doing, within games."""
        rows = summed.rows.filter(pl.col("game").is_in(games))
        sums = {f"{game} {key}": value * (pl.col("game") == game) for game in games for key, value in MOMENTS.items()}
        corrected = "corrected" if noise else "not corrected"
        meaning = f"correlation of self-reports and choices over personas within each game, {corrected} for the noise of reruns"
        means, n, nan = Name("correlation", "personas", meaning), rows["persona"].n_unique(), math.nan
        if noise and any(rows.select(pl.col("say noise", "do noise").is_null().any()).row(0)):
            return Estimate(name, nan, nan, nan, self.level, n, "none", EstimateStatus.NO_RERUNS, means)
        estimate = summed.estimate(name, means, sums, partial(game_correlation, noise=noise), n=n)
        return estimate.undefined_for(EstimateStatus.NO_SPREAD)

    def _shifts(self, summed: RowSums) -> list[Estimate]:
        """Return how much more the second group says and does than the first."""
        first, second = pl.col("group") == LOW, pl.col("group") == HIGH
        rows = summed.rows.filter(first | second)
        if rows["group"].n_unique() < 2:
            return []
        estimates, n = [], rows["persona"].n_unique()
        for name, (meaning, value) in SHIFTS.items():
            sums = [value * second, second, value * first, first]
            estimates.append(summed.estimate(f"shift.{name}", Name("share", "personas", meaning), sums, quotient_difference, n=n))
        return estimates

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return what the correlation says."""
        correlation, undecided = estimates[0], "It is undecided whether choices agree with self-reports"
        if math.isnan(correlation.value):
            return Verdict("undecided", f"The correlation cannot be computed: {correlation.status}.", open=(USE,))
        figures = f"correlation {correlation:.2f}"
        return {
            "above": Verdict("does as it says", f"The choices of personas agree with their self-reports: {figures}.", fit=(USE,)),
            "below": Verdict("says otherwise", f"The self-reports of personas do not predict their choices: {figures}.", unfit=(USE,)),
        }.get(correlation.side(about=self.follows), Verdict("undecided", f"{undecided}: {figures}.", open=(USE,)))

    known = staticmethod(known_world)
