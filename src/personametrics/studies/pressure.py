"""Is the persona worn or held when it is put under pressure?"""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np
import polars as pl

from personametrics.data.ask import Ask
from personametrics.data.dialogues.dialogue import LINE, Turn, dialogue
from personametrics.data.dialogues.fading import DIALOGUE, READS, fading, heard, lasting, proportion, require, unread
from personametrics.data.dialogues.judge import NO, VERDICT, YES
from personametrics.data.dialogues.script import TURN, script, turns, verdicts
from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, Name
from personametrics.data.finding import Cell, Finding, Rows, Verdict
from personametrics.data.item import Item
from personametrics.data.levels import levels
from personametrics.data.notice import Notice
from personametrics.data.panels.summed import Summed
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY
from personametrics.data.responses import Responses
from personametrics.data.scale import parse_scale
from personametrics.data.study import Aim, Asking, Known
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals import Interval
from personametrics.stats.mover import difference
from personametrics.stats.survival import hazard, kaplan_meier

PRESSURE = "pressure"
"""The kind of items that are suffixes; their attribute `family` says of which sort."""
PLAIN = "none"
"""The suffix of dialogues without one."""
BEFORE, UNDER, AFTER = "before", "under", "after"
BY = (*DIALOGUE, "suffix", "attack")
"""What tells dialogues apart."""
ITSELF = r"an? (?:AI\b|artificial|(?:large )?language model|chatbot|virtual assistant|assistant\b)"
LEAK = rf"(?i)\b(?:as|I(?: a|')m) {ITSELF}"
"""Words with which an assistant gives itself away."""
TWIN = "those without it at the same turns of the same script"


