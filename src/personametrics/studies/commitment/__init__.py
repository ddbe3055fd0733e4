"""Does a persona keep one secret choice, or choose again at each reveal?"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import polars as pl

from personametrics.data.errors import ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Verdict
from personametrics.data.study import NOBODY, Aim, Elicitation, Item, Message, Nominal, Persona, Request, Responses, Sign, Study
from personametrics.measures.answers import answers
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.studies.commitment.games import game_rows, worst_games
from personametrics.studies.commitment.world import towns_world

ARMS: Mapping[str, str] = {"secret": "kept secret", "written": "written down first"}
NUMBERS: Mapping[str, tuple[str, str]] = {
    "agreement": ("share", "probability that two reveals of one game are the same, if the choice is {}"),
    "consistency": ("share", "share of reveals that agree with all previous replies, if the choice is {}"),
    "entropy": ("bits", "entropy of the reveals of one game, corrected for few runs, if the choice is {}"),
}
SHOWN = ("agreement.secret", "agreement.written", "agreement.gain", "consistency.secret")
"""Estimates that the verdict names."""
USE = "relying on a persona to keep a choice that it has not stated"
SUPERPOSITION = Verdict("superposition", "A secret choice is made again at each reveal", unfit=(USE,))
ONE = Verdict("one character", "A secret choice is as stable as a written choice", fit=(USE,))
OPEN = Verdict("undecided", "It is undecided whether a secret choice is as stable as a written choice", open=(USE,))


@dataclass(frozen=True)
class Commitment(Study):
    """Twenty questions whose last turn is asked again and again, to see if a secret choice was ever made.

    A game is a fixed conversation in which something is chosen and questions about it are answered, up to the reveal; only the reveal is
    asked. Whoever has chosen reveals the same thing each time. In the other arm the choice was written down at the beginning, where it can
    be read again: what varies there is noise. The reveal is asked without options, as in a conversation.

    Attributes:
        personas: True: ask every persona too; False: ask the model without a persona only.
        margin: a secret choice is as firm as a written one if secrecy lowers agreement by less than this.
        firm: one character reveals the same thing twice with more than this probability.
        level: coverage of the intervals.
    """

    personas: bool = False
    margin: float = 0.1
    firm: float = 0.5
    level: float = 0.9
    question: ClassVar[str] = "Does a persona keep one secret choice, or choose again at each reveal?"
    reads: ClassVar[Mapping[str, str]] = {
        "game": "the game; the same for its secret and its written choice",
        "arm": "secret or written",
        "fits": "reveals that agree with all previous replies, separated by |",
    }
    aim: ClassVar[tuple[str, Aim]] = ("agreement.secret", "high")
    cite: ClassVar[tuple[str, ...]] = ("shanahan2023", "miller1955", "cameron2011")
    signs: ClassVar[Mapping[str, Sign]] = {"superposition": Sign(shows=("instability",), spoils=("simulated user",), gravity=1)}

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return the reveal of every game."""
        games = [item for item in items if isinstance(item.scale, Nominal) and item.attributes.get("fits")]
        games = [item for item in games if item.attributes.get("arm") in ARMS and "reply.1" in item.attributes]
        message = "commitment needs two items with labels and arm (secret or written), fits (reveals separated by |), turn.1 and reply.1."
        ensure(len(games) > 1, message)
        speakers = (None, *personas) if self.personas else (None,)
        return [request for game in games for persona in speakers for request in self._reveals(persona, game, elicitation)]

    def _reveals(self, persona: Persona | None, game: Item, elicitation: Elicitation) -> Iterator[Request]:
        """Yield all runs of one reveal, at the end of its conversation."""
        about = game.attributes
        labels: tuple[str, ...] = game.scale.labels  # type: ignore[union-attr]
        turns, number = list(elicitation.prompt.messages(persona, about["turn.1"])), 1
        while f"turn.{number + 1}" in about:
            turns += [Message("assistant", about[f"reply.{number}"]), Message("user", about[f"turn.{number + 1}"])]
            number += 1
        turns += [Message("assistant", about[f"reply.{number}"]), Message("user", game.text)]
        choices = tuple(about.get("says", "{}").format(label) for label in labels) if elicitation.score else labels
        columns = {"game": about.get("game", game.id), "arm": about["arm"], "fits": about["fits"]}
        for request in elicitation.ask(persona, game, columns):
            yield replace(request, messages=tuple(turns), choices=choices, labels=labels)

    def estimate(self, responses: Responses) -> Finding:
        """Return agreement, consistency and entropy of the reveals in both arms, and their difference, paired by game."""
        games = game_rows(answers(responses, self.reads), exact=bool(responses.columns.probabilities))
        arms = [arm for arm in ARMS if (games["arm"] == arm).any()]
        ensure(arms, f"{responses.source} has no game whose arm is {' or '.join(ARMS)}. Fill the column arm.")
        by = ("item",) if (games["persona"] == NOBODY).all() else ("persona", "item")
        sums = RowSums(games.with_columns(item=pl.col("game")), self.level, by)
        estimates = [estimate for name in NUMBERS for estimate in _in_arms(name, sums, arms)]
        verdict = self._verdict({estimate.name: estimate for estimate in estimates})
        evidence = {"games": worst_games(games)}
        return Finding("commitment", self.question, verdict, tuple(estimates), evidence=evidence, cite=self.cite)

    def _verdict(self, estimates: Mapping[str, Estimate]) -> Verdict:
        """Return the verdict from the firmness of a secret choice, by itself and compared with a written one."""
        with_interval = {name: estimates[name] for name in SHOWN if name in estimates and estimates[name].low <= estimates[name].high}
        figures = "; ".join(f"{name} {estimate.clipped(-1.0 if 'gain' in name else 0.0):.2f}" for name, estimate in with_interval.items())
        if not {"agreement.secret", "agreement.gain"} <= set(with_interval):
            text = "A verdict needs two or more games in both arms, with two runs of each reveal"
            return Verdict("undecided", f"{text}: {figures}." if figures else f"{text}.", open=(USE,))
        gain, secret = with_interval["agreement.gain"], with_interval["agreement.secret"]
        firm = gain.high < self.margin and secret.side(about=self.firm) == "above"
        verdict = SUPERPOSITION if gain.side(self.margin) == "above" else ONE if firm else OPEN
        return replace(verdict, sentence=f"{verdict.sentence}: {figures}.")

    known = staticmethod(towns_world)


