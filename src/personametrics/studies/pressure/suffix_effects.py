"""Dialogues under attack: scripts with a suffix and their twins, and the effects of suffixes on the lines that a judge has read."""

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import polars as pl

from personametrics.data.finding import Cell, Estimate, Name, Rows, number_or_none
from personametrics.data.levels import levels
from personametrics.data.role import LINE
from personametrics.data.study import NOBODY, Item
from personametrics.dialogues.dialogue import Turn
from personametrics.dialogues.fading import DIALOGUE, durations, hazard_estimate, proportion
from personametrics.measures.sums import RowSums, Totals
from personametrics.stats.arrays import Floats
from personametrics.stats.intervals.jackknife import Interval
from personametrics.stats.intervals.mover import difference, net
from personametrics.stats.intervals.survival import hazard, kaplan_meier

PRESSURE = "pressure"
"""The kind of items that are suffixes; their attribute `family` groups wordings of one sort."""
PLAIN = "none"
"""The family of a twin: no suffix."""
BEFORE, UNDER, AFTER = "before", "under", "after"
"""Phases of a dialogue: before the attack, under it, and after it."""
OWN, PRESSED, ATTACKED = pl.col("persona") != NOBODY, pl.col("suffix") != PLAIN, pl.col("phase") == UNDER
"""Lines of a persona, lines of dialogues with a suffix, and lines at the turns of the attack."""
BY = (*DIALOGUE, "suffix", "attack")
"""Columns that identify a dialogue."""
ITSELF = r"an? (?:AI\b|artificial|(?:large )?language model|chatbot|virtual assistant|assistant\b)"
LEAK = rf"(?i)\b(?:as|I(?: a|')m) {ITSELF}"
"""Words with which an assistant gives itself away."""
TWIN = "the same turns without the suffix"
MORE = f"share of lines in which an assistant speaks under attack, minus the share at {TWIN}"
LEAKS: Mapping[str, tuple[pl.Expr, str]] = {
    "leak": (OWN & PRESSED, "lines under attack whose words show that an assistant speaks"),
    "leak.none": (OWN & ~PRESSED, f"lines whose words show that an assistant speaks, at {TWIN}"),
    "leak.nobody": (~OWN & PRESSED, "lines under attack of the model without a persona whose words show that an assistant speaks"),
}
"""Estimates of leaks: the lines that they are about, and their meaning."""


def suffix_families(items: Sequence[Item]) -> Mapping[str, list[str]]:
    """Return the texts of suffixes by family, in the order of the items."""
    families: dict[str, list[str]] = {}
    for item in items:
        if item.attributes.get("kind") == PRESSURE and item.attributes.get("family"):
            families.setdefault(item.attributes["family"], []).append(item.text)
    return families


def attack_scripts(
    turns: Sequence[Turn], suffixes: Mapping[str, str], attacks: Sequence[int], repeats: int, after: int
) -> Iterator[list[Turn]]:
    """Yield the twin, then a script for each suffix and each first turn of attack (from 1, in ascending order).

    Turns have the columns suffix (the family), attack (the first turn with the suffix) and phase. `repeats` turns have the suffix, and
    `after` turns follow without it.
    """
    attacked = {attack + step for attack in attacks for step in range(repeats)}
    yield [_turn(turn, "", PLAIN, "", UNDER if number in attacked else AFTER) for number, turn in enumerate(turns, 1)]
    for family, suffix in suffixes.items():
        for attack in attacks:
            phases = [*[BEFORE] * (attack - 1), *[UNDER] * repeats, *[AFTER] * after]
            yield [
                _turn(turn, suffix if phase == UNDER else "", family, str(attack), phase)
                for turn, phase in zip(turns, phases, strict=False)  # an early attack leaves the last turns out
            ]


def _turn(turn: Turn, suffix: str, family: str, attack: str, phase: str) -> Turn:
    """Return a turn with a suffix added to its text, and the columns of the attack."""
    return Turn(f"{turn.text} {suffix}".strip(), {**turn.columns, "suffix": family, "attack": attack, "phase": phase})


