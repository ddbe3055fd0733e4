"""Dialogues of a finding as a reader goes through them: those with most contradictions first."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from personametrics.data.finding import Finding
from personametrics.report.words import cell, plain

EVIDENCE = "transcripts"
"""The evidence that holds what was said."""
ROOM = 14_000_000
"""Bytes that the dialogues of one page may take."""
WORST = 10
"""Lines that are shown at once."""
BESIDE = 24
"""Bytes of a line beside its words, about."""
SHORT = 160
"""Letters of a line that are shown in a table."""
VERDICTS = ("", "consistent", "contradicts", "unparsable")
"""What a judge may make of a line."""
BAD = VERDICTS.index("contradicts")


@dataclass(frozen=True)
class Line:
    """What somebody said.

    Attributes:
        turn: from 1.
        own: the persona said it.
        text: the words.
        verdict: where in `VERDICTS`.
        against: what it contradicts, or "".
    """

    turn: int
    own: bool
    text: str
    verdict: int
    against: str


@dataclass(frozen=True)
class Dialogue:
    """What was said in one dialogue.

    Attributes:
        name: of its persona, of what it is about, and which run it is.
        lines: in order.
    """

    name: str
    lines: tuple[Line, ...]

    @property
    def counts(self) -> tuple[int, int, int]:
        """Lines that contradict, lines that were judged readably, and lines whose verdict cannot be read."""
        good, bad, open_ = ([line.verdict for line in self.lines].count(at) for at in (1, BAD, 3))
        return bad, good + bad, open_

    @property
    def share(self) -> float:
        """Lines that contradict, of those judged readably; −1 where there are none."""
        bad, known, _ = self.counts
        return bad / known if known else -1.0


def dialogues(finding: Finding) -> list[Dialogue]:
    """The dialogues of a finding; those with the largest share of contradictions first, otherwise in their order.

    Args:
        finding: whose evidence `transcripts`, if there is any, holds one row for whatever was said.
    """
    held: dict[str, list[Any]] = {}
    for row in finding.evidence.get(EVIDENCE, ()):
        held.setdefault(str(row.get("dialogue")), []).append(row)
    found = [Dialogue(_name(rows[0]), tuple(map(_line, rows))) for rows in held.values()]
    return sorted(found, key=lambda one: (-one.share, -one.counts[0]))


def worst(found: Sequence[Dialogue], most: int = WORST) -> list[tuple[Dialogue, Line]]:
    """Lines that contradict: the first of each dialogue, then the second of each, and so on, from the worst dialogue on.

    Args:
        found: dialogues, the worst first.
        most: lines.
    """
    bad = [(at, one, line) for one in found for at, line in enumerate(line for line in one.lines if line.verdict == BAD)]
    return [(one, line) for _, one, line in sorted(bad, key=lambda each: each[0])[:most]]


def short(text: str) -> str:
    """The beginning of a text, on one line.

    Examples:
        >>> short("So it goes."), len(short("so " * 99))
        ('So it goes.', 160)
    """
    text = " ".join(text.split())
    return text if len(text) <= SHORT else text[: SHORT - 2].rstrip() + " …"


def fitting(found: Sequence[Dialogue], room: int = ROOM) -> Sequence[Dialogue]:
    """As many dialogues, the first ones first, as there is room for.

    Args:
        found: dialogues, the worst first.
        room: in bytes of JSON.
    """
    for at, one in enumerate(found):
        room -= sum(len(json.dumps([line.text, line.against]).encode()) + BESIDE for line in one.lines)
        if room < 0:
            return found[:at]
    return found


def packed(found: Sequence[Dialogue]) -> dict[str, Any]:
    """Dialogues as the page keeps them: every text once, and lines as [turn, own, text, against, verdict], texts by where they stand."""
    texts: dict[str, int] = {"": 0}

    def place(text: str) -> int:
        return texts.setdefault(text, len(texts))

    kept = [
        [one.name, *one.counts, [[line.turn, int(line.own), place(line.text), place(line.against), line.verdict] for line in one.lines]]
        for one in found
    ]
    return {"texts": list(texts), "dialogues": kept}


def _name(row: Any) -> str:
    """What a dialogue is called."""
    run = row.get("run")
    parts = [plain(row.get("persona") or ""), plain(row.get("item") or ""), "" if run is None else f"run {_next(run)}"]
    return " · ".join(part for part in parts if part)


def _next(run: object) -> str:
    """A run as people count."""
    return str(int(run) + 1) if isinstance(run, int) or (isinstance(run, str) and run.isdecimal()) else cell(run)


def _line(row: Any) -> Line:
    """One row."""
    verdict, turn = str(row.get("verdict") or ""), row.get("turn")
    at = VERDICTS.index(verdict) if verdict in VERDICTS else 0
    return Line(int(turn or 0), row.get("speaker") == "persona", _said(row.get("text")), at, _said(row.get("against")))


def _said(text: object) -> str:
    """Words without what could steer a reader's screen; their ends of lines stay."""
    return "\n".join(plain(line) for line in str(text or "").split("\n"))
