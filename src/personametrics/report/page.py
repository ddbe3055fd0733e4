"""Cards as one HTML page that stands alone: it asks nothing of the network and runs no code but its own."""

import base64
import hashlib
import json
from collections.abc import Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup

from personametrics.data.card import Card
from personametrics.data.finding import Finding, Rows
from personametrics.report import words
from personametrics.report.dialogues import EVIDENCE, ROOM, Dialogue, dialogues, fitting, packed, short, worst
from personametrics.report.figures import figures, specification
from personametrics.report.theme import theme

LISTED = {"comparison"}
"""Findings whose tables are short, and are shown beside their pictures."""


def html(cards: Sequence[Card]) -> str:
    """One page for one card, or for several with an overview of all.

    Args:
        cards: what to show; their text may hold anything, it is shown as text.

    Returns:
        A whole HTML document.

    Examples:
        >>> from personametrics.data.finding import Finding, Verdict
        >>> verdict = Verdict("unknown", "Nothing can be said of <b>.")
        >>> "of &lt;b&gt;." in html([Card("A panel", (Finding("stability", "Why?", verdict, ()),))])
        True
    """
    talking = sum(EVIDENCE in finding.evidence for card in cards for finding in card.findings)
    shown = [_card(card, f"card-{at}", ROOM // max(1, talking)) for at, card in enumerate(cards, 1)]
    drawn, told = (any(finding[part] for card in shown for finding in card["findings"]) for part in ("figures", "talk"))
    style = _own("card.css")
    scripts = [*((_vega(), _own("card.js")) if drawn else ()), *((_own("dialogues.js"),) if told else ())]
    return _template().render(
        title=cards[0].title if len(cards) == 1 else f"{len(cards)} panels",
        cards=shown,
        drawn=drawn,
        themes=_json({scheme: theme(scheme) for scheme in ("light", "dark")}),
        style=style,
        style_hash=_hash(style),
        scripts=scripts,
        hashes=Markup(" ").join(Markup("'{}'").format(_hash(script)) for script in scripts) or Markup("'none'"),
    )


def _card(card: Card, name: str, room: int) -> dict[str, Any]:
    """A card as the template reads it; its dialogues may take so many bytes each."""
    return {
        "id": name,
        "title": card.title,
        "headline": words.headline(card),
        "findings": [
            _finding(finding, f"{name}-{at}") | {"talk": _talk(finding, f"{name}-{at}-talk", room)}
            for at, finding in enumerate(card.findings, 1)
        ],
        "provenance": words.flat(dict(card.provenance)),
        "sources": words.sources(card),
    }


def _finding(finding: Finding, name: str) -> dict[str, Any]:
    """A finding as the template reads it, its pictures as specifications."""
    drawn = figures(finding)
    return {
        "study": finding.study,
        "question": finding.question,
        "verdict": finding.verdict,
        "tone": words.tone(finding.verdict),
        "notices": finding.notices,
        "key": words.key_estimates(finding),
        "estimates": finding.estimates,
        "figures": [
            {
                "id": f"{name}-{figure.name}",
                "title": figure.title,
                "alt": figure.alt,
                "rows": figure.rows,
                "columns": _columns(figure.rows),
                "spec": _json(specification(figure)),
            }
            for figure in drawn
        ],
        "tables": _tables(finding) if finding.study in LISTED or not drawn else [],
    }


def _tables(finding: Finding) -> list[Mapping[str, Any]]:
    """The evidence of a finding as tables."""
    return [{"title": title, "rows": rows, "columns": _columns(rows)} for title, rows in finding.evidence.items() if title != EVIDENCE]


def _talk(finding: Finding, name: str, room: int) -> Mapping[str, Any] | None:
    """The dialogues of a finding as the template reads them; None: it has none."""
    found = dialogues(finding)
    if not found:
        return None
    held = fitting(found, room)
    rows: Rows = [
        {"dialogue": one.name, "turn": line.turn, "line": short(line.text), "against": short(line.against)} for one, line in worst(held)
    ]
    return {
        "id": name,
        "says": _says(found, len(held)),
        "judged": any(one.share >= 0 for one in held),
        "worst": {"title": "Lines that contradict, from the worst dialogues on", "rows": rows, "columns": _columns(rows)} if rows else None,
        "data": _json(packed(held)),
    }


def _says(found: Sequence[Dialogue], held: int) -> str:
    """What the reader has before him."""
    bad, judged = sum(one.share > 0 for one in found), sum(one.share >= 0 for one in found)
    said = f"{len(found):,} dialogue{'s' * (len(found) != 1)}. "
    if judged:
        said += f"In {bad:,} of {judged:,} that were judged, some line contradicts; where most do, they stand first."
    else:
        said += "No verdict on them could be read." if any(one.counts[2] for one in found) else "No line of them was judged."
    return said if held == len(found) else f"{said} The first {held:,} are on this page; there is no room for more."


def _columns(rows: Rows) -> list[Mapping[str, Any]]:
    """The columns of a table, and which of them hold numbers."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{"name": name, "number": not any(isinstance(row.get(name), str) for row in rows)} for name in names]


def _json(value: Any) -> str:
    """JSON that no text within can end: it holds no `<`."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    """How the page's policy names the one text that may run."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _own(name: str) -> str:
    """A text of this package that goes into the page."""
    return (files("personametrics.report") / name).read_text(encoding="utf-8")


@cache
def _vega() -> str:
    """Vega's JavaScript, as it goes into the page once."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return "(()=>{" + bundle.replace("\r", "").replace("</script", "<\\/script") + "})();"


@cache
def _template() -> jinja2.Template:
    """The page's template: whatever it prints is made plain and escaped."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("personametrics", "report"),
        autoescape=True,
        finalize=_shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        signs=words.SIGNS,
        **{name: getattr(words, name) for name in ("cell", "count", "is_span", "figure", "interval", "level", "number", "warning")},
    )
    return environment.get_template("card.html.j2")


def _shown(value: object) -> object:
    """What is printed for a value: text from data without control signs; the library's own text as it is."""
    return words.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
