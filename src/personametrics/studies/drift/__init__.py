"""Does the persona fade over a conversation?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.notice import Notice
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.request import Message, Request
from personametrics.data.responses import Responses
from personametrics.data.role import LINE
from personametrics.data.scale import FreeText, Nominal, parse_scale, spell_scale
from personametrics.data.study import Aim, Elicitation, Study, StudyWorld, one_scale
from personametrics.dialogues.dialogue import Dialogue, Turn, dialogue
from personametrics.dialogues.fading import READS, by_persona, fading, heard, lasting, proportion, require, unread
from personametrics.dialogues.judge import NO, VERDICT, YES
from personametrics.dialogues.script import TURN, script, turns, verdicts
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.survival import Survival, kaplan_meier
from personametrics.studies.drift.signal_by_turn import Turned, curve

PROBE = "probe"
"""The value of the column `part` in rows that are questions within a dialogue."""
GREENWOOD = "Kaplan–Meier, log-log; variance of Greenwood or of the jackknife over personas; bounded both ways by lines left open"


@dataclass(frozen=True)
class Drift(Study):
    """Dialogues in which lines are heard by a judge and the same items are asked again and again.

    In each run the other side says turns of every kind in an order of its own, the same for all personas and for the model without one; so
    what the conversation does is part of what reruns differ by. A judge hears each line: as an AI or assistant, or as a person. A hazard
    is the probability that somebody who was in part in the line before fades in this one; recovery, that somebody faded comes back. What a
    judge leaves open is neither, and intervals of survival reach from all of it faded to none.

    Attributes:
        turns: lines of each dialogue.
        probes: numbers of lines after which items are asked; the first is what the others are compared with.
        items: how many are asked, evenly chosen of those on the commonest scale.
        held: personas hold where the share of dialogues that are still in part at the end lies above this, fade where it lies below.
        margin: and hold where they lose less signal than this, fade where they lose more.
        seed: of the orders.
        level: coverage of the intervals.
    """

    turns: int = 8
    probes: tuple[int, ...] = (0, 4, 8)
    items: int = 6
    held: float = 0.8
    margin: float = 0.1
    seed: int = 0
    level: float = 0.9
    question: ClassVar[str] = "Does the persona fade over a conversation?"
    reads: ClassVar[Mapping[str, str]] = {**READS, "on": "of probes, the scale of the item"}
    aim: ClassVar[tuple[str, Aim]] = ("faded", "low")
    cite: ClassVar[tuple[str, ...]] = ("kaplan1958", "kalbfleisch2002", "wilson1927", "korn1998", "brennan2001", "efron1981", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Every line of every dialogue, its verdict, and the probes."""
        pool, probes = turns(items), sorted({int(turn) for turn in self.probes})
        if elicitation.score:
            message = "drift reads lines in words, which have no label probabilities; ask without score."
            raise DesignError(message)
        if not pool:
            message = "drift needs items of kind turn (what the other side says) with the attribute turn (chat, fact, emotional, meta)."
            raise DesignError(message)
        if not all(0 <= turn <= self.turns for turn in probes):
            message = (
                f"drift probes after {probes[-1] if probes[-1] > self.turns else probes[0]} lines of {self.turns}; name probes within."
            )
            raise DesignError(message)
        asked = self._asked(items)
        scripts = [script(pool, self.turns, (self.seed, run)) for run in range(elicitation.runs)]
        found: list[Request] = []
        for persona in (None, *personas):
            spoken = [dialogue(elicitation, persona, (f"script {run + 1}", told), run) for run, told in enumerate(scripts)]
            for run, one in enumerate(spoken):
                found += [*one.lines, *verdicts(one, run)]
            for turn in probes:
                columns = {"part": PROBE, TURN: str(turn)}
                before = partial(_until, spoken, turn)
                for item in asked:
                    found += elicitation.ask(persona, item, {**columns, "on": spell_scale(item.scale)}, before=before)
        return found

    def _asked(self, items: Sequence[Item]) -> list[Item]:
        """What is asked within the dialogues."""
        closed = one_scale([item for item in items if not isinstance(item.scale, FreeText)]) if self.probes else []
        return [closed[at] for at in np.unique(np.linspace(0, len(closed) - 1, min(self.items, len(closed))).round().astype(int))]

    def estimate(self, responses: Responses) -> Finding:
        """Hazards, survival and recovery from the verdicts; signal, default and position from the probes."""
        rows = require(
            responses, {name: meaning for name, meaning in self.reads.items() if name != "on" or "on" in responses.frame.columns}
        )
        lines = heard(rows)
        own, notices = lines.filter(pl.col("persona") != NOBODY), []
        found = self._lines(lines)
        curves, survival = self._survival(own) if len(own) else ([], [])
        found += curves
        if open_ := int(own["faded"].null_count()):
            text = f"The judge left {open_} of {len(own)} lines open: they count neither way, and survival is bounded by both."
            notices.append(Notice("unread-verdicts", text))
        tables: dict[str, Rows] = {"survival": survival, "fading": by_persona(own, self.level)}
        probes = _probes(rows)
        if len(probes):
            turned = Turned(probes, responses.source, self.level)
            found += [*turned.signals(), *turned.beside_nobody()]
            tables["positions"] = turned.positions()
        if not found:
            message = f"{responses.source} holds neither verdicts of lines (part {VERDICT}) nor questions within dialogues (part {PROBE})."
            raise DesignError(message)
        tables = {name: table for name, table in {"turns": curve(found), **tables}.items() if table}
        return Finding("drift", self.question, self._verdict(found), tuple(found), tuple(notices), tables, self.cite)

    def _lines(self, lines: pl.DataFrame) -> list[Estimate]:
        """What the judge heard, line by line."""
        own, nobody = (lines.filter(there) for there in (pl.col("persona") != NOBODY, pl.col("persona") == NOBODY))
        part = pl.col("before")
        if not len(own):
            return []
        found = [
            fading("faded", "lines in which the assistant speaks instead of the persona", own, self.level),
            unread(own, self.level),
        ]
        still = own.filter(~part)
        found.append(fading("hazard", "probability of fading in a line, of those in part in the line before", still, self.level))
        for kind in sorted(own["kind"].drop_nulls().unique()):
            meaning = f"the same in answer to a turn of kind {kind}"
            found.append(fading(f"hazard.{kind}", meaning, still.filter(pl.col("kind") == kind), self.level))
        meaning = "probability that somebody who had faded in the line before is back"
        found.append(fading("recovery", meaning, own.filter(part), self.level, back=True))
        if len(nobody):
            meaning = "lines of the model without a persona in which the assistant speaks: what the judge takes for one"
            found.append(fading("control.none", meaning, nobody, self.level, by="item"))
        return found

    def _survival(self, own: pl.DataFrame) -> tuple[list[Estimate], Rows]:
        """Share of dialogues still in part after each line."""
        read, faded, kept = (_curve(own, self.level, unread=one) for one in (None, True, False))
        rows: list[Mapping[str, Cell]] = [{"turn": 0, "value": 1.0, "low": 1.0, "high": 1.0, "kind": "all"}]
        found = []
        dialogues = len(own.select("persona", "item", "run").unique())
        for at in range(len(kept.share)):
            value = float(read.share[at]) if at < len(read.share) else math.nan
            ends = (
                Interval(value, float(faded.low[min(at, len(faded.low) - 1)]), float(kept.high[at])) if not math.isnan(value) else _NOTHING
            )
            means = Name("share", "dialogues", f"dialogues that the persona gets through without fading once, up to line {at + 1}")
            found.append(replace(proportion(f"survival.turn={at + 1}", means, ends, own, self.level, method=GREENWOOD), n=dialogues))
            if not math.isnan(value):
                rows.append({"turn": at + 1, "value": value, "low": ends.low, "high": ends.high, "kind": "all"})
        return found, rows

    def _verdict(self, found: Sequence[Estimate]) -> Verdict:
        """What the intervals of survival and of the lost signal say."""
        known = {one.name: one for one in found if not math.isnan(one.low)}
        ends = [one for one in found if one.name.startswith("survival.turn=")]
        last = known.get(ends[-1].name) if ends else None
        drop = known.get("signal.drop")
        said = [f"{last.value:.0%} of dialogues ({last.low:.0%} to {last.high:.0%}) are in part throughout"] if last else []
        said += [f"signal falls by {drop.value:.2f} ({drop.low:.2f} to {drop.high:.2f})"] if drop else []
        told, use = "; ".join(said), f"conversations of {len(ends) or 'several'} turns"
        if (last and last.high < self.held) or (drop and drop.low > self.margin):
            return Verdict("fades", f"The persona wears off while it talks: {told}.", unfit=(use,))
        if last and last.low > self.held and (drop is None or drop.high < self.margin):
            return Verdict("holds", f"The persona lasts: {told}.", fit=(use,))
        if not said:
            return Verdict("unknown", "Nothing can be said: no line was judged readably, and no signal known at two turns.", open=(use,))
        return Verdict("undecided", f"The intervals leave it open: {told}.", open=(use,))

    def known(self) -> StudyWorld:
        """Two camps fade with a hazard for each kind of turn, come back at times, and answer like anybody while they are gone."""
        people = [Persona(f"p{at}", f"You are number {at}.", {"camp": str(at % 2)}) for at in range(8)]
        asked = [Item(f"item {at}", f"Statement {at}.", Nominal(("no", "yes")), {"with": str(at // 2 % 2)}) for at in range(8)]
        said = [Item(f"turn {kind}", f"Turn {kind}?", parse_scale("text"), {"kind": TURN, TURN: kind}) for kind in HAZARDS]
        holds = {one.id: one.attributes["with"] for one in asked}
        study, elicitation = replace(self, turns=4, probes=(0, 4), items=8), Elicitation(4)
        final = [_in_part(script(turns(said), study.turns, (self.seed, run))) for run in range(elicitation.runs)]
        truth = {f"hazard.{kind}": hazard for kind, hazard in HAZARDS.items()} | {"recovery": BACK, "control.none": 1.0}
        truth |= {"survival.turn=4": math.prod(1 - one for one in HAZARDS.values()), "position.turn=4": float(np.mean(final))}
        truth |= {"default.turn=0": 0.32 / (0.32 + 0.18 + 0.5), "signal.turn=0": 1 - 0.18 / (3 / 7 * 0.18 + 4 / 7 * 0.82)}

        def world(request: Request, worn: float = 1.0) -> Mapping[str, float]:
            who = request.about["persona"]
            before = [message.text for message in request.messages if message.role == "assistant"]
            gone = who == NOBODY or (bool(before) and before[-1] == AWAY)
            if request.about["part"] == LINE:
                faded = 1.0 if who == NOBODY else 1 - BACK if gone else worn * HAZARDS[request.about["kind"]]
                return {AWAY: faded, HERE: 1 - faded}
            if request.about["part"] == VERDICT:
                return {YES: 1.0} if AWAY in request.messages[0].text else {NO: 1.0}
            yes = 0.5 if gone else 0.9 if int(who[1:]) % 2 == int(holds[request.about["item"]]) else 0.1
            return {"no": 1 - yes, "yes": yes}

        quiet = frozenset({"holds", "undecided"})
        return StudyWorld(
            tuple(people), (*asked, *said), world, truth, lambda request: world(request, 0.0), "fades", quiet, elicitation, study
        )


HAZARDS: Mapping[str, float] = {"chat": 0.02, "fact": 0.05, "emotional": 0.2, "meta": 0.4}
"""Of the known world."""
BACK = 0.25
AWAY, HERE = "As an AI, I have no days.", "I had a long day."
_NOTHING = Interval(math.nan, math.nan, math.nan)


def _in_part(told: Sequence[Turn]) -> float:
    """Probability to be in part at the end of a script, in the known world."""
    there = 1.0
    for turn in told:
        there = there * (1 - HAZARDS[turn.columns["kind"]]) + (1 - there) * BACK
    return there


def _until(spoken: Sequence[Dialogue], turn: int, run: int) -> Sequence[Message]:
    """What was said before a probe."""
    return spoken[run].until(turn)


def _curve(own: pl.DataFrame, level: float, *, unread: bool | None) -> Survival:
    """Survival of the dialogues."""
    found = lasting(own, unread=unread)
    return kaplan_meier(*found, level)


def _probes(rows: pl.DataFrame) -> pl.DataFrame:
    """Questions within dialogues, on the scale that most are on."""
    if "on" not in rows.columns:
        return rows.head(0)
    found = rows.filter(pl.col("part") == PROBE, pl.col("on").is_not_null()).with_columns(pl.col(TURN).cast(pl.Int64, strict=False))
    most = found["on"].value_counts(sort=True)
    return found.filter(pl.col("on") == most["on"][0], pl.col(TURN).is_not_null()) if len(most) else found