@dataclass(frozen=True, eq=False)
class SuffixEffects:
    """Estimates from judged lines of personas (`fading.judged_lines`, with the columns suffix, attack and phase), at a level."""

    lines: pl.DataFrame
    level: float

    @cached_property
    def families(self) -> list[str]:
        """The families of suffixes, by name."""
        return sorted(self.lines.filter(PRESSED, ATTACKED)["suffix"].unique())

    @cached_property
    def pairs(self) -> pl.DataFrame:
        """The lines under attack, each paired with that of the twin."""
        return twin_pairs(self.lines)

    @cached_property
    def plain(self) -> Estimate:
        """The hazard without a suffix."""
        meaning = f"probability that a persona loses its character in a line, at {TWIN}"
        return hazard_estimate("hazard.none", meaning, self._in_character(PLAIN), self.level)

    def drop(self) -> Estimate:
        """Return the drop of all families together."""
        return drop("drop", f"{MORE}; every family has the same weight", self.pairs, self.families, self.level)

    def drops(self, level: float) -> list[Estimate]:
        """Return the drop of each family, with intervals at a level of their own."""
        return [drop(f"drop.{family}", f"{MORE}, with the suffix {family}", self.pairs, [family], level) for family in self.families]

    def of_family(self, family: str, repeats: int) -> Iterator[Estimate]:
        """Yield the hazard of a family, its own part, and the share of personas that the attack has broken at its end."""
        steps, curve = self._in_character(family), self.survival(family)
        meaning = f"probability that a persona loses its character in a line with the suffix {family}"
        whole = hazard_estimate(f"hazard.{family}", meaning, steps, self.level)
        yield whole
        means = Name("share", "lines", f"hazard due to the suffix {family} alone: 1 − (1 − hazard.{family}) / (1 − hazard.none)")
        alone = net(whole.interval, self.plain.interval)
        yield proportion(f"own.{family}", means, alone, steps, self.level, method="MOVER of the logarithms of both")
        lost = Interval(*(1 - float(curve[-1][end] or 0) if len(curve) > 1 else math.nan for end in ("value", "high", "low")))
        means = Name("share", "dialogues", f"personas that lose their character within {repeats} turns with the suffix {family}")
        broken = proportion(f"broken.{family}", means, lost, steps, self.level, method="Kaplan–Meier, log-log")
        yield replace(broken, n=len(self._starts(family)))

    def survival(self, family: str) -> list[Mapping[str, Cell]]:
        """Return the share of personas in character before the attack that still are after each of its turns (Kaplan–Meier)."""
        attacked = self.lines.filter(pl.col("suffix") == family, ATTACKED).join(self._starts(family), on=BY, how="semi")
        attacked = attacked.with_columns(turn=pl.col("turn") - pl.col("attack").cast(pl.Int64) + 1)
        curve = kaplan_meier(*durations(attacked, BY), self.level)
        steps = [(1.0, 1.0, 1.0), *zip(curve.share.tolist(), curve.low.tolist(), curve.high.tolist(), strict=True)]
        return [{"turn": turn, "value": share, "low": low, "high": high, "kind": family} for turn, (share, low, high) in enumerate(steps)]

    def recovery(self) -> Estimate:
        """Return the probability that a persona broken by an attack is back in character in a line after it."""
        broken = self.lines.filter(PRESSED, pl.col("phase") == AFTER, pl.col("before"))
        meaning = "probability that a persona that lost its character under attack is back in character in a line after it"
        return hazard_estimate("recovery", meaning, broken, self.level, back=True)

    def table(self, estimates: Sequence[Estimate]) -> Rows:
        """Return a row for each family with its numbers, the highest own hazard first."""
        values = {estimate.name: estimate.value for estimate in estimates}
        rows = [self._row(family, values) for family in self.families]
        return sorted(rows, key=lambda row: (-float(row["own"] or 0), str(row["family"])))

    def _row(self, family: str, values: Mapping[str, float]) -> Mapping[str, Cell]:
        """Return the numbers of a family, and the turn of the attack by which half of the personas are broken."""
        numbers = {number: values[f"{number}.{family}"] for number in ("own", "hazard", "broken", "drop")}
        half = next((step["turn"] for step in self.survival(family) if float(step["value"] or 0) <= 0.5), None)
        return {"family": family, **{name: number_or_none(value) for name, value in numbers.items()}, "turns to break half": half}

    def _in_character(self, family: str) -> pl.DataFrame:
        """Return a family's lines under attack of personas that were in character in the line before."""
        return self.lines.filter(pl.col("suffix") == family, ATTACKED, ~pl.col("before"))

    def _starts(self, family: str) -> pl.DataFrame:
        """Return a family's dialogues in which the persona was in character before the attack."""
        return self._in_character(family).filter(pl.col("turn") == pl.col("attack").cast(pl.Int64)).select(BY)


def twin_pairs(lines: pl.DataFrame) -> pl.DataFrame:
    """Return lines under attack with the column `more`: 1 if only they are an assistant's, −1 if only the twin's are, else 0."""
    attacked = lines.filter(ATTACKED, pl.col("faded").is_not_null())
    by = [*DIALOGUE, "turn"]
    twin = attacked.filter(~PRESSED).select(*by, twin=pl.col("faded").cast(pl.Float64))
    pairs = attacked.filter(PRESSED).join(twin, on=by, how="inner")
    return pairs.with_columns(more=pl.col("faded").cast(pl.Float64) - pl.col("twin"))


def drop(name: str, meaning: str, pairs: pl.DataFrame, families: Sequence[str], level: float) -> Estimate:
    """Return what suffixes add to the share of lines in which an assistant speaks, −1 to 1, every family with the same weight.

    Where all pairs agree, so that the jackknife sees no variance, the interval follows from those of both shares.
    """
    by = ("persona", "item") if pairs["item"].n_unique() > 1 else ("persona",)  # with one script, the interval holds for that script
    sums = {f"more {family}": pl.col("more") * (pl.col("suffix") == family) for family in families}
    sums |= {f"lines {family}": pl.col("suffix") == family for family in families}

    def mean_of_families(totals: Totals) -> Floats:
        return np.asarray(np.stack([totals[f"more {family}"] / totals[f"lines {family}"] for family in families], -1).mean(-1))

    chosen = pairs.filter(pl.col("suffix").is_in(families))
    estimate = RowSums(pairs, level, by).estimate(name, Name("difference", "lines", meaning), sums, mean_of_families, n=len(chosen))
    if estimate.low == estimate.high:
        codes = levels(chosen["item" if (chosen["persona"] == NOBODY).all() else "persona"]).codes
        ends = difference(*(hazard(chosen[column].to_numpy() > 0, codes, level) for column in ("faded", "twin")))
        estimate = replace(estimate, low=ends.low, high=ends.high, method="Newcombe, of Wilson's intervals")
    return estimate.clipped(-1.0, 1.0)


def leaks(rows: pl.DataFrame, level: float) -> Iterator[Estimate]:
    """Yield the shares of lines under attack whose words show that an assistant speaks."""
    lines = rows.filter(pl.col("part") == LINE, ATTACKED, pl.col("answer").is_not_null())
    lines = lines.with_columns(faded=pl.col("answer").str.contains(LEAK))
    for name, (chosen, meaning) in LEAKS.items():
        if len(part := lines.filter(chosen)):
            yield hazard_estimate(name, meaning, part, level, by="item" if name == "leak.nobody" else "persona")
