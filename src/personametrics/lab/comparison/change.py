"""What a remedy changed: the finding that compares two arms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from personametrics.data.errors import DesignError
from personametrics.data.estimate import Estimate, EstimateStatus, Name
from personametrics.data.finding import Finding, Rows, Verdict
from personametrics.data.notice import Notice
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Chain, Remedy
from personametrics.data.study import Aim, Study
from personametrics.lab.comparison.arms import Asked, on_one_scale, only, people_of
from personametrics.lab.comparison.differences import METHOD, SPREAD, Arm, Paired, shared
from personametrics.lab.members import name_of, spelled
from personametrics.stats.intervals.jackknife import Interval

NOTHING = 0.05
"""A change is none where its whole interval lies within ± this."""
COLLAPSED = 0.8
"""Spread within groups collapses where the whole interval of what is kept lies below this."""
NO_CHANGES = {"probability", "runs", "calls", "money"}
"""Units of numbers whose change says nothing."""
UNREAD = ("unparsable", "unread", "share.missing")
"""Shares of what could not be read, where a study has one."""
COMPARISON = "comparison"
"""What the finding is called."""
CITE = ("cameron2011",)


def changed(asked: Asked, rival: Asked | None = None, level: float = 0.9) -> tuple[Finding, Finding, Finding]:
    """What a remedy changed.

    Args:
        asked: both arms' answers.
        rival: what the same money buys without it.
        level: coverage of the intervals.

    Returns:
        The finding without the remedy, the finding with it, and the one that compares them.

    Raises:
        InputError: an arm says nothing.
    """
    before, after = on_one_scale(asked).arms()
    both = shared(before.responses, after.responses)
    before, after = (replace(arm, compared=both) for arm in (before, after))
    other = _beside(asked, rival, before) if rival else None
    pair = Paired((before, after, other) if other else (before, after), level)
    name, aim = asked.study.aim
    if name not in {one.name for one in before.finding.estimates}:
        why = before.finding.verdict.sentence
        message = f"{name_of(asked.study)} estimates no {name} from these answers, so that arms cannot be compared; {why}"
        raise DesignError(message)
    found = [_own(f"{arm}.{name}", name, one.finding) for arm, one in (("before", before), ("after", after))]
    found += [_estimate(f"change.{name}", pair.difference(name), before.finding, name, level)]
    if rival and other:
        found += [_own(f"rival.{name}", name, other.finding)]
        found += [_estimate(f"ahead.{name}", pair.difference(name, 1, 2), before.finding, name, level)]
    kept = pair.ratio(SPREAD)
    found += [
        Estimate("spread.kept", *_ends(kept), level, len(set(before.responses.personas.names) - {NOBODY}), METHOD, _status(kept), KEPT)
    ]
    promised = asked.remedy.promised(before.values)
    arms = {"change": 0} | ({"ahead": 2} if other else {})
    better = {one: _toward(pair, name, aim, at) for one, at in arms.items()}
    against = (rival.called or spelled(rival.remedy)) if rival else ""
    sentence = _verdict(found, name, better, _margin(asked.study, before.finding[name]), against)
    tables: dict[str, Rows] = {
        "promised": [{"estimate": one, "promised": value, "found": after.values.get(one)} for one, value in promised.items()],
        "changes": _others(pair, name),
    }
    cure = "the other arm" if type(asked.remedy) is Remedy else spelled(asked.remedy)
    question = f"Does {cure} cure what {name_of(asked.study)} measures?"
    cite = tuple(dict.fromkeys((*asked.remedy.cite, *asked.study.cite, *CITE)))
    tables = {one: rows for one, rows in tables.items() if rows}
    said = _unread(asked.remedy, before, after)
    return before.finding, after.finding, Finding(COMPARISON, question, sentence, tuple(found), said, tables, cite)


def applied(asked: Asked) -> Finding | None:
    """What the study says with a remedy that has learned from all people, with nobody left to judge it by; None for other remedies."""
    human = people_of(asked.study)
    if asked.remedy.splits != "people" or human is None:
        return None
    study: Any = asked.study
    remedy = asked.remedy.fit(asked.treated, human)
    finding = remedy.estimates(replace(study, human=None)).estimate(remedy.responses(asked.treated))
    return replace(finding, question=f"{finding.question} (the remedy fitted on all {len(human.personas.names):,} people)")


def replayed(asked: Asked) -> list[Finding]:
    """What a remedy changes in recorded answers, or what differs between two recorded arms.

    Raises:
        DesignError: the remedy acts before answers are given, so that recorded ones cannot tell.
    """
    if isinstance(asked.remedy, Chain) or asked.plain is asked.treated:
        for one in getattr(asked.remedy, "remedies", (asked.remedy,)):
            if one.acts_on not in {"responses", "estimates"} and not one.replays:
                message = f"{name_of(one)} acts on {one.acts_on}, before answers are given; ask a model: personametrics compare."
                raise DesignError(message)
    before, after, change = changed(asked, level=getattr(asked.study, "level", 0.9))
    whole = applied(asked)
    return [change, before, after, *([whole] if whole else [])]


def _beside(asked: Asked, rival: Asked, before: Arm) -> Arm:
    """The rival's arm, on the items and people on which the others are read."""
    if rival.remedy.splits or not asked.remedy.splits:
        return rival.arms()[1]
    answers = only(rival.treated, before.responses.items.names) if asked.remedy.splits == "items" else rival.treated
    return Arm(rival.remedy.estimates(before.study), rival.remedy.responses(answers), rival.group)


