"""Cards of conversations to render: ordinary ones, as many as are wanted, and one out to do something."""

from personametrics.data.card import Card
from personametrics.data.finding import Cell, Finding, Rows, Verdict

HOSTILE = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<!--<script>",
    '"><img src=x onerror=alert(3)>',
    "[red]x[/]",
    "{{ 7 * 7 }}",
    "\x1b[31mred\u202eback",
    "\u0645\u0631\u062d\u0628\u0627 \u200fx\u2066y\nsecond <b id=injected>line</b>",
    "\u2028\ud800",
)
"""Words that would do something if they were taken for more than text."""


def talked(number: int, turns: int, words: str = "So it goes.", *, judged: bool = True) -> list[dict[str, Cell]]:
    """Dialogues of which the first contradicts in no line, the next in one, and so on until all do, and then from the beginning."""
    rows: list[dict[str, Cell]] = []
    for index in range(number):
        dialogue: dict[str, Cell] = {"dialogue": str(index + 1), "persona": f"person {index}", "item": "script 1", "run": index % 2}
        for turn in range(1, turns + 1):
            bad = judged and turn <= index % (turns + 1)
            verdict = "contradicts" if bad else "consistent" if judged else ""
            them: dict[str, Cell] = {"speaker": "them", "text": f"Question {turn}? {words}", "verdict": "", "against": ""}
            line: dict[str, Cell] = {"speaker": "persona", "text": f"Answer {index}.{turn}. {words}", "verdict": verdict}
            rows += [
                {**dialogue, "turn": turn, **them},
                {**dialogue, "turn": turn, **line, "against": f"Before {turn}. {words}" if bad else ""},
            ]
    return rows


def hostile() -> list[dict[str, Cell]]:
    """Everything that is said, and every name, is out to do something."""
    rows: list[dict[str, Cell]] = []
    for name in HOSTILE:
        dialogue: dict[str, Cell] = {"dialogue": name, "persona": name, "item": name, "run": 0, "turn": 1, "text": name, "against": name}
        rows += [{**dialogue, "speaker": "them", "verdict": ""}, {**dialogue, "speaker": "persona", "verdict": "contradicts"}]
    return rows


def talk_card(rows: Rows, **more: Rows) -> Card:
    """A card of conversations."""
    verdict = Verdict("inconsistent", "Lines contradict.", (), ("conversations",), ())
    return Card("Talk", (Finding("consistency", "Is it the same person?", verdict, (), (), {"transcripts": rows, **more}),))
