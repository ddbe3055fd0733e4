"""Numbers and names as a reader sees them: one place for the page, the terminal and the tables."""

import math
import re
from collections.abc import Iterable
from typing import Any

from personametrics.data.card import Card
from personametrics.data.citations import citations, references
from personametrics.data.estimate import Estimate, EstimateStatus
from personametrics.data.finding import Finding, Verdict

NOTHING = "—"
"""What stands for an undefined number."""

MINUS = "−"

COUNTED = {"runs", "calls", "tokens"}
"""Units whose whole values are written without decimals."""

TONES = {
    "persona dominates": "good",
    "groups differ as in people": "good",
    "answers like people's": "good",
    "personas are heard": "good",
    "complete": "good",
    "model uncertainty dominates": "bad",
    "groups differ otherwise than in people": "bad",
    "group differences exaggerated": "bad",
    "group differences flattened": "bad",
    "answers unlike people's": "bad",
    "not the persona": "bad",
    "incomplete": "bad",
    "hardly answered": "bad",
    "helps": "good",
    "helps, but makes personas alike": "bad",
    "harms": "bad",
    "undecided": "open",
    "unknown": "open",
}
"""How a verdict is coloured; one that is not named here, by what it says the panel is fit for."""

SIGNS = {"good": "✓", "bad": "✗", "open": "?", "plain": "•"}
"""The sign that stands beside the colour, so that colour never speaks alone."""

DETAILS = ("reliability.k=",)
"""Families of estimates that a picture or a line shows, and that the table of key estimates leaves out."""

OUTCOMES = ("share.missing", "share.refused", "share.unparsable", "share.failed")
"""Shares of lost answers: key only where something was lost."""

_HIDDEN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""Control signs, halves of characters, ends of lines, and changes of direction."""


def plain(text: object) -> str:
    r"""Text from data without what could steer a reader's screen: control signs and changes of direction are spelt out.

    Examples:
        >>> plain("a\x1b[31m")
        'a\\x1b[31m'
        >>> plain("two\nlines")
        'two lines'
    """
    return _HIDDEN.sub(_visible, str(text))


def _visible(found: re.Match[str]) -> str:
    """One sign, spelt out."""
    return " " if found[0] in "\n\r\t" else found[0].encode("unicode_escape").decode("ascii")


def quoted(name: object) -> str:
    """A name from data within a sentence.

    Examples:
        >>> quoted("9")
        '“9”'
    """
    return f"“{plain(name)}”"


def number(value: float | None, unit: str = "") -> str:
    """A number with three significant digits.

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
    """A p-value, as journals print it.

    Examples:
        >>> probability(0.0004), probability(0.0021), probability(1.0)
        ('< .001', '.002', '1.000')
    """
    if not math.isfinite(value):
        return NOTHING
    return "< .001" if value < 0.001 else f"{value:.3f}".removeprefix("0")


def figure(estimate: Estimate) -> str:
    """The value of an estimate."""
    return probability(estimate.value) if estimate.unit == "probability" else number(estimate.value, estimate.unit)


def interval(estimate: Estimate) -> str:
    """The interval of an estimate, or nothing where it has none."""
    if not (math.isfinite(estimate.low) or math.isfinite(estimate.high)):
        return ""
    return f"{number(estimate.low, estimate.unit)} to {number(estimate.high, estimate.unit)}"


def cell(value: object) -> str:
    """One value of an evidence table."""
    if value is None or isinstance(value, bool):
        return NOTHING if value is None else ("yes" if value else "no")
    return number(value) if isinstance(value, int | float) else plain(value)


def count(estimate: Estimate) -> str:
    """What an estimate rests on, in words."""
    return f"{estimate.n:,} {estimate.known.counts}"


def warning(estimate: Estimate) -> str:
    """What a reader must know of an estimate; nothing where all is well."""
    return "" if estimate.status == EstimateStatus.OK else str(estimate.status)


def key_estimates(finding: Finding) -> list[Estimate]:
    """The estimates a reader looks at first."""
    return [e for e in finding.estimates if not e.name.startswith(DETAILS) and (e.name not in OUTCOMES or e.value > 0)]


def level(estimates: Iterable[Estimate]) -> str:
    """The coverage of intervals, as a heading says it.

    Examples:
        >>> level([])
        'interval'
    """
    levels = sorted({estimate.level for estimate in estimates if interval(estimate)})
    return f"{' / '.join(f'{one:.0%}' for one in levels)} interval".strip()


def is_span(estimate: Estimate) -> bool:
    """Whether an estimate can be drawn on 0 to 1: a share, and of those that a study names itself none that may be a difference."""
    return estimate.unit == "share" and (estimate.means is None or not estimate.low < 0)


def tone(verdict: Verdict) -> str:
    """Good, bad, open or plain: how a verdict is coloured; one that `TONES` does not name, by what it says the panel is fit for."""
    unnamed = (
        "bad" if verdict.unfit and not verdict.fit else "good" if verdict.fit and not verdict.unfit else "open" if verdict.open else "plain"
    )
    return TONES.get(verdict.label, unnamed)


def headline(card: Card) -> Estimate | None:
    """The number a card is summed up by: its first key estimate."""
    return next((estimate for finding in card.findings for estimate in key_estimates(finding)), None)


def sources(card: Card) -> list[str]:
    """What the findings of a card stand on; a key that this version no longer knows is shown as it is."""
    keys = dict.fromkeys(key for finding in card.findings for key in finding.cite)
    return [citations([key])[0] if key in references() else plain(key) for key in keys]


def flat(values: Any, name: str = "") -> list[tuple[str, str]]:
    """Provenance as lines of name and text, nested names joined by a dot.

    Examples:
        >>> flat({"file": {"rows": 3}, "labels": ["a", "b"]})
        [('file.rows', '3'), ('labels', 'a, b')]
    """
    if isinstance(values, dict):
        return [line for key, value in values.items() for line in flat(value, f"{name}.{plain(key)}".lstrip("."))]
    if isinstance(values, list | tuple) and not any(isinstance(value, dict) for value in values):
        return [(name, ", ".join(plain(value) for value in values))]
    if isinstance(values, list | tuple):
        return [line for at, value in enumerate(values, 1) for line in flat(value, f"{name}.{at}")]
    return [(name, NOTHING if values is None else plain(values))]
