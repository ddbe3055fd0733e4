"""The dialogues of a finding, sorted for a reader: those with the most contradictions first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from personametrics.data.finding import Finding
from personametrics.report.words import cell, plain

EVIDENCE = "transcripts"
"""The name of the evidence with the lines of dialogues."""
ROOM = 14_000_000
"""Largest size in bytes of the dialogues on one page."""
WORST = 10
"""Number of contradicting lines in a table."""
OVERHEAD = 24
"""Approximate bytes of a line in addition to its words."""
SHORT = 160
"""Characters of a line that a table shows."""
VERDICTS = ("", "consistent", "contradicts", "unparsable")
"""The verdicts of a judge on a line; "" if it was not judged."""
BAD = VERDICTS.index("contradicts")


@dataclass(frozen=True)
class Line:
    """A line of a dialogue.

    Attributes:
        turn: number of the turn, from 1.
        own: True if the persona is the speaker.
        verdict: index in `VERDICTS`.
        against: text that the line contradicts, or "".
    """

    turn: int
    own: bool
    text: str
    verdict: int
    against: str


@dataclass(frozen=True)
class Dialogue:
    """A dialogue: its name (persona, item and run), and its lines in order."""

    name: str
    lines: tuple[Line, ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """The numbers of lines that contradict, of lines with a verdict, and of lines whose verdict could not be read."""
        good, bad, open_ = ([line.verdict for line in self.lines].count(verdict) for verdict in (1, BAD, 3))
        return bad, good + bad, open_

    @property
    def share(self) -> float:
        """The share of lines that contradict among those with a verdict; −1 if no line has one."""
        bad, judged, _ = self.counts
        return bad / judged if judged else -1.0


def dialogues(finding: Finding) -> list[Dialogue]:
    """Return the dialogues of a finding, those with the largest share of contradictions first, otherwise in their order."""
    groups: dict[str, list[Any]] = {}
    for row in finding.evidence.get(EVIDENCE, ()):
        groups.setdefault(str(row.get("dialogue")), []).append(row)
    recorded = [Dialogue(_name(rows[0]), tuple(map(_line, rows))) for rows in groups.values()]
    return sorted(recorded, key=lambda dialogue: (-dialogue.share, -dialogue.counts[0]))


def worst(ordered: Sequence[Dialogue], most: int = WORST) -> list[tuple[Dialogue, Line]]:
    """Return lines that contradict: the first of each dialogue, then the second of each, and so on."""
    wrong = [(dialogue, [line for line in dialogue.lines if line.verdict == BAD]) for dialogue in ordered]
    bad = [(index, dialogue, line) for dialogue, lines in wrong for index, line in enumerate(lines)]
    return [(dialogue, line) for _, dialogue, line in sorted(bad, key=lambda triple: triple[0])[:most]]


def short(text: str) -> str:
    """Return the beginning of a text, on one line.

    Examples:
        >>> short("So it goes."), len(short("so " * 99))
        ('So it goes.', 160)
    """
    text = " ".join(text.split())
    return text if len(text) <= SHORT else text[: SHORT - 2].rstrip() + " …"


def fitting(ordered: Sequence[Dialogue], room: int = ROOM) -> Sequence[Dialogue]:
    """Return the first dialogues, as many as fit into a number of bytes of JSON."""
    for index, dialogue in enumerate(ordered):
        room -= sum(len(json.dumps([line.text, line.against]).encode()) + OVERHEAD for line in dialogue.lines)
        if room < 0:
            return ordered[:index]
    return ordered


def packed(ordered: Sequence[Dialogue]) -> dict[str, Any]:
    """Return dialogues as the page stores them: each text once, and lines as [turn, own, index of text, index of against, verdict]."""
    texts: dict[str, int] = {"": 0}

    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    kept = []
    for dialogue in ordered:
        lines = [[line.turn, int(line.own), place(line.text), place(line.against), line.verdict] for line in dialogue.lines]
        kept.append([dialogue.name, *dialogue.counts, lines])
    return {"texts": list(texts), "dialogues": kept}


def _name(row: Any) -> str:
    """Return the name of a dialogue: persona, item and run."""
    run = row.get("run")
    parts = [plain(row.get("persona") or ""), plain(row.get("item") or ""), "" if run is None else f"run {_ordinal(run)}"]
    return " · ".join(part for part in parts if part)


def _ordinal(run: object) -> str:
    """Return the number of a run, counted from 1."""
    return str(int(run) + 1) if isinstance(run, int) or (isinstance(run, str) and run.isdecimal()) else cell(run)


def _line(row: Any) -> Line:
    """Return a row of evidence as a line."""
    verdict, turn = str(row.get("verdict") or ""), row.get("turn")
    index = VERDICTS.index(verdict) if verdict in VERDICTS else 0
    return Line(int(turn or 0), row.get("speaker") == "persona", _safe(row.get("text")), index, _safe(row.get("against")))


def _safe(text: object) -> str:
    """Return text without control characters except line ends."""
    return "\n".join(plain(line) for line in str(text or "").split("\n"))
