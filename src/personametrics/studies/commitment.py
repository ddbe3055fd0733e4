"""One character, or a superposition?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld
from personametrics.measures.answers import answers, cells
from personametrics.measures.sums import Summed
from personametrics.stats.arrays import gain, quotient
from personametrics.stats.distributions.entropy import miller_madow

ARMS: Mapping[str, str] = {"secret": "kept secret", "written": "written down first"}
NUMBERS: Mapping[str, tuple[str, str]] = {
    "agreement": ("share", "probability that two reveals of one game are the same, of a choice {}"),
    "consistency": ("share", "share of reveals that fit all that was said before, of a choice {}"),
    "entropy": ("bits", "entropy of the reveals of one game, corrected for few runs, of a choice {}"),
}
ENDLESS = 1e12
"""Draws that label probabilities stand for."""
WORST = 10
"""Games that the evidence shows."""


@dataclass(frozen=True)
class Commitment(Study):
    """Twenty questions whose last turn is asked again and again: whether a choice kept secret was ever made.

    A game is a fixed conversation in which something is chosen, and questions about it are answered, up to the reveal; only the reveal
    is asked for. Somebody who has chosen reveals the same thing each time. In the other arm the choice was written down at the beginning,
    so that it can be read again: what is left there is noise. Options are not shown with the reveal, as in a conversation.

    Attributes:
        personas: ask every persona as well, not only the model itself.
        margin: a secret choice is as firm as a written one where it lowers agreement by less than this.
        firm: one character reveals the same thing with more than this probability.
        level: coverage of the intervals.
    """

    personas: bool = False
    margin: float = 0.1
    firm: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "One character, or a superposition?"
    reads: ClassVar[Mapping[str, str]] = {
        "game": "the game, the same for a secret and a written choice",
        "arm": "secret or written",
        "fits": "reveals that fit all that was said before, with | between them",
    }
    aim: ClassVar[tuple[str, Aim]] = ("agreement.secret", "high")
    cite: ClassVar[tuple[str, ...]] = ("shanahan2023", "miller1955", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """The reveal of every game."""
        games = [item for item in items if isinstance(item.scale, Nominal) and item.attributes.get("fits")]
        games = [item for item in games if item.attributes.get("arm") in ARMS and "reply.1" in item.attributes]
        if len(games) < 2:
            message = (
                "commitment needs two or more items with labels and the attributes arm (secret or written), fits (reveals with | between "
                "them), turn.1, reply.1, and so on."
            )
            raise DesignError(message)
        found: list[Request] = []
        for item in games:
            for persona in (None, *personas) if self.personas else (None,):
                found += self._reveals(persona, item, elicitation)
        return found

    def _reveals(self, persona: Persona | None, item: Item, elicitation: Elicitation) -> Iterator[Request]:
        """All runs of one reveal, at the end of its conversation."""
        said = item.attributes
        labels: tuple[str, ...] = item.scale.labels  # type: ignore[union-attr]
        turns, at = list(elicitation.prompt.messages(persona, said["turn.1"])), 1
        while f"turn.{at + 1}" in said:
            turns += [Message("assistant", said[f"reply.{at}"]), Message("user", said[f"turn.{at + 1}"])]
            at += 1
        turns += [Message("assistant", said[f"reply.{at}"]), Message("user", item.text)]
        choices = tuple(said.get("says", "{}").format(label) for label in labels) if elicitation.score else labels
        columns = {"game": said.get("game", item.id), "arm": said["arm"], "fits": said["fits"]}
        for request in elicitation.ask(persona, item, columns):
            yield replace(request, messages=tuple(turns), choices=choices, labels=labels)

    def estimate(self, responses: Responses) -> Finding:
        """Agreement, consistency and entropy of the reveals in both arms, and their difference, paired by game."""
        games = _games(answers(responses, self.reads), exact=bool(responses.columns.probabilities))
        arms = [arm for arm in ARMS if (games["arm"] == arm).any()]
        if not arms:
            message = f"{responses.source} holds no game whose arm is {' or '.join(ARMS)}."
            raise DesignError(message)
        alone = (games["persona"] == NOBODY).all()
        summed = Summed(games.with_columns(item=pl.col("game")), self.level, ("item",) if alone else ("persona", "item"))
        found = []
        for name, (unit, meaning) in NUMBERS.items():
            sums = {arm: [_known(name, arm) * pl.col(name), _known(name, arm)] for arm in arms}
            for arm in arms:
                means = Name(unit, "games", meaning.format(ARMS[arm]))
                n = games.filter(pl.col("arm") == arm)["game"].n_unique()
                found.append(_said(summed.estimate(f"{name}.{arm}", means, sums[arm], quotient, n=n)))
            if len(arms) == len(ARMS):
                means = Name(unit, "games", f"{name} of choices written down minus that of choices kept secret")
                both = [*sums["written"], *sums["secret"]]
                n = games["game"].n_unique()
                found.append(_said(summed.estimate(f"{name}.gain", means, both, gain, n=n)))
        evidence = {"games": _table(games)}
        return Finding("commitment", self.question, self._verdict(found), tuple(found), evidence=evidence, cite=self.cite)

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals say."""
        known = {one.name: one for one in found}
        names = ("agreement.secret", "agreement.written", "agreement.gain", "consistency.secret")
        shown = {name: known[name] for name in names if name in known and known[name].low <= known[name].high}
        told = "; ".join(f"{name} {one:.2f}" for name, one in shown.items())
        use = "relying on a persona to hold what it has not said"
        if not {"agreement.secret", "agreement.gain"} <= set(shown):
            why = "games in both arms, two runs of each reveal, and two games or more are needed to tell"
            return Verdict("undecided", f"{told}; {why}." if told else f"{why.capitalize()}.", open=(use,))
        gain, secret = shown["agreement.gain"], shown["agreement.secret"]
        if gain.low > self.margin:
            return Verdict("superposition", f"What is kept secret is chosen anew at each reveal: {told}.", unfit=(use,))
        if gain.high < self.margin and secret.low > self.firm:
            return Verdict("one character", f"What is kept secret is as firm as what is written down: {told}.", fit=(use,))
        return Verdict("undecided", f"The intervals leave it open: {told}.", open=(use,))

    def known(self) -> StudyWorld:
        """A secret is drawn anew from what fits, a written choice is kept; where there is nothing to find, both are kept."""
        towns = tuple("ABCDEF")
        items = []
        for at in range(12):
            town, others = towns[at % 6], (towns[(at + 2) % 6], towns[(at + 3) % 6])
            turns = {"turn.2": "Is it by the sea?", "reply.2": "Yes."}
            for arm, fits, reply in (("secret", (town, *others), "I have one."), ("written", (town,), f"I choose {town}.")):
                more = {
                    "game": f"game {at}",
                    "arm": arm,
                    "fits": "|".join(fits),
                    "turn.1": f"Think of a town, for the time number {at}.",
                    "reply.1": reply,
                    **turns,
                }
                items.append(Item(f"game {at} {arm}", "Which town is it?", Nominal(towns), more))

        def world(request: Request, *, kept: bool = False) -> Mapping[str, float]:
            fits = request.about["fits"].split("|")[: 1 if kept else None]
            return {town: 0.94 / len(fits) if town in fits else 0.06 / (6 - len(fits)) for town in towns}

        secret, written = 0.94**2 / 3 + 0.06**2 / 3, 0.94**2 + 0.06**2 / 5
        truth = {"agreement.secret": secret, "agreement.written": written, "agreement.gain": written - secret}
        truth |= {"consistency.secret": 0.94, "consistency.written": 0.94, "consistency.gain": 0.0}
        quiet = frozenset({"one character", "undecided"})
        return StudyWorld((), tuple(items), world, truth, lambda request: world(request, kept=True), "superposition", quiet)


