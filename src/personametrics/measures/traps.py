"""Checks for frequent traps in recorded answers."""

from collections.abc import Sequence

import numpy as np
from scipy.special import chdtrc

from personametrics.data.coding import plain
from personametrics.data.levels import levels
from personametrics.data.notice import Notice
from personametrics.data.outcome import ReplyOutcome
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Ordinal
from personametrics.stats.arrays import Ints
from personametrics.stats.variance.cells import from_answers
from personametrics.stats.variance.disagreement import pairs

MOST_ROWS = 200_000
"""The number of answers for the check of shared runs, which takes whole items up to this number."""
CODES = {*range(-99, 0), 88, 98, 99, 888, 998, 999, 9999}
"""Numbers that often stand for a missing answer."""
SHARED = 0.05
"""Runs share something if its part of the disagreement of two personas is larger than this …"""
SIGMAS = 4.0
"""… and larger than this number of standard errors over items."""
P_VALUE = 0.001
"""Missing answers depend on the persona if the p-value of independence is smaller than this."""


def notices(responses: Responses) -> list[Notice]:
    """Return the warnings that a reader needs before believing a number from these answers."""
    warnings = [*responses.notices]
    if responses.conditions is None and responses.columns.condition:
        text = "The condition column has only one value, so the effect of conditions cannot be estimated."
        warnings.append(Notice("one-condition", text))
    checked = [check(responses) for check in (_outside, _code, _missing, _surplus, _shared_runs)]
    return warnings + [notice for notice in checked if notice is not None]


def _outside(responses: Responses) -> Notice | None:
    """Notice answers that are not on the scale."""
    outside = {} if responses.exact is not None else responses.coded.outside
    if not outside:
        return None
    listed = ", ".join(f'"{answer}" ({rows})' for answer, rows in sorted(outside.items(), key=lambda entry: -entry[1])[:5])
    return Notice("outside-scale", f"{sum(outside.values())} answers are not on the scale and count as unparsable: {listed}.")


def _code(responses: Responses) -> Notice | None:
    """Notice a number that looks like a code for a missing answer and was counted as an answer."""
    scale = responses.labelled
    if not isinstance(scale, Ordinal | Nominal) or responses.exact is not None:
        return None
    if getattr(responses.scale, "labels", ()):
        return None
    try:
        numbers = sorted(float(label) for label in scale.labels)
    except ValueError:
        return None
    suspects = [n for n in numbers if n in CODES and _stands_apart(n, numbers)]
    if not suspects or sum(n < 0 for n in numbers) > 1 or numbers[0] == -numbers[-1]:
        return None
    rows = sum(int((responses.coded.values == scale.labels.index(plain(str(n)))).sum()) for n in suspects)
    listed = ", ".join(f"{n:g}" for n in suspects)
    others = set(numbers) - set(suspects)
    text = (
        f"{rows} answers are {listed}, and the other answers go from {min(others):g} to {max(others):g}. These numbers count as answers. "
        f"If they mark missing answers, use --missing {listed.split(', ')[0]}."
    )
    return Notice("missing-code", text)


def _stands_apart(number: float, numbers: Sequence[float]) -> bool:
    """Return True if a number is the only negative one, or farther from the others than these are from each other."""
    rest = [n for n in numbers if n not in CODES]
    if len(rest) < 2:
        return False
    return number < 0 <= min(rest) or number - max(rest) > max(rest) - min(rest)


def _missing(responses: Responses) -> Notice | None:
    """Notice missing answers, and whether they depend on the persona."""
    absent = ~responses.answered
    if not absent.any():
        return None
    asked = np.bincount(responses.personas.codes)
    lost = np.bincount(responses.personas.codes, absent, len(asked))
    share = lost.sum() / asked.sum()
    statistic = (((lost - asked * share) ** 2) / (asked * share * (1 - share))).sum() if share < 1 else 0.0
    p = float(chdtrc(max(len(asked) - 1, 1), statistic))
    by_outcome = ", ".join(
        f"{int(rows.sum())} {outcome}" for outcome, rows in responses.outcomes.items() if outcome != ReplyOutcome.ANSWERED
    )
    text = f"{share:.1%} of all requests have no answer ({by_outcome})"
    if p >= P_VALUE:
        return Notice("missing", f"{text}, and this share does not clearly depend on the persona (p = {p:.2g}).")
    worst, best = int(np.argmax(lost / asked)), int(np.argmin(lost / asked))
    names = responses.personas.names
    return Notice(
        "missing-by-persona",
        f"{text}, and this share depends on the persona (p = {p:.1g}): {lost[best] / asked[best]:.0%} for {names[best]}, "
        f"{lost[worst] / asked[worst]:.0%} for {names[worst]}. The remaining answers may not represent all requests.",
    )


def _surplus(responses: Responses) -> Notice | None:
    """Notice a few cells that were asked more often than the others."""
    n = responses.cells.n
    if np.isinf(n).any():
        return None
    usual = float(np.median(n))
    more = n > max(usual, 1)
    if not 0 < more.sum() < 0.05 * len(n) or (n == usual).mean() < 0.5:
        return None
    surplus = int((n[more] - usual).sum())
    text = (
        f"{more.sum()} of {len(n)} cells have more runs than the usual {usual:.0f}, up to {n.max():.0f}, so there are {surplus} extra rows"
    )
    return Notice("surplus-runs", f"{text}. All cells still have the same weight.")


def _shared_runs(responses: Responses) -> Notice | None:
    """Notice runs that share something: answers of two personas agree more within one run id than across run ids."""
    column = responses.columns.run
    if column is None or responses.exact is not None or responses.frame[column].null_count():
        return None
    rows = _first_items(responses)
    run = levels(responses.frame[column][rows]).codes
    item = responses.items.codes if responses.conditions is None else responses.items.codes * 10_000 + responses.conditions.codes
    item = np.unique(item[rows], return_inverse=True)[1]
    cells = from_answers(["persona", "item", "run"], [responses.personas.codes[rows], item, run], responses.coded.at(rows))
    sums = pairs(cells)
    apart, together = frozenset({"item"}), frozenset({"item", "run"})
    whole = sums.whole()
    if not (whole[together] > 0 and whole[apart] > 0):
        return None
    shared = 1 - float(whole[together] / whole[apart])
    left = sums.without(["item"])
    with np.errstate(divide="ignore", invalid="ignore"):
        drops = 1 - left[together] / left[apart]
    error = float(np.sqrt((len(drops) - 1) * np.var(drops))) if np.isfinite(drops).all() else np.inf
    if not shared > max(SHARED, SIGMAS * error):
        return None
    text = f"Two personas disagree {shared:.0%} less within one run id than across run ids, so the runs are not independent. They share "
    return Notice("shared-runs", f"{text}something, such as a wording. If the run ids name wordings, give this column as --condition.")


def _first_items(responses: Responses) -> Ints:
    """Return the answered rows of the first whole items, up to the number that the check may use."""
    rows = np.cumsum(np.bincount(responses.items.codes))
    last = max(2, int(np.searchsorted(rows, MOST_ROWS, "right")))
    return np.flatnonzero(responses.answered & (responses.items.codes < last))
