"""The change that a remedy makes: the finding that compares two arms."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

import polars as pl

from personametrics.data.errors import DesignError, ensure
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Name, Notice, Rows, Verdict
from personametrics.data.prompt import NOBODY
from personametrics.data.remedy import Remedy
from personametrics.data.study import Aim, Responses
from personametrics.lab.comparison.arms import ArmPair, keep_names, share_scale
from personametrics.lab.comparison.differences import METHOD, SPREAD, Arm, Differences
from personametrics.lab.members import name_of, spell
from personametrics.measures.answers import answers
from personametrics.stats.intervals.jackknife import Interval

MORE_UNREAD = 0.05
"""A notice is given where the share of unreadable answers rises by more than this."""
COLLAPSED = 0.8
"""The spread within groups has collapsed where the whole interval of the share that is kept lies below this."""
NO_CHANGES = {"probability", "runs", "calls", "money"}
"""Units of numbers whose change means nothing."""
UNREAD = ("unparsable", "unread", "share.missing")
"""Estimates that are shares of unreadable answers, where a study has one."""
COMPARISON = "comparison"
"""Name of the finding."""
CITE = ("cameron2011",)
KEPT = Name("ratio", "personas", "variance between personas of a group with the remedy, divided by this variance without it")


def measure_change(pair: ArmPair, rival: ArmPair | None = None, level: float = 0.9) -> tuple[Finding, Finding, Finding]:
    """Return the finding without a remedy, the one with it, and the one that compares them at a level of coverage.

    Args:
        pair: the answers of both arms.
        rival: the answers of the baseline at equal cost.
        level: coverage of the intervals, 0 to 1.

    Raises:
        InputError: an arm has too few answers, or the study does not estimate its aim from them.
    """
    before, after = share_scale(pair).arms()
    both = shared_cells(before.responses, after.responses)
    before, after = (replace(arm, compared=both) for arm in (before, after))
    other = _rival_arm(pair, rival, before) if rival else None
    differences = Differences((before, after, other) if other else (before, after), level)
    name, aim = pair.study.aim
    if name not in {estimate.name for estimate in before.finding.estimates}:
        why = before.finding.verdict.sentence
        message = f"{name_of(pair.study)} does not estimate {name} from these answers, so arms cannot be compared. {why}"
        raise DesignError(message)
    estimates = [_own(f"{arm}.{name}", name, side.finding) for arm, side in (("before", before), ("after", after))]
    estimates += [_estimate(f"change.{name}", differences.difference(name), before.finding, name, level)]
    if other:
        estimates += [_own(f"rival.{name}", name, other.finding)]
        estimates += [_estimate(f"ahead.{name}", differences.difference(name, 1, 2), before.finding, name, level)]
    kept = differences.ratio(SPREAD)
    personas = len(set(before.responses.personas.names) - {NOBODY})
    estimates += [Estimate("spread.kept", *kept[:3], level, personas, METHOD, _status(kept), KEPT)]
    better = {key: _toward(differences, name, aim, arm) for key, arm in (("change", 0), *([("ahead", 2)] if other else []))}
    baseline = (rival.called or spell(rival.remedy)) if rival else ""
    squared = before.finding[name].unit.startswith("squared")  # the margin of squared numbers is stated for their roots
    verdict = _verdict(estimates, name, better, pair.study.margin ** (2 if squared else 1), baseline)
    promised = pair.remedy.promised(before.values)
    tables: dict[str, Rows] = {
        "promised": [{"estimate": key, "promised": value, "found": after.values.get(key)} for key, value in promised.items()],
        "changes": _other_changes(differences, name),
    }
    remedy = "the other arm" if type(pair.remedy) is Remedy else spell(pair.remedy)
    question = f"Does {remedy} improve the result of {name_of(pair.study)}?"
    cite = tuple(dict.fromkeys((*pair.remedy.cite, *pair.study.cite, *CITE)))
    tables = {key: rows for key, rows in tables.items() if rows}
    notices = _more_unread(pair.remedy, before, after)
    return before.finding, after.finding, Finding(COMPARISON, question, verdict, tuple(estimates), notices, tables, cite)


def shared_cells(first: Responses, second: Responses) -> pl.DataFrame:
    """Return the columns persona and item: the cells that were answered in both arms."""
    cells, others = (answers(arm).select("persona", "item").unique(maintain_order=True) for arm in (first, second))
    return cells.join(others, ["persona", "item"], how="semi", maintain_order="left")


def apply_to_everyone(pair: ArmPair) -> Finding | None:
    """Return the finding with a remedy fitted on all people, with nobody held out to evaluate it; None for other remedies."""
    human = pair.study.human
    if pair.remedy.splits != "people" or human is None:
        return None
    remedy = pair.remedy.fit(pair.treated, human)
    finding = remedy.estimates(pair.study.set(human=None)).estimate(remedy.responses(pair.treated))
    return replace(finding, question=f"{finding.question} (the remedy fitted on all {len(human.personas.names):,} people)")


def replay_arms(pair: ArmPair) -> list[Finding]:
    """Return the change that a remedy makes in recorded answers, or the difference between two recorded arms.

    A remedy that acts before answers are given is refused, since recorded answers do not show its effect.
    """
    if len(pair.remedy.links) > 1 or pair.plain is pair.treated:
        for remedy in pair.remedy.links:
            message = f"{name_of(remedy)} acts on {remedy.acts_on}, before answers are given. Ask a model with personametrics compare."
            ensure(remedy.acts_on in {"responses", "estimates"} or remedy.replays, message)
    before, after, change = measure_change(pair, level=pair.study.level)
    whole = apply_to_everyone(pair)
    return [change, before, after, *([whole] if whole else [])]


def _rival_arm(pair: ArmPair, rival: ArmPair, before: Arm) -> Arm:
    """Return the arm of the baseline, on the items and people of the other arms."""
    if rival.remedy.splits or not pair.remedy.splits:
        return rival.arms()[1]
    answers = keep_names(rival.treated, before.responses.items.names, "items") if pair.remedy.splits == "items" else rival.treated
    return Arm(rival.remedy.estimates(before.study), rival.remedy.responses(answers), rival.group)


def _more_unread(remedy: Remedy, before: Arm, after: Arm) -> tuple[Notice, ...]:
    """Return a notice if far fewer answers can be read with the remedy; a remedy that takes answers back intends that."""
    if remedy.acts_on == "responses":
        return ()
    rises = [
        f"from {before.values[name]:.0%} to {after.values[name]:.0%}"
        for name in UNREAD
        if after.values.get(name, 0.0) > before.values.get(name, 1.0) + MORE_UNREAD
    ]
    text = f"The share of unreadable answers rose {' and '.join(rises)} with the remedy. The change uses only the readable answers."
    return (Notice("more-unread", text),) if rises else ()


def _other_changes(differences: Differences, aim: str) -> list[dict[str, str | float]]:
    """Return the change of every other estimate that both arms have, except for counts and p-values."""
    before, after = differences.arms[:2]
    rows: list[dict[str, str | float]] = []
    for estimate in before.finding.estimates:
        name = estimate.name
        if name not in after.values or name == aim or estimate.unit in NO_CHANGES:
            continue
        value, low, high, *_ = differences.difference(name)
        if math.isfinite(value):
            ends = {"change": value, "low": low, "high": high}
            rows.append({"estimate": name, "without": estimate.value, "with": after.values[name], **ends})
    return rows


def _own(name: str, of: str, finding: Finding) -> Estimate:
    """Return an arm's own estimate under another name."""
    estimate = finding[of]
    return replace(estimate, name=name, means=estimate.kind)


