"""The HTML page of cards: one file that loads nothing from the network and runs no scripts but its own."""

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
"""Findings whose tables are short and are shown together with their figures."""


def html(cards: Sequence[Card]) -> str:
    """Return one complete HTML page for one card, or for several with an overview. Text in them is shown as text, never interpreted.

    Examples:
        >>> from personametrics.data.finding import Finding, Verdict
        >>> verdict = Verdict("unknown", "Nothing can be said of <b>.")
        >>> "of &lt;b&gt;." in html([Card("A panel", (Finding("stability", "Why?", verdict, ()),))])
        True
    """
    talking = sum(EVIDENCE in finding.evidence for card in cards for finding in card.findings)
    shown = [_card(card, f"card-{index}", ROOM // max(1, talking)) for index, card in enumerate(cards, 1)]
    drawn, spoken = (any(finding[part] for card in shown for finding in card["findings"]) for part in ("figures", "talk"))
    style = _own("card.css")
    scripts = [*((_vega(), _own("card.js")) if drawn else ()), *((_own("dialogues.js"),) if spoken else ())]
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
    """Return a card as the template reads it; its dialogues may take `room` bytes in each finding."""
    return {
        "id": name,
        "title": card.title,
        "headline": words.headline(card),
        "findings": [
            _finding(finding, f"{name}-{index}") | {"talk": _talk(finding, f"{name}-{index}-talk", room)}
            for index, finding in enumerate(card.findings, 1)
        ],
        "provenance": words.flat(dict(card.provenance)),
        "sources": words.sources(card),
    }


def _finding(finding: Finding, name: str) -> dict[str, Any]:
    """Return a finding as the template reads it, with its figures as specifications."""
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
    """Return the evidence of a finding as tables."""
    return [{"title": title, "rows": rows, "columns": _columns(rows)} for title, rows in finding.evidence.items() if title != EVIDENCE]


def _talk(finding: Finding, name: str, room: int) -> Mapping[str, Any] | None:
    """Return the dialogues of a finding as the template reads them, or None if it has none."""
    recorded = dialogues(finding)
    if not recorded:
        return None
    shown = fitting(recorded, room)
    rows: Rows = [
        {"dialogue": dialogue.name, "turn": line.turn, "line": short(line.text), "against": short(line.against)}
        for dialogue, line in worst(shown)
    ]
    return {
        "id": name,
        "says": _summary(recorded, len(shown)),
        "judged": any(dialogue.share >= 0 for dialogue in shown),
        "worst": {"title": "Lines with a contradiction, worst dialogues first", "rows": rows, "columns": _columns(rows)} if rows else None,
        "data": _json(packed(shown)),
    }


def _summary(recorded: Sequence[Dialogue], shown: int) -> str:
    """Return a sentence on the dialogues of which the first `shown` are on the page."""
    bad, judged = sum(dialogue.share > 0 for dialogue in recorded), sum(dialogue.share >= 0 for dialogue in recorded)
    text = f"{len(recorded):,} dialogue{'s' * (len(recorded) != 1)}. "
    if judged:
        text += f"{bad:,} of the {judged:,} judged dialogues contain a contradiction. The largest shares of contradictions come first."
    elif any(dialogue.counts[2] for dialogue in recorded):
        text += "No verdict on these dialogues could be read."
    else:
        text += "No judge rated these dialogues."
    return text if shown == len(recorded) else f"{text} This page shows only the first {shown:,}, so that it stays small."


def _columns(rows: Rows) -> list[Mapping[str, Any]]:
    """Return the columns of a table, each marked as numeric or not."""
    names = dict.fromkeys(name for row in rows for name in row)
    return [{"name": name, "number": not any(isinstance(row.get(name), str) for row in rows)} for name in names]


def _json(value: Any) -> str:
    """Return JSON without `<`, so that no text in it can close the script element around it."""
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")


def _hash(text: str) -> str:
    """Return the hash by which the page's security policy allows a script or style."""
    return "sha256-" + base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()


@cache
def _own(name: str) -> str:
    """Return a file of this package that goes into the page."""
    return (files("personametrics.report") / name).read_text(encoding="utf-8")


@cache
def _vega() -> str:
    """Return the JavaScript of Vega for the page."""
    bundle: str = vl_convert.javascript_bundle("window.vegaEmbed = vegaEmbed;")
    return "(()=>{" + bundle.replace("\r", "").replace("</script", "<\\/script") + "})();"


@cache
def _template() -> jinja2.Template:
    """Return the template of the page. Everything that it prints is escaped and free of control characters."""
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("personametrics", "report"),
        autoescape=True,
        finalize=_printed,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(
        signs=words.SIGNS,
        **{name: getattr(words, name) for name in ("cell", "count", "is_span", "figure", "interval", "level", "number", "warning")},
    )
    return environment.get_template("card.html.j2")


def _printed(value: object) -> object:
    """Return a value for printing: text from data without control characters, the library's own text unchanged."""
    return words.plain(value) if isinstance(value, str) and not isinstance(value, Markup) else value
