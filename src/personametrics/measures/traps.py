"""What recorded answers are often wrong about, noticed."""

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
"""Answers that the search for shared runs looks at; whole items are taken until there are this many."""

CODES = {*range(-99, 0), 88, 98, 99, 888, 998, 999, 9999}
"""Numbers that often mean "no answer"."""

SHARED = 0.05
"""Runs share something if it is more than this share of the disagreement of two personas …"""

SIGMAS = 4.0
"""… and this many standard errors over items."""

P_VALUE = 0.001
"""Missing answers depend on the persona if independence is less likely than this."""


def notices(responses: Responses) -> list[Notice]:
    """Everything that a reader must know about these answers before believing a number."""
    found = [*responses.notices]
    if responses.conditions is None and responses.columns.condition:
        found.append(Notice("one-condition", "The condition column holds one value, so that nothing can be said about conditions."))
    checked = [check(responses) for check in (_outside, _code, _missing, _surplus, _shared_runs)]
    return found + [notice for notice in checked if notice is not None]


def _outside(responses: Responses) -> Notice | None:
    """Answers that the scale does not know."""
    outside = {} if responses.exact is not None else responses.coded.outside
    if not outside:
        return None
    listed = ", ".join(f'"{answer}" ({rows})' for answer, rows in sorted(outside.items(), key=lambda one: -one[1])[:5])
    return Notice("outside-scale", f"{sum(outside.values())} answers lie outside the scale and count as unparsable: {listed}.")


def _code(responses: Responses) -> Notice | None:
    """A number that looks like a code for a missing answer and was counted as an answer."""
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
    text = (
        f"{rows} answers are {listed}, beside answers from {min(set(numbers) - set(suspects)):g} to {max(set(numbers) - set(suspects)):g}: "
    )
    return Notice(
        "missing-code", text + f"if that marks a missing answer, say --missing {listed.split(', ')[0]}; now it counts as an answer."
    )


def _stands_apart(number: float, numbers: Sequence[float]) -> bool:
    """Whether a number is the only negative one, or farther from the others than they from each other."""
    rest = [n for n in numbers if n not in CODES]
    if len(rest) < 2:
        return False
    return number < 0 <= min(rest) or number - max(rest) > max(rest) - min(rest)


def _missing(responses: Responses) -> Notice | None:
    """Missing answers that depend on the persona."""
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
    text = f"{share:.1%} of all asks have no answer ({by_outcome})"
    if p >= P_VALUE:
        return Notice("missing", f"{text}, without a clear dependence on the persona (p = {p:.2g}).")
    worst, best = int(np.argmax(lost / asked)), int(np.argmin(lost / asked))
    names = responses.personas.names
    return Notice(
        "missing-by-persona",
        f"{text}, and that depends on the persona (p = {p:.1g}): {lost[best] / asked[best]:.0%} for {names[best]}, "
        f"{lost[worst] / asked[worst]:.0%} for {names[worst]}; what is left may not stand for all.",
    )


def _surplus(responses: Responses) -> Notice | None:
    """Few cells that were asked more often than all others."""
    n = responses.cells.n
    if np.isinf(n).any():
        return None
    usual = float(np.median(n))
    more = n > max(usual, 1)
    if not 0 < more.sum() < 0.05 * len(n) or (n == usual).mean() < 0.5:
        return None
    surplus = int((n[more] - usual).sum())
    text = f"{more.sum()} of {len(n)} cells hold more runs than the usual {usual:.0f}, up to {n.max():.0f}: {surplus} surplus rows"
    return Notice("surplus-runs", f"{text}; every cell still weighs the same.")


def _shared_runs(responses: Responses) -> Notice | None:
    """Runs that share something across personas: answers of two personas agree more within one run id than across run ids."""
    column = responses.columns.run
    if column is None or responses.exact is not None or responses.frame[column].null_count():
        return None
    part = _first_items(responses)
    run = levels(responses.frame[column][part]).codes
    item = responses.items.codes if responses.conditions is None else responses.items.codes * 10_000 + responses.conditions.codes
    item = np.unique(item[part], return_inverse=True)[1]
    cells = from_answers(["persona", "item", "run"], [responses.personas.codes[part], item, run], responses.coded.at(part))
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
    text = f"Two personas disagree {shared:.0%} less within one run id than across run ids: the runs share something, such as a wording"
    return Notice("shared-runs", f"{text}, and are no independent re-askings; if run ids name wordings, pass them as --condition.")


def _first_items(responses: Responses) -> Ints:
    """Answered rows of as many whole items, in order, as the search may look at."""
    rows = np.cumsum(np.bincount(responses.items.codes))
    last = max(2, int(np.searchsorted(rows, MOST_ROWS, "right")))
    return np.flatnonzero(responses.answered & (responses.items.codes < last))