def _unread(remedy: Remedy, before: Arm, after: Arm) -> tuple[Notice, ...]:
    """That with the remedy much less could be read; a remedy that takes answers back means to."""
    if getattr(remedy, "acts_on", "") == "responses":
        return ()
    more = [
        f"{before.values[name]:.0%} to {after.values[name]:.0%}"
        for name in UNREAD
        if after.values.get(name, 0.0) > before.values.get(name, 1.0) + NOTHING
    ]
    text = f"What could not be read goes from {' and '.join(more)} with the remedy: the change is that of what was left."
    return (Notice("more-unread", text),) if more else ()


KEPT = Name("ratio", "personas", "variance between personas of a group, with the remedy over without it")


def _others(pair: Paired, chief: str) -> list[dict[str, str | float]]:
    """How every other estimate changed that both arms have, but for counts and p-values."""
    before, after = pair.arms[:2]
    rows: list[dict[str, str | float]] = []
    for one in before.finding.estimates:
        if one.name not in after.values or one.name == chief or one.unit in NO_CHANGES:
            continue
        value, low, high = _ends(pair.difference(one.name))
        if math.isfinite(value):
            ends = {"change": value, "low": low, "high": high}
            rows.append({"estimate": one.name, "without": one.value, "with": after.values[one.name], **ends})
    return rows


def _own(name: str, of: str, finding: Finding) -> Estimate:
    """An arm's own estimate under another name."""
    one = finding[of]
    return replace(one, name=name, means=one.known)


def _ends(found: Interval) -> tuple[float, float, float]:
    return found[0], found[1], found[2]


def _status(found: Interval) -> EstimateStatus:
    return EstimateStatus.UNDEFINED if math.isnan(found[0]) else EstimateStatus.NO_INTERVAL if math.isnan(found[1]) else EstimateStatus.OK


def _estimate(name: str, found: Interval, finding: Finding, of: str, level: float) -> Estimate:
    """A paired difference as an estimate."""
    one = finding[of]
    says = "against the rival" if name.startswith("ahead.") else "with the remedy minus without it"
    return Estimate(
        name, *_ends(found), level, one.n, METHOD, _status(found), Name(one.unit, one.known.counts, f"{one.known.meaning}: {says}")
    )


def _toward(pair: Paired, name: str, aim: Aim, before: int) -> tuple[float, float]:
    """Ends of how much better an estimate is with the remedy than in another arm: higher, lower, or nearer to zero on whichever side."""
    _, low, high = _ends(pair.difference(name, 1, before, size=aim == "zero"))
    return (low, high) if aim == "high" else (-high, -low)


def _margin(study: Study, one: Estimate) -> float:
    """What change is none, in the unit of the estimate; margins of squared numbers are stated for their roots."""
    margin = float(getattr(study, "margin", NOTHING))
    return margin**2 if one.known.unit.startswith("squared") else margin


def _verdict(found: Sequence[Estimate], name: str, better: Mapping[str, tuple[float, float]], margin: float, rival: str) -> Verdict:
    """What the paired interval says, what the same money would have bought, and whether the panel collapsed."""
    by = {one.name: one for one in found}
    before, after, change, kept = by[f"before.{name}"], by[f"after.{name}"], by[f"change.{name}"], by["spread.kept"]
    for one, arm in ((before, "without"), (after, "with")):
        if math.isnan(one.value):
            return Verdict("unknown", f"Nothing can be said: there is no {name} {arm} the remedy ({one.status}).")
    moved = f"{name} goes from {before.value:.2f} to {after.value:.2f}"
    said = f"{moved}, a change of {change.value:+.2f} ({change.low:+.2f} to {change.high:+.2f})"
    ends = better["change"]
    if math.isnan(ends[0]):
        label, sentence = "unknown", f"No interval can be given: {moved}. It takes more people, items or, in dialogues, runs."
    elif -margin < min(change.low, ends[0]) and max(change.high, ends[1]) < margin:
        label, sentence = "changes nothing", f"It changes nothing that matters: {said}."
    elif ends[0] > 0:
        label, sentence = "helps", f"It helps: {said}."
    elif ends[1] < 0:
        label, sentence = "harms", f"It makes things worse: {said}."
    else:
        label, sentence = "undecided", f"The interval leaves it open: {said}."
    if "ahead" in better:
        ahead, gain = by[f"ahead.{name}"], better["ahead"]
        worth = "better than" if gain[0] > 0 else "worse than" if gain[1] < 0 else "not told apart from"
        told = f"It is {worth} {rival} ({ahead.value:+.2f}, {ahead.low:+.2f} to {ahead.high:+.2f})"
        sentence += f" {told if math.isfinite(ahead.low) else f'Whether it is better than {rival}, is open'}."
    if kept.high < COLLAPSED:
        sentence += f" Personas of a group become alike: {kept.value:.0%} of their variance is left ({kept.low:.0%} to {kept.high:.0%})."
        label = "helps, but makes personas alike" if label == "helps" else label
    return Verdict(label, sentence)
