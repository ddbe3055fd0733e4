"""Does a persona do what it says it would?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import product
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Numeric, Ordinal, spell_scale
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import Floats, gain
from personametrics.stats.people.ladder import never_falls, reversals
from personametrics.studies.say_do.games import DO, SAY, played, turned, valued

LOW, HIGH = "low", "high"
BLOCK = 8
"""Sums of a game that a correlation needs."""
NUMBERS: Mapping[str, tuple[str, str]] = {
    "ladder": ("share", "probability that a persona playing every rung once never refuses a better offer than one it took"),
    "reversal": ("share", "probability that of two neighbouring rungs the better offer gets the lesser answer"),
    "climb": ("share", "how much more is done at the best odds than at the worst, in shares of the scale"),
}
SHIFTS: Mapping[str, str] = {
    "say": "what the second group says minus what the first says, in shares of the scale",
    "do": "what the second group does minus what the first does, in shares of the scale",
    "gap": "how much more the second group says than it does, each against the first",
}
WORST = 10
"""Personas that the evidence shows."""


@dataclass(frozen=True)
class SayDo(Study):
    """Self-reports beside choices in games whose offers get better rung by rung.

    What is said and what is done are means over items, from 0, the least, to 1. Their correlation over personas, within each game, is
    corrected for the noise of reruns, not for that of other items; the uncorrected one is shown as well. Rungs are asked apart, so that
    a choice is no answer to the one before.

    Attributes:
        groups: attribute of a persona and two of its values: what is said and done by those with the second is set against the first.
        follows: doing follows saying where the whole interval of their correlation lies above this.
        level: coverage of the intervals.
    """

    groups: tuple[str, str, str] = ("warm", LOW, HIGH)
    follows: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "Does a persona do what it says it would?"
    reads: ClassVar[Mapping[str, str]] = {
        "mode": "say or do",
        "game": "which game it is about",
        "odds": "how good the offer is, a number; anything where something is said",
        "least_to_most": "what may be answered, from the least to the most with | between, or numbers such as 0..10",
        "group": "low, high or empty: the groups that are set against each other",
    }
    aim: ClassVar[tuple[str, Aim]] = ("correlation", "high")
    cite: ClassVar[tuple[str, ...]] = ("mannekote2025", "xie2024", "han2025", "spearman1904", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every persona, every self-report, every rung."""
        asked = [item for item in items if item.attributes.get("mode") in {SAY, DO} and item.attributes.get("game")]
        asked = [item for item in asked if isinstance(item.scale, Ordinal | Numeric) and (item.attributes["mode"] == SAY or _rung(item))]
        modes: dict[str, list[str]] = {}
        for item in asked:
            modes.setdefault(item.attributes["game"], []).append(item.attributes["mode"])
        games = {game for game, known in modes.items() if SAY in known and known.count(DO) > 1}
        if not games or len(personas) < 3:
            message = (
                "say_do needs three or more personas, and of some game an item with the attributes mode=say and game, and two with "
                "mode=do, game and odds (a number), all on ordered scales."
            )
            raise DesignError(message)
        found: list[Request] = []
        for item in asked:
            known = {name: item.attributes.get(name, "") for name in ("mode", "game", "odds")} | {"least_to_most": _turned(item)}
            for persona in personas if known["game"] in games else ():
                found += elicitation.ask(persona, item, known | {"group": self._group(persona)})
        return found

    def _group(self, persona: Persona) -> str:
        """Which group somebody is in."""
        name, *values = self.groups
        value = persona.attributes.get(name, "")
        return (LOW, HIGH)[values.index(value)] if value in values else ""

    def estimate(self, responses: Responses) -> Finding:
        """Correlation of saying and doing, how doing climbs the ladder, and both shifts between groups."""
        rows = valued(answers(responses, self.reads).filter(pl.col("persona") != NOBODY).with_columns(pl.col("group").fill_null("")))
        table = played(rows, exact=bool(responses.columns.probabilities)).with_columns(item=pl.col("game"))
        games = sorted(table["game"].unique())
        people = table.filter(pl.all_horizontal(pl.col("say", "do").is_not_null()))
        summed = Summed(people, self.level, ("persona",))
        found = [self._correlation(summed, "", games)]
        found += [self._correlation(summed, f".{game}", [game]) for game in games] if len(games) > 1 else []
        found.append(self._correlation(summed, ".raw", games, noise=0.0))
        ladders = Summed(table, self.level, ("persona",))
        for (name, (unit, meaning)), game in product(NUMBERS.items(), games):
            value = pl.when(pl.col("game") == game).then(pl.col(name))
            if n := table.filter(value.is_not_null())["persona"].n_unique():
                found.append(ladders.mean(f"{name}.{game}", Name(unit, "personas", f"{meaning} ({game})"), value, n=n))
        found += self._shifts(summed)
        evidence = {"personas": _rows(people)}
        return Finding("say_do", self.question, self._verdict(found), tuple(found), evidence=evidence, cite=self.cite)

    def _correlation(self, summed: Summed, name: str, games: Sequence[str], noise: float = 1.0) -> Estimate:
        """Correlation of what is said and what is done, within games."""
        x, y = pl.col("say"), pl.col("do")
        sums: list[pl.Expr] = []
        for game in games:
            here = pl.col("game") == game
            sums += [one * here for one in (pl.lit(1.0), x, y, x * x, y * y, x * y, pl.col("say noise"), pl.col("do noise"))]
        told = "corrected" if noise else "not corrected"
        said = f"what is said and what is done, over personas within each game, {told} for the noise of reruns"
        name, means, rows = f"correlation{name}", Name("correlation", "personas", said), summed.rows.filter(pl.col("game").is_in(games))
        n = rows["persona"].n_unique()
        if noise and any(rows.select(pl.col("say noise", "do noise").is_null().any()).row(0)):
            return Estimate(name, math.nan, math.nan, math.nan, self.level, n, "none", EstimateStatus.NO_RERUNS, means)
        one = summed.estimate(name, means, sums, partial(_correlation, noise=noise), n=n)
        return replace(one, status=EstimateStatus.NO_SPREAD) if one.status == EstimateStatus.UNDEFINED else one

    def _shifts(self, summed: Summed) -> list[Estimate]:
        """What one group says and does more than the other."""
        first, second = pl.col("group") == LOW, pl.col("group") == HIGH
        rows = summed.rows.filter(first | second)
        if rows["group"].n_unique() < 2:
            return []
        found, values = [], {"say": pl.col("say"), "do": pl.col("do"), "gap": pl.col("say") - pl.col("do")}
        for name, meaning in SHIFTS.items():
            sums = [values[name] * second, second, values[name] * first, first]
            means = Name("share", "personas", meaning)
            found.append(summed.estimate(f"shift.{name}", means, sums, gain, n=rows["persona"].n_unique()))
        return found

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals say."""
        known = {one.name: one for one in found}
        shown = [one for one in found if one.name.startswith(("correlation", "ladder", "shift")) and one.low <= one.high]
        told = "; ".join(f"{one.name} {one:.2f}" for one in shown)
        r, use = known["correlation"], "taking what a persona says of itself for what it would do"
        if r.low > self.follows:
            return Verdict("does as it says", f"What personas do follows what they say: {told}.", fit=(use,))
        if r.high < self.follows:
            return Verdict("says otherwise", f"What personas say does not tell what they do: {told}.", unfit=(use,))
        why = f"{told}; {r.status}" if math.isnan(r.value) else told
        return Verdict("undecided", f"The intervals leave it open: {why}.", open=(use,))

    def known(self) -> StudyWorld:
        """Who says to be trusting plays no better than others, but as a second trait has it; or as the first has it."""
        levels = range(4)
        people = []
        for said, done, at in product(levels, levels, range(2)):
            known = {"warm": LOW if said < 2 else HIGH, "says": str(said), "does": str(done)}
            people.append(Persona(f"person {said}{done}{at}", f"You are {said}{done}{at}.", known))
        traits = {one.id: one.attributes for one in people}
        items, scale = [], Ordinal(("never", "rarely", "often", "always"))
        choice = Ordinal(("no", "yes"))
        for game in ("dictator", "trust"):
            tells, plays = {"mode": SAY, "game": game}, {"mode": DO, "game": game}
            items += [Item(f"{game} say {at}", f"I do so, {game} {at}.", scale, tells | {"keyed": "+-"[at % 2]}) for at in range(4)]
            items += [Item(f"{game} {at}", f"{game} at {at} of 5?", choice, plays | {"odds": str(at)}) for at in range(5)]

        def world(request: Request, follows: str = "does") -> Mapping[str, float]:
            own, about = traits[request.about["persona"]], request.about
            if about["mode"] == DO:
                yes = _planted(int(own[follows]), int(about["odds"]))
                return {"no": 1 - yes, "yes": yes}
            order = about["least_to_most"].split("|")
            return {label: 0.85 if at == int(own["says"]) else 0.05 for at, label in enumerate(order)}

        chances = np.array([[_planted(done, at) for at in range(5)] for done in levels])
        shares = np.stack([1 - chances, chances], axis=-1)
        apart = 0.8 * (2 / 3)  # 0.85 − 0.05 of the way between the means of the two upper and the two lower levels
        truth = {"correlation": 0.0, "correlation.raw": 0.0, "shift.say": apart, "shift.do": 0.0, "shift.gap": apart}
        for game in ("dictator", "trust"):
            truth |= {f"ladder.{game}": float(never_falls(shares).mean()), f"reversal.{game}": float(reversals(shares).mean())}
            truth |= {f"climb.{game}": float((chances[:, -1] - chances[:, 0]).mean())}
        quiet = frozenset({"does as it says", "undecided"})
        return StudyWorld(
            tuple(people), tuple(items), world, truth, lambda request: world(request, "says"), "says otherwise", quiet, Elicitation(3)
        )


def _planted(done: int, rung: int) -> float:
    """Probability to take an offer."""
    return 0.02 + 0.12 * rung + 0.16 * done


def _rung(item: Item) -> bool:
    """Whether the odds of an item are a number."""
    try:
        return math.isfinite(float(item.attributes.get("odds", "")))
    except ValueError:
        return False


def _turned(item: Item) -> str:
    """The scale of an item from the least of what the game is about to the most: that of a reversed item is turned round."""
    least = spell_scale(item.scale)
    return turned(least) if item.attributes.get("keyed") == "-" else least


def _correlation(sums: Floats, noise: float) -> Floats:
    """Correlation within games, from sums (..., games × 8); `noise` 1 takes the noise of reruns off the variances, 0 leaves it."""
    n, x, y, xx, yy, xy, vx, vy = (sums[..., at::BLOCK] for at in range(BLOCK))
    both = (xy - x * y / n).sum(-1)
    degrees = (n - 1).sum(-1)
    first = (xx - x * x / n).sum(-1) - noise * degrees * (vx.sum(-1) / n.sum(-1))
    second = (yy - y * y / n).sum(-1) - noise * degrees * (vy.sum(-1) / n.sum(-1))
    root = np.sqrt(np.where((first > 1e-12) & (second > 1e-12), first * second, np.nan))
    found: Floats = both / root
    return found


def _rows(people: pl.DataFrame) -> Rows:
    """Personas whose doing lies furthest from their saying, both less what all say and do."""
    shown = people.with_columns(apart=(pl.col("say") - pl.col("do")).abs()).sort(
        "apart", "persona", "game", descending=[True, False, False]
    )
    columns = {"says": pl.col("say"), "does": pl.col("do"), "never turns back": pl.col("ladder")}
    return shown.head(WORST).select("persona", "game", **columns).to_dicts()
