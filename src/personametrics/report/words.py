"""The wording of numbers and names, shared by the page, the terminal and the tables."""

import math
import re
from collections.abc import Iterable
from typing import Any

from personametrics.data.card import Card
from personametrics.data.citations import citations, references
from personametrics.data.finding import Estimate, EstimateStatus, Finding, Verdict

NOTHING = "—"
"""The sign for an undefined number."""
MINUS = "−"
COUNTED = {"runs", "calls", "tokens"}
"""Units whose whole values are written without decimals."""
_LABELS = {
    "good": ("persona dominates", "groups differ as in people", "answers like people's", "personas are heard", "complete", "helps"),
    "bad": (
        "model uncertainty dominates", "groups differ otherwise than in people", "group differences exaggerated",
        "group differences flattened", "answers unlike people's", "not the persona", "incomplete", "hardly answered",
        "helps, but makes personas alike", "harms",
    ),
    "open": ("undecided", "unknown"),
}  # fmt: skip
TONES = {label: tone for tone, labels in _LABELS.items() for label in labels}
"""The colour of a verdict; a verdict that is not listed here is coloured by its lists of uses (see `tone`)."""
SIGNS = {"good": "✓", "bad": "✗", "open": "?", "plain": "•"}
"""The sign shown with each colour, so that nothing depends on colour alone."""
DETAILS = ("reliability.k=",)
"""Families of estimates that the table of key estimates leaves out, because a figure or a line shows them."""
OUTCOMES = ("share.missing", "share.refused", "share.unparsable", "share.failed")
"""Shares of lost answers. They are key estimates only if some answer was lost."""
_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control characters, lone surrogates, line ends, and changes of text direction."""


def plain(text: object) -> str:
    r"""Return text from data that is safe to show: control characters and changes of direction are spelled out.

    Examples:
        >>> plain("a\x1b[31m")
        'a\\x1b[31m'
        >>> plain("two\nlines")
        'two lines'
    """
    return _HIDDEN.sub(_visible, str(text))


def _visible(match: re.Match[str]) -> str:
    """Return one control character, spelled out."""
    return " " if match[0] in "\n\r\t" else match[0].encode("unicode_escape").decode("ascii")


def quoted(name: object) -> str:
    """Return a name from data, quoted for use in a sentence.

    Examples:
        >>> quoted("9")
        '“9”'
    """
    return f"“{plain(name)}”"


def number(value: float | None, unit: str = "") -> str:
    """Return a number with three significant digits.

    Examples:
        >>> number(-0.93527), number(30000), number(0.000012), number(12.0, "calls"), number(None)
        ('−0.935', '30,000', '1.20e-05', '12', '—')
    """
    if value is None or not math.isfinite(value):
        return NOTHING
    if isinstance(value, int) or value == 0 or (unit in COUNTED and value == round(value)):
        return f"{value:,.0f}".replace("-", MINUS)
    size = math.floor(math.log10(abs(value)))
    written = f"{abs(value):.2e}" if size < -4 else f"{abs(value):,.{max(0, 2 - size)}f}"
    return MINUS + written if value < 0 else written


def probability(value: float) -> str:
    """Return a p-value as journals print it.

    Examples:
        >>> probability(0.0004), probability(0.0021), probability(1.0)
        ('< .001', '.002', '1.000')
    """
    if not math.isfinite(value):
        return NOTHING
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def figure(estimate: Estimate) -> str:
    """Return the value of an estimate as text."""
    return probability(estimate.value) if estimate.unit == "probability" else number(estimate.value, estimate.unit)


def interval(estimate: Estimate) -> str:
    """Return the interval of an estimate as text, or "" if it has none."""
    if not (math.isfinite(estimate.low) or math.isfinite(estimate.high)):
        return ""
    return f"{number(estimate.low, estimate.unit)} to {number(estimate.high, estimate.unit)}"


def cell(value: object) -> str:
    """Return one value of an evidence table as text."""
    if value is None or isinstance(value, bool):
        return NOTHING if value is None else ("yes" if value else "no")
    return number(value) if isinstance(value, int | float) else plain(value)


def count(estimate: Estimate) -> str:
    """Return the number of observations behind an estimate, with their name."""
    return f"{estimate.n:,} {estimate.kind.counts}"


def warning(estimate: Estimate) -> str:
    """Return the status of an estimate as a sentence, or "" if there is nothing to warn of."""
    return "" if estimate.status == EstimateStatus.OK else str(estimate.status)


def key_estimates(finding: Finding) -> list[Estimate]:
    """Return the estimates that a reader looks at first."""
    return [e for e in finding.estimates if not e.name.startswith(DETAILS) and (e.name not in OUTCOMES or e.value > 0)]


def level(estimates: Iterable[Estimate]) -> str:
    """Return the coverage of intervals as a heading.

    Examples:
        >>> level([])
        'interval'
    """
    levels = sorted({estimate.level for estimate in estimates if interval(estimate)})
    return f"{' / '.join(f'{coverage:.0%}' for coverage in levels)} interval".strip()


def is_span(estimate: Estimate) -> bool:
    """Return True if the estimate can be drawn on a line from 0 to 1: a share that cannot be negative."""
    return estimate.unit == "share" and (estimate.means is None or not estimate.low < 0)


def tone(verdict: Verdict) -> str:
    """Return the colour of a verdict: good, bad, open or plain.

    A verdict that `TONES` does not list is bad if it only names uses that the panel is not fit for, good if it only names uses that it is
    fit for, open if it names undecided ones, and plain otherwise.
    """
    if bool(verdict.fit) != bool(verdict.unfit):
        return TONES.get(verdict.label, "good" if verdict.fit else "bad")
    return TONES.get(verdict.label, "open" if verdict.open else "plain")


def headline(card: Card) -> Estimate | None:
    """Return the number that sums up a card: its first key estimate, or None."""
    return next((estimate for finding in card.findings for estimate in key_estimates(finding)), None)


def sources(card: Card) -> list[str]:
    """Return the sources of the findings of a card. A key that this version does not know is shown as it is."""
    keys = dict.fromkeys(key for finding in card.findings for key in finding.cite)
    return [citations([key])[0] if key in references() else plain(key) for key in keys]


def flat(values: Any, name: str = "") -> list[tuple[str, str]]:
    """Return provenance as pairs of name and text, with nested names joined by a dot.

    Examples:
        >>> flat({"file": {"rows": 3}, "labels": ["a", "b"]})
        [('file.rows', '3'), ('labels', 'a, b')]
    """
    if isinstance(values, dict):
        return [line for key, value in values.items() for line in flat(value, f"{name}.{plain(key)}".lstrip("."))]
    if isinstance(values, list | tuple) and not any(isinstance(value, dict) for value in values):
        return [(name, ", ".join(plain(value) for value in values))]
    if isinstance(values, list | tuple):
        return [line for index, value in enumerate(values, 1) for line in flat(value, f"{name}.{index}")]
    return [(name, NOTHING if values is None else plain(values))]
