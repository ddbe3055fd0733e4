"""Does the persona fade during a conversation?"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Estimate, Finding, Rows, Verdict
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import spell_scale
from personametrics.data.study import Aim, Elicitation, FreeText, Item, Message, Persona, Request, Sign, Study, StudyWorld, one_scale
from personametrics.dialogues.dialogue import Dialogue, dialogue
from personametrics.dialogues.fading import READS, by_persona, judged_lines, require
from personametrics.dialogues.judge import VERDICT
from personametrics.dialogues.script import TURN, script, turns, verdicts
from personametrics.studies.drift import signal_by_turn as by_turn
from personametrics.studies.drift.world import known_world


@dataclass(frozen=True)
class Drift(Study):
    """Dialogues in which a judge reads every line and the same items are asked again and again.

    In each run the other side says turns of every kind in an order of its own, the same for all personas and for the model without one. So
    reruns also differ by the effect of the conversation. A judge says of each line if an AI or assistant speaks, or a person. A hazard is
    the probability that a persona in character in the line before fades in this one; recovery, that a faded one comes back. Lines without
    a readable verdict count neither way, and intervals of survival reach from all of them faded to none.

    Attributes:
        turns: number of lines of each dialogue.
        probes: numbers of lines after which items are asked; the first is the baseline of the others.
        items: number of items to ask, evenly chosen of those on the most common scale.
        held: personas hold if the share of dialogues in character to the end lies above this, and fade if it lies below.
        margin: personas hold if they lose less signal than this, and fade if they lose more.
        seed: seed of the orders of turns.
        level: coverage of the intervals.
    """

    turns: int = 8
    probes: tuple[int, ...] = (0, 4, 8)
    items: int = 6
    held: float = 0.8
    margin: float = 0.1
    seed: int = 0
    level: float = 0.9
    question: ClassVar[str] = "Does the persona fade during a conversation?"
    reads: ClassVar[Mapping[str, str]] = {**READS, "on": "the scale of the item, in rows that are probes"}
    aim: ClassVar[tuple[str, Aim]] = ("faded", "low")
    signs: ClassVar[Mapping[str, Sign]] = {"fades": Sign(shows=("drift",), gravity=3), "holds": Sign(clears=("drift",))}
    cite: ClassVar[tuple[str, ...]] = ("kaplan1958", "kalbfleisch2002", "wilson1927", "korn1998", "brennan2001", "efron1981", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], elicitation: Elicitation) -> list[Request]:
        """Return every line of every dialogue, the verdict on it, and the probes."""
        pool, probes = turns(items), sorted({int(turn) for turn in self.probes})
        ensure(not elicitation.score, "drift needs lines in words, which have no label probabilities. Switch off score (--score).")
        ensure(pool, "drift needs items of kind turn (lines of the other side). Give them an attribute turn (chat, fact, emotional, meta).")
        if outside := [turn for turn in probes if not 0 <= turn <= self.turns]:
            message = f"drift cannot ask items after {outside[-1]} of {self.turns} lines. Set probes to numbers from 0 to {self.turns}."
            raise DesignError(message)
        asked, requests = self._probes(items), list[Request]()
        scripts = [script(pool, self.turns, (self.seed, run)) for run in range(elicitation.runs)]
        for persona in (None, *personas):
            dialogues = [dialogue(elicitation, persona, (f"script {run + 1}", lines), run) for run, lines in enumerate(scripts)]
            for run, conversation in enumerate(dialogues):
                requests += [*conversation.lines, *verdicts(conversation, run)]
            for turn in probes:
                columns, before = {"part": by_turn.PROBE, TURN: str(turn)}, partial(_until, dialogues, turn)
                for item in asked:
                    requests += elicitation.ask(persona, item, {**columns, "on": spell_scale(item.scale)}, before=before)
        return requests

    def _probes(self, items: Sequence[Item]) -> list[Item]:
        """Return the items that are asked within the dialogues."""
        closed = one_scale([item for item in items if not isinstance(item.scale, FreeText)]) if self.probes else []
        places = np.linspace(0, len(closed) - 1, min(self.items, len(closed))).round().astype(int)
        return [closed[place] for place in np.unique(places)]

    def estimate(self, responses: Responses) -> Finding:
        """Return hazards, survival and recovery from the verdicts; signal, default and position from the probes."""
        optional = set() if "on" in responses.frame.columns else {"on"}
        rows = require(responses, {name: meaning for name, meaning in self.reads.items() if name not in optional})
        lines = judged_lines(rows)
        personas = lines.filter(pl.col("persona") != NOBODY)
        survival, survival_rows = by_turn.survival_estimates(personas, self.level)
        estimates = [*by_turn.line_estimates(lines, self.level), *survival]
        evidence: dict[str, Rows] = {"survival": survival_rows, "fading": by_persona(personas, self.level)}
        if len(probes := by_turn.probe_rows(rows)):
            signals = by_turn.SignalByTurn(probes, responses.source, self.level)
            estimates += [*signals.signals(), *signals.distances_to_default()]
            evidence["positions"] = signals.positions()
        ensure(estimates, f"{responses.source} has neither verdicts (part {VERDICT}) nor questions (part {by_turn.PROBE}). Add either.")
        evidence = {name: table for name, table in {"turns": by_turn.curve(estimates), **evidence}.items() if table}
        notices, verdict = by_turn.unread_notice(personas), self._verdict(estimates)
        return Finding("drift", self.question, verdict, tuple(estimates), notices, evidence, self.cite)

    def _verdict(self, estimates: Sequence[Estimate]) -> Verdict:
        """Return the verdict by the intervals of survival and of the lost signal."""
        survival = [estimate for estimate in estimates if estimate.name.startswith("survival.turn=")]
        last = next((estimate for estimate in survival[-1:] if not math.isnan(estimate.low)), None)
        drop = next((estimate for estimate in estimates if estimate.name == "signal.drop" and not math.isnan(estimate.low)), None)
        numbers = [f"{last.value:.0%} of dialogues ({last.span('.0%')}) stay in character to the end"] if last else []
        numbers += [_fall(drop)] if drop else []
        says, use = "; ".join(numbers), f"conversations of {len(survival) or 'several'} turns"
        if (last and last.side(about=self.held) == "below") or (drop and drop.side(self.margin) == "above"):
            return Verdict("fades", f"The persona fades during the conversation: {says}.", unfit=(use,))
        if last and last.side(about=self.held) == "above" and (drop is None or drop.side(about=self.margin) == "below"):
            return Verdict("holds", f"The persona stays in character: {says}.", fit=(use,))
        if not numbers:
            sentence = "A verdict is not possible: the judge gave no readable verdict, and the fall of the signal has no interval."
            return Verdict("unknown", sentence, open=(use,))
        return Verdict("undecided", f"It is undecided whether the persona fades: {says}.", open=(use,))

    def known(self) -> StudyWorld:
        """Return a world in which two camps fade with a hazard for each kind of turn."""
        study = replace(self, turns=4, probes=(0, 4), items=8)
        return replace(known_world(study.turns, study.seed), study=study)


def _fall(drop: Estimate) -> str:
    """Return the change of the signal in words."""
    if drop.side() == "above":
        return f"the signal falls by {drop:.2f}"
    if drop.side() == "below":
        return f"the signal rises by {-drop.value:.2f} ({-drop.high:.2f} to {-drop.low:.2f})"
    return f"a fall of the signal is not shown ({drop.value:.2f}, interval {drop.span()})"


def _until(dialogues: Sequence[Dialogue], turn: int, run: int) -> Sequence[Message]:
    """Return the messages before a probe."""
    return dialogues[run].until(turn)
