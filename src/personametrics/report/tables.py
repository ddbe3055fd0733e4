"""Tables of the estimates of cards, for papers (LaTeX) and notes (Markdown)."""

import re
from collections.abc import Callable, Sequence

from personametrics.data.card import Card
from personametrics.data.estimate import Estimate
from personametrics.report.words import MINUS, NOTHING, count, figure, interval, level, plain, warning

_LATEX = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}", ">": r"\textgreater{}",
    "|": r"\textbar{}", '"': "{''}", "`": r"\textasciigrave{}", MINUS: "$-$", NOTHING: "---", "–": "--", "×": r"$\times$", "[": "{[}",
    "]": "{]}", **{sign: rf"\{sign}" for sign in "{}$&#%_"},
}  # fmt: skip
"""Characters that LaTeX would read as commands, and their text forms.

Brackets are included because a row that starts with one would be read as an argument of the row before.
"""
_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~&$]")
"""Characters that Markdown, its tables or embedded HTML would read as commands."""


def latex(cards: Sequence[Card]) -> str:
    """Return every estimate as a LaTeX `tabular` environment in the style of the package booktabs.

    A line with its title precedes each of several cards.
    """
    shown = [_row(e, _latex) for card in cards for e in _all(card)]
    heading = _latex(level(e for card in cards for e in _all(card)).capitalize())
    lines = [r"\begin{tabular}{lrrrl}", r"\toprule", rf"Estimate & Value & {heading} & Rests on & Unit \\", r"\midrule"]
    rows = iter(shown)
    for card in cards:
        if len(cards) > 1:
            lines.append(rf"\multicolumn{{5}}{{l}}{{\textit{{{_latex(card.title)}}}}} \\")
        lines += [" & ".join(next(rows)) + r" \\" for _ in _all(card)]
        if card is not cards[-1]:
            lines.append(r"\addlinespace")
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}", ""])


def markdown(cards: Sequence[Card]) -> str:
    """Return every estimate as Markdown pipe tables, one per card, under its title and verdict."""
    return "\n".join(_section(card) for card in cards)


def _section(card: Card) -> str:
    """Return title, verdicts and estimates of one card."""
    lines = [f"## {_markdown(card.title)}", ""]
    for finding in card.findings:
        lines += [f"**{_markdown(finding.verdict.label)}**. {_markdown(finding.verdict.sentence)}", ""]
        heading = level(finding.estimates).capitalize()
        lines += [f"| Estimate | Value | {heading} | Rests on | Unit | Status |", "| :-- | --: | --: | --: | :-- | :-- |"]
        lines += [f"| {' | '.join([*_row(e, _markdown), _markdown(warning(e))])} |" for e in finding.estimates]
        lines.append("")
    return "\n".join(lines)


def _all(card: Card) -> list[Estimate]:
    """Return every estimate of a card."""
    return [estimate for finding in card.findings for estimate in finding.estimates]


def _row(e: Estimate, escape: Callable[[str], str]) -> list[str]:
    """Return an estimate as the cells of a row."""
    return [escape(text) for text in (e.name, figure(e), interval(e), count(e), e.unit)]


def _latex(text: str) -> str:
    r"""Return text escaped so that LaTeX prints it unchanged.

    Examples:
        >>> _latex(r"\input{x} 5 % of a_b")
        '\\textbackslash{}input\\{x\\} 5 \\% of a\\_b'
    """
    return "".join(_LATEX.get(sign, sign) for sign in plain(text))


def _markdown(text: str) -> str:
    r"""Return text escaped so that Markdown shows it unchanged.

    Examples:
        >>> _markdown("a|b <i>")
        'a\\|b \\<i\\>'
    """
    return _MARKDOWN.sub(lambda match: "\\" + match[0], plain(text))
