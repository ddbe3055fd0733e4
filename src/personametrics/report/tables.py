"""The estimates of cards as tables for papers and for notes."""

import re
from collections.abc import Callable, Sequence

from personametrics.data.card import Card
from personametrics.data.estimate import Estimate
from personametrics.report.words import MINUS, NOTHING, count, figure, interval, level, plain, warning

_LATEX = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
    '"': "{''}",
    "`": r"\textasciigrave{}",
    MINUS: "$-$",
    NOTHING: "---",
    "–": "--",
    "×": r"$\times$",
    "[": "{[}",
    "]": "{]}",
}
"""What LaTeX would take for an order, as text; brackets too, since a row that starts with one is an argument of the row before."""

_MARKDOWN = re.compile(r"[\\`*_{}\[\]<>#|~&$]")
"""What Markdown, its tables and HTML within it would take for an order."""


def latex(cards: Sequence[Card]) -> str:
    """A booktabs table of every estimate, for a paper that uses the package booktabs.

    Args:
        cards: whose estimates; with several, each starts with a line of its title.

    Returns:
        A `tabular` environment.
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
    """Every estimate as Markdown tables, one a card, under its title and verdict.

    Args:
        cards: whose estimates.

    Returns:
        Markdown with pipe tables.
    """
    return "\n".join(_section(card) for card in cards)


def _section(card: Card) -> str:
    """Title, verdicts and estimates of one card."""
    lines = [f"## {_markdown(card.title)}", ""]
    for finding in card.findings:
        lines += [f"**{_markdown(finding.verdict.label)}**. {_markdown(finding.verdict.sentence)}", ""]
        heading = level(finding.estimates).capitalize()
        lines += [f"| Estimate | Value | {heading} | Rests on | Unit | Status |", "| :-- | --: | --: | --: | :-- | :-- |"]
        lines += [f"| {' | '.join([*_row(e, _markdown), _markdown(warning(e))])} |" for e in finding.estimates]
        lines.append("")
    return "\n".join(lines)


def _all(card: Card) -> list[Estimate]:
    """Every estimate of a card."""
    return [estimate for finding in card.findings for estimate in finding.estimates]


def _row(e: Estimate, escape: Callable[[str], str]) -> list[str]:
    """An estimate as cells."""
    return [escape(text) for text in (e.name, figure(e), interval(e), count(e), e.unit)]


def _latex(text: str) -> str:
    r"""Text that LaTeX prints as it stands.

    Examples:
        >>> _latex(r"\input{x} 5 % of a_b")
        '\\textbackslash{}input\\{x\\} 5 \\% of a\\_b'
    """
    return "".join(_LATEX.get(sign, sign) for sign in plain(text))


def _markdown(text: str) -> str:
    r"""Text that Markdown shows as it stands.

    Examples:
        >>> _markdown("a|b <i>")
        'a\\|b \\<i\\>'
    """
    return _MARKDOWN.sub(lambda found: "\\" + found[0], plain(text))