def _games(rows: pl.DataFrame, *, exact: bool) -> pl.DataFrame:
    """A row for each game that somebody played: agreement and entropy (null with a single run), consistency, what was revealed most."""
    by = ["persona", "game", "arm", "fits"]
    counted = cells(rows, *by).sort(*by, "share", "answer", descending=[*[False] * 4, True, False])
    share, n = pl.col("share"), pl.col("n").first()
    alike = (share**2).sum()
    found = counted.group_by(by, maintain_order=True).agg(
        n=n,
        agreement=alike if exact else pl.when(n > 1).then((n * alike - 1) / (n - 1)),
        consistency=share.filter(pl.col("fits").str.split("|").list.contains(pl.col("answer"))).sum(),
        often=pl.col("answer").first(),
        modal=share.first(),
        shares=share,
    )
    draws = [ENDLESS if exact else float(n) for n in found["n"]]
    bits = [float(miller_madow(np.asarray(shares) * n)) for shares, n in zip(found["shares"], draws, strict=True)]
    return found.drop("shares").with_columns(entropy=pl.Series(bits, dtype=pl.Float64).fill_nan(None))


def _known(name: str, arm: str) -> pl.Expr:
    """Games of an arm of which a number is known."""
    return ((pl.col("arm") == arm) & pl.col(name).is_not_null()).cast(pl.Float64)


def _said(one: Estimate) -> Estimate:
    """A number that single runs leave undefined says so."""
    return replace(one, status=EstimateStatus.NO_RERUNS) if one.status == EstimateStatus.UNDEFINED else one


def _table(games: pl.DataFrame) -> Rows:
    """Games by how little their reveals agree."""
    shown = games.sort("agreement", "game", "arm", "persona", nulls_last=True).head(WORST)
    rows: list[dict[str, Cell]] = []
    for game in shown.iter_rows(named=True):
        row: dict[str, Cell] = {"game": game["game"], "arm": game["arm"], "persona": game["persona"], "fits": game["fits"]}
        rows.append(row | {"revealed most": game["often"], "its share": game["modal"], "agreement": game["agreement"]})
    return rows