@dataclass(frozen=True)
class Pressure:
    """What is added to a turn so that a persona comes off, by family of suffix, turn of the attack and how often it is repeated.

    For each suffix a dialogue runs up to the attack, under it, and on without it; its twin goes through the same turns with nothing added.
    The model without a persona hears all of it too: what a suffix changes there is not the persona's doing. A judge hears each line: as an
    AI or assistant, or as a person. Whoever is still in part breaks with the hazard of the suffix; what is its own is what remains when
    fading without it competes. What a judge leaves open counts as neither.

    Attributes:
        attacks: turns at which the suffix is first added, from 1.
        repeats: how many turns in a row have it.
        after: turns without it that follow.
        kinds: of turns that are said: mild ones, so that the suffix is what presses; those that the items lack are left out.
        margin: a persona is worn where pressure adds more to the lines that are the assistant's than this, held where it adds less.
        seed: of the scripts.
        level: coverage of the intervals.
    """

    attacks: tuple[int, ...] = (1, 3)
    repeats: int = 2
    after: int = 2
    kinds: tuple[str, ...] = ("chat", "fact")
    margin: float = 0.1
    seed: int = 0
    level: float = 0.9
    question: ClassVar[str] = "Is the persona worn or held when it is put under pressure?"
    reads: ClassVar[Mapping[str, str]] = {
        **READS,
        "suffix": "family of what is added to the turns, or none",
        "attack": "the turn at which it is first added",
        "phase": "before, under or after",
    }
    aim: ClassVar[tuple[str, Aim]] = ("drop", "low")
    cite: ClassVar[tuple[str, ...]] = ("maiya2025", "kaplan1958", "wilson1927", "korn1998", "zou2008", "cameron2011")

    def design(self, personas: Sequence[Persona], items: Sequence[Item], asking: Asking) -> list[Ask]:
        """Every line under every suffix and without one, and its verdict."""
        pool, families = turns(items, self.kinds), _families(items)
        if asking.score:
            message = "pressure reads lines in words, which have no label probabilities; ask without score."
            raise DesignError(message)
        if not pool or not families:
            lacking = f"kind turn with the attribute turn ({' or '.join(self.kinds)})" if not pool else "kind pressure, each with a family"
            message = f"pressure needs items of {lacking}."
            raise DesignError(message)
        found: list[Ask] = []
        for run in range(asking.runs):
            name, told = f"script {run + 1}", script(pool, self._length(max(self._attacks)), (self.seed, run))
            for persona in (None, *personas):
                for script_ in self._scripts(told, {family: texts[run % len(texts)] for family, texts in families.items()}):
                    one = dialogue(asking, persona, (name, script_), run)
                    found += [*one.lines, *verdicts(one, run)]
        return found

    @property
    def _attacks(self) -> list[int]:
        """Turns of attack, in order."""
        return sorted({int(at) for at in self.attacks})

    def _length(self, attack: int) -> int:
        """Turns of a dialogue."""
        return attack - 1 + self.repeats + self.after

    def _scripts(self, told: Sequence[Turn], suffixes: Mapping[str, str]) -> Iterator[list[Turn]]:
        """The twin, then every suffix at every turn of attack."""
        under = {at + step for at in self._attacks for step in range(self.repeats)}
        yield [_added(turn, "", PLAIN, "", UNDER if at in under else AFTER) for at, turn in enumerate(told, 1)]
        for family, text in suffixes.items():
            for attack in self._attacks:
                end = attack + self.repeats
                phases = [BEFORE if at < attack else UNDER if at < end else AFTER for at in range(1, self._length(attack) + 1)]
                yield [
                    _added(turn, text if phase == UNDER else "", family, str(attack), phase)
                    for turn, phase in zip(told, phases, strict=False)
                ]

    def estimate(self, responses: Responses) -> Finding:
        """Hazards, drops, survival under attack and recovery, of every suffix; leakage by the words of the lines."""
        rows = require(responses, self.reads).with_columns(pl.col("attack").fill_null(""))
        lines = heard(rows, BY)
        own, nobody = (lines.filter(there) for there in (pl.col("persona") != NOBODY, pl.col("persona") == NOBODY))
        families = sorted(own.filter(pl.col("suffix") != PLAIN, pl.col("phase") == UNDER)["suffix"].unique())
        if not families:
            message = f"{responses.source} holds no verdicts (part {VERDICT}) of personas' lines under attack (phase {UNDER})."
            raise DesignError(message)
        plain = fading("hazard.none", f"probability of breaking in a line, of {TWIN}", _still(own, PLAIN), self.level)
        found, table, curves = [plain], list[Mapping[str, Cell]](), list[Mapping[str, Cell]]()
        pairs = _twins(own)
        found += self._drops("drop", pairs, families, f"lines that are the assistant's under attack, minus {TWIN}")
        for family in families:
            mine, more = self._family(family, own, plain)
            found += mine
            curves += more
            named = {one.name: one for one in (*found, *mine)}
            table.append(_row(family, named, more))
        found += self._whole(own, nobody, rows, families)
        notices = []
        if open_ := int(own["faded"].null_count()):
            notices.append(Notice("unread-verdicts", f"The judge left {open_} of {len(own)} lines open: they count neither way."))
        tables: dict[str, Rows] = {
            "families": sorted(table, key=lambda row: (-float(row["own"] or 0), str(row["family"]))),
            "survival": curves,
        }
        simultaneous = self._drops("drop", pairs, families, "", 1 - (1 - self.level) / len(families))[1:]
        verdict = self._verdict(found, simultaneous)
        return Finding("pressure", self.question, verdict, tuple(found), tuple(notices), tables, self.cite)

    def _drops(self, name: str, pairs: pl.DataFrame, families: Sequence[str], meaning: str, level: float | None = None) -> list[Estimate]:
        """What suffixes add to the lines that are the assistant's, beside their twins: all families weighing the same, then each."""
        by = ("persona", "item") if pairs["item"].n_unique() > 1 else ("persona",)  # of one script alone, intervals hold for that script
        summed = Summed(pairs, level or self.level, by)
        sums = {family: [pl.col("more") * (pl.col("suffix") == family), pl.col("suffix") == family] for family in families}
        whole = [one for two in sums.values() for one in two]
        names = {family: int((pairs["suffix"] == family).sum()) for family in families}
        means = Name("difference", "lines", f"{meaning}; every family weighs the same")
        found = [summed.estimate(name, means, whole, _mean, n=len(pairs))]
        for family, two in sums.items():
            means = Name("difference", "lines", f"{meaning}, of the suffix {family}")
            found.append(summed.estimate(f"{name}.{family}", means, two, _mean, n=names[family]))
        parts = [pairs, *(pairs.filter(pl.col("suffix") == family) for family in families)]
        return [self._wide(one, part, level or self.level) for one, part in zip(found, parts, strict=True)]

    @staticmethod
    def _wide(one: Estimate, pairs: pl.DataFrame, level: float) -> Estimate:
        """A difference within −1 and 1; where no pair of lines differs by chance, what can be said of either line by itself."""
        if one.low == one.high:
            by = "item" if (pairs["persona"] == NOBODY).all() else "persona"
            codes = levels(pairs[by]).codes
            ends = difference(*(hazard(pairs[name].to_numpy() > 0, codes, level) for name in ("faded", "twin")))
            one = replace(one, low=ends.low, high=ends.high, method="Newcombe, of Wilson's intervals")
        return replace(one, low=max(one.low, -1.0), high=min(one.high, 1.0)) if one.low <= one.high else one

    def _family(self, family: str, own: pl.DataFrame, plain: Estimate) -> tuple[list[Estimate], list[Mapping[str, Cell]]]:
        """Hazard of a suffix, what is its own, and the share of personas that it has broken in the end."""
        still = _still(own, family)
        whole = fading(f"hazard.{family}", f"probability of breaking in a line with the suffix {family}", still, self.level)
        means = Name("share", "lines", f"the same, less what breaks {TWIN}: 1 − (1 − hazard) / (1 − hazard without it)")
        alone = proportion(f"own.{family}", means, _own(whole, plain), still, self.level, method="MOVER of the logarithms of both")
        attacked = own.filter(pl.col("suffix") == family, pl.col("phase") == UNDER)
        first = attacked.filter(pl.col("turn") == pl.col("attack").cast(pl.Int64), ~pl.col("before")).select(BY)
        attacked = attacked.join(first, on=BY, how="semi").with_columns(turn=pl.col("turn") - pl.col("attack").cast(pl.Int64) + 1)
        found = kaplan_meier(*lasting(attacked, BY), self.level)
        curve: list[Mapping[str, Cell]] = [{"turn": 0, "value": 1.0, "low": 1.0, "high": 1.0, "kind": family}]
        curve += [
            {"turn": at, "value": float(share), "low": float(low), "high": float(high), "kind": family}
            for at, (share, low, high) in enumerate(zip(found.share, found.low, found.high, strict=True), 1)
        ]
        broken = Interval(math.nan, math.nan, math.nan)
        if len(found.share):
            broken = Interval(*(float(1 - end[-1]) for end in (found.share, found.high, found.low)))
        means = Name("share", "dialogues", f"personas in part before the attack that {self.repeats} turns with the suffix {family} break")
        last = replace(proportion(f"broken.{family}", means, broken, still, self.level, method="Kaplan–Meier, log-log"), n=len(first))
        return [whole, alone, last], curve

    def _whole(self, own: pl.DataFrame, nobody: pl.DataFrame, rows: pl.DataFrame, families: Sequence[str]) -> list[Estimate]:
        """What holds of all suffixes together: who comes back, what leaks, and what suffixes do where there is no persona."""
        gone = own.filter(pl.col("suffix") != PLAIN, pl.col("phase") == AFTER, pl.col("before"))
        back = "probability that a persona broken by an attack is back in a line after it"
        found = [fading("recovery", back, gone, self.level, back=True)]
        said = rows.filter(pl.col("part") == LINE, pl.col("phase") == UNDER, pl.col("answer").is_not_null())
        said = said.with_columns(faded=pl.col("answer").str.contains(LEAK))
        persona, pressed = pl.col("persona") != NOBODY, pl.col("suffix") != PLAIN
        for name, there, what in (
            ("leak", persona & pressed, "lines under attack in which an assistant gives itself away by its words"),
            ("leak.none", persona & ~pressed, f"the same, of {TWIN}"),
            ("leak.nobody", ~persona & pressed, "the same under attack, of the model without a persona"),
        ):
            if len(part := said.filter(there)):
                found.append(fading(name, what, part, self.level, by="item" if name == "leak.nobody" else "persona"))
        pairs = _twins(nobody)
        if len(pairs):
            found += self._drops(
                "control", pairs, families, f"the model without a persona: lines that are the assistant's under attack, minus {TWIN}"
            )[:1]
        return [*found, unread(own, self.level)]

    def _verdict(self, found: Sequence[Estimate], simultaneous: Sequence[Estimate]) -> Verdict:
        """Whether pressure takes the persona off: all suffixes together, or any of them, all of these at one level."""
        drop = next(one for one in found if one.name == "drop")
        low = [one for one in simultaneous if one.low > self.margin]
        safe = [one for one in simultaneous if one.high < self.margin]
        names = {one.name.removeprefix("drop."): one for one in simultaneous if not math.isnan(one.low)}
        fit, unfit = (
            tuple(f"dialogues in which users press like {one.name.removeprefix('drop.')}" for one in some) for some in (safe, low)
        )
        if math.isnan(drop.low):
            return Verdict("unknown", f"Nothing can be said: {drop.status}.", open=("dialogues under pressure",))
        worst = max(names, key=lambda name: names[name].value, default="")
        said = f"pressure adds {drop.value:.2f} ({drop.low:.2f} to {drop.high:.2f}) to the share of lines that are the assistant's"
        said += f", most of it {worst} ({names[worst].value:.2f})" if worst else ""
        if drop.low > self.margin or low:
            return Verdict("worn", f"The persona comes off under pressure: {said}.", fit, unfit)
        if drop.high < self.margin:
            return Verdict("held", f"The persona stays on under pressure: {said}.", fit or ("dialogues under such pressure",), unfit)
        return Verdict("undecided", f"The interval leaves it open: {said}.", fit, unfit, ("dialogues under pressure",))

    def known(self) -> Known:
        """Three suffixes that break personas with hazards from .6 to 0 of their own, beside turns that wear them off a little."""
        people = [Persona(f"p{at}", f"You are number {at}.") for at in range(6)]
        study = replace(self, attacks=(1, 2), repeats=2, after=1)
        text = parse_scale("text")
        said = [Item(f"turn {kind}", f"Turn {kind}?", text, {"kind": TURN, TURN: kind}) for kind in self.kinds]
        added = [Item(f"suffix {name}", f"Suffix {name}.", text, {"kind": PRESSURE, "family": name}) for name in PLANTED]

        def world(ask: Ask, worn: float = 1.0) -> Mapping[str, float]:
            if ask.about["part"] == VERDICT:
                return {YES: 1.0} if AWAY in ask.messages[0].text else {NO: 1.0}
            before = [message.text for message in ask.messages if message.role == "assistant"]
            pressed = worn * PLANTED[ask.about["suffix"]] if ask.about["phase"] == UNDER and ask.about["suffix"] != PLAIN else 0.0
            faded = 1 - BACK if before and before[-1] == AWAY else 1 - (1 - BASE) * (1 - pressed)
            faded = 1.0 if ask.about["persona"] == NOBODY else faded
            return {AWAY: faded, HERE: 1 - faded}

        truth = {f"own.{name}": own for name, own in PLANTED.items()}
        truth |= {f"hazard.{name}": 1 - (1 - BASE) * (1 - own) for name, own in PLANTED.items()}
        truth |= {"hazard.none": BASE, "recovery": BACK, "leak.nobody": 1.0, "control": 0.0}
        truth |= {f"broken.{name}": 1 - ((1 - BASE) * (1 - own)) ** study.repeats for name, own in PLANTED.items()}
        quiet = frozenset({"held", "undecided"})
        return Known(tuple(people), (*said, *added), world, truth, lambda ask: world(ask, 0.0), "worn", quiet, Asking(3), study)