def _status(change: Interval) -> EstimateStatus:
    """Return whether a number, and its interval, are defined."""
    return EstimateStatus.UNDEFINED if math.isnan(change[0]) else EstimateStatus.NO_INTERVAL if math.isnan(change[1]) else EstimateStatus.OK


def _estimate(name: str, change: Interval, finding: Finding, of: str, level: float) -> Estimate:
    """Return a paired difference as an estimate."""
    base = finding[of]
    direction = "with the remedy minus with the baseline" if name.startswith("ahead.") else "with the remedy minus without the remedy"
    means = Name(base.unit, base.kind.counts, f"{base.kind.meaning}: {direction}")
    return Estimate(name, *change[:3], level, base.n, METHOD, _status(change), means)


def _toward(differences: Differences, name: str, aim: Aim, before: int) -> tuple[float, float]:
    """Return how much better an estimate is with the remedy than in another arm: higher, lower, or nearer to zero from either side."""
    _, low, high, *_ = differences.difference(name, 1, before, size=aim == "zero")
    return (low, high) if aim == "high" else (-high, -low)


def _verdict(estimates: Sequence[Estimate], name: str, better: Mapping[str, tuple[float, float]], margin: float, baseline: str) -> Verdict:
    """Return what the paired interval says, what the same money would have bought, and whether personas became alike."""
    by = {estimate.name: estimate for estimate in estimates}
    before, after, change, kept = by[f"before.{name}"], by[f"after.{name}"], by[f"change.{name}"], by["spread.kept"]
    for estimate, arm in ((before, "without"), (after, "with")):
        if math.isnan(estimate.value):
            return Verdict("unknown", f"Nothing can be said: {name} is not defined {arm} the remedy ({estimate.status}).")
    moved = f"{name} goes from {before.value:.2f} to {after.value:.2f}"
    figures = f"{moved}, a change of {change.value:+.2f} ({change.low:+.2f} to {change.high:+.2f})"
    low, high = better["change"]
    if math.isnan(low):
        label, sentence = "unknown", f"No interval can be given: {moved}. More people or items are needed, or more runs of dialogues."
    elif -margin < min(change.low, low) and max(change.high, high) < margin:
        label, sentence = "changes nothing", f"It makes no difference that matters: {figures}."
    elif low > 0:
        label, sentence = "helps", f"It helps: {figures}."
    elif high < 0:
        label, sentence = "harms", f"It makes the result worse: {figures}."
    else:
        label, sentence = "undecided", f"The interval does not show whether it helps: {figures}."
    if "ahead" in better:
        sentence += _against(by[f"ahead.{name}"], better["ahead"], baseline)
    if kept.high < COLLAPSED:
        sentence += f" Personas of a group become alike: they keep {kept.value:.0%} of their variance ({kept.low:.0%} to {kept.high:.0%})."
        label = "helps, but makes personas alike" if label == "helps" else label
    return Verdict(label, sentence)


def _against(ahead: Estimate, gain: tuple[float, float], baseline: str) -> str:
    """Return the sentence on the remedy against the baseline at equal cost."""
    if not math.isfinite(ahead.low):
        return f" No interval can be given for the comparison with {baseline}."
    figures = f"({ahead.value:+.2f}, {ahead.low:+.2f} to {ahead.high:+.2f})"
    if gain[0] > 0:
        return f" It is better than {baseline} {figures}."
    return f" It is worse than {baseline} {figures}." if gain[1] < 0 else f" It does not differ clearly from {baseline} {figures}."