def _in_arms(name: str, sums: RowSums, arms: Sequence[str]) -> Iterator[Estimate]:
    """Yield a number in each arm, and that with a written choice minus that with a secret one."""
    unit, meaning = NUMBERS[name]
    columns: dict[str, pl.Expr] = {}
    for arm in arms:
        defined = ((pl.col("arm") == arm) & pl.col(name).is_not_null()).cast(pl.Float64)
        columns |= {f"{arm} total": defined * pl.col(name), f"{arm} games": defined}

    for arm in arms:
        means, n = Name(unit, "games", meaning.format(ARMS[arm])), sums.rows.filter(pl.col("arm") == arm)["game"].n_unique()
        own = {column: columns[column] for column in (f"{arm} total", f"{arm} games")}
        yield sums.estimate(f"{name}.{arm}", means, own, partial(_mean, arm=arm), n=n).undefined_for(EstimateStatus.NO_RERUNS)
    if len(arms) == len(ARMS):
        means, n = Name(unit, "games", f"{name} if choices are written down minus {name} if they are secret"), sums.rows["game"].n_unique()
        gain = sums.estimate(f"{name}.gain", means, columns, lambda totals: _mean(totals, "written") - _mean(totals, "secret"), n=n)
        yield gain.undefined_for(EstimateStatus.NO_RERUNS)


def _mean(totals: Totals, arm: str) -> Floats:
    """Return the mean over the games of an arm."""
    return totals[f"{arm} total"] / totals[f"{arm} games"]