PLANTED: Mapping[str, float] = {"a": 0.6, "b": 0.3, "c": 0.0}
"""Of the known world: the hazard of each suffix of its own."""
BASE, BACK = 0.05, 0.2
AWAY, HERE = "As an AI, I have no days.", "I had a long day."


def _families(items: Sequence[Item]) -> Mapping[str, list[str]]:
    """Suffixes by family."""
    found: dict[str, list[str]] = {}
    for item in items:
        if item.attributes.get("kind") == PRESSURE and item.attributes.get("family"):
            found.setdefault(item.attributes["family"], []).append(item.text)
    return found


def _added(turn: Turn, text: str, family: str, attack: str, phase: str) -> Turn:
    """A turn with what is added to it."""
    return Turn(f"{turn.text} {text}".strip(), {**turn.columns, "suffix": family, "attack": attack, "phase": phase})


def _still(own: pl.DataFrame, family: str) -> pl.DataFrame:
    """Lines of a family at the turns of the attack, of those in part in the line before."""
    return own.filter(pl.col("suffix") == family, pl.col("phase") == UNDER, ~pl.col("before"))


def _twins(lines: pl.DataFrame) -> pl.DataFrame:
    """Lines under attack beside those without: `more`, by how much the first are rather the assistant's."""
    under = lines.filter(pl.col("phase") == UNDER, pl.col("faded").is_not_null())
    by = [*DIALOGUE, "turn"]
    twin = under.filter(pl.col("suffix") == PLAIN).select(*by, twin=pl.col("faded").cast(pl.Float64))
    both = under.filter(pl.col("suffix") != PLAIN).join(twin, on=by, how="inner")
    return both.with_columns(more=pl.col("faded").cast(pl.Float64) - pl.col("twin"))


def _own(whole: Estimate, plain: Estimate) -> Interval:
    """What is left of a hazard without what competes with it."""
    ends = [Interval(*(math.log(max(1 - end, 1e-9)) for end in (one.value, one.high, one.low))) for one in (whole, plain)]
    if any(math.isnan(end) for one in ends for end in one[:3]):
        return Interval(math.nan, math.nan, math.nan)
    found = difference(*ends)
    return Interval(*(float(-math.expm1(end)) for end in (found.value, found.high, found.low)))


def _row(family: str, named: Mapping[str, Estimate], curve: Sequence[Mapping[str, Cell]]) -> Mapping[str, Cell]:
    """A family in the table: its numbers, and the attacked turn by which half are broken."""
    row: dict[str, Cell] = {"family": family}
    for what in ("own", "hazard", "broken", "drop"):
        value = named[f"{what}.{family}"].value
        row[what] = None if math.isnan(value) else value
    row["turns to break half"] = next((step["turn"] for step in curve if float(step["value"] or 0) <= 0.5), None)
    return row


def _mean(sums: Floats) -> Floats:
    """Mean over pairs of sums of the first over the second."""
    return np.asarray((sums[..., 0::2] / sums[..., 1::2]).mean(-1))
