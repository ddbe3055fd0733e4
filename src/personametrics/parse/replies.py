"""Rules that read a coded answer from the text of a reply, in order and without a guess between two answers."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.prompt import Style
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.data.role import LINE, PARTNER
from personametrics.data.scale import FreeText, Numeric, Scale
from personametrics.parse.occurrences import Lexicon, between, choices
from personametrics.parse.patterns import CONCLUDED, DECLARED, REVERSED, SEGMENT, STATED, Answers, Page
from personametrics.parse.refusals import refuses
from personametrics.parse.spelling import fold, without_thinking

KEYS = "answer|choice|response|rating|score|selection|option|value"
JSON = re.compile(
    rf"""(?:["'](?P<key>{KEYS})["']|(?<=[{{,\s])(?P<bare>{KEYS}))\s*:\s*
    (?: "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>.*?)'(?=\s*(?:[,}}]|$)) | (?P<plain>[^\s"'{{\[,}}]+)(?=\s*(?:}}|$|,\s*["'a-z}}])) )""",
    re.VERBOSE | re.IGNORECASE,
)

ENDS = re.compile(r"[\"')\]]*(?:[.!]|\n|$| (?:to|for) me\b)")
"""Text that may follow a conclusion."""


@dataclass(frozen=True, slots=True)
class Parsed:
    """The answer in a reply, or the reason why it has none.

    Attributes:
        answer: the label on the item's scale, a number as text, or the words of free text; None if not answered.
        outcome: `answered`, `refused` or `unparsable`; `failed` only if the reply had failed.
        rule: name of the rule that read it; "" if none did.
    """

    answer: str | None
    outcome: ReplyOutcome
    rule: str


def _exact(page: Page) -> Answers:
    """Return the answer that is the whole text."""
    return page.whole(0, len(page.text))


def _json(page: Page) -> Answers:
    """Return the value of `answer` or, without it, of a key that means the same."""
    answers: Answers = set()
    for value in _values(page.text):
        inner = Page(fold(value), page.lexicon, page.cut and page.text.endswith(value))
        answers |= next((inner_answers for rule in RULES if rule.name != "json" and (inner_answers := rule.find(inner))), {None})
    return answers


def _declared(page: Page) -> Answers:
    """Return the answers after "answer:" and the like, or before "is my answer"."""
    answers: Answers = set()
    for first in page.after(DECLARED):
        answers |= page.region(first)
    for mention in page.mentions:
        if mention.firm and REVERSED.match(page.text, mention.end) and not page.denied(mention.start):
            answers.add(mention.answer)
    return answers


def _alone(page: Page) -> Answers:
    """Return the answer that is a line or a sentence of its own."""
    ends = [*(match.span() for match in SEGMENT.finditer(page.text)), (len(page.text), 0)]
    starts = [0, *(end for _, end in ends[:-1])]
    return _only(page, lambda: set().union(*(page.whole(start, end) for start, (end, _) in zip(starts, ends, strict=True))))


def _leading(page: Page) -> Answers:
    """Return the answer at the beginning of the text."""
    return _only(page, page.leading)


def _stated(page: Page) -> Answers:
    """Return the answer after "I" or "so"."""

    def after_cues() -> Answers:
        stated = {
            mention.answer for mention in page.after(STATED) if not page.text[mention.start].isdigit() and mention.end - mention.start > 1
        }
        concluded = {mention.answer for mention in page.after(CONCLUDED) if ENDS.match(page.text, mention.end)}
        return stated | concluded

    return _only(page, after_cues)


def _only(page: Page, find: Callable[[], Answers]) -> Answers:
    """Return the answers that a function finds if the text mentions a single one; else all that it mentions."""
    return find() if len(page.sole) == 1 and None not in page.sole else page.sole


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to read an answer.

    Attributes:
        name: its name in the table of responses.
        reads: the part of a text that it reads, in words.
        example: a text that it reads.
        find: function that returns the answers in a text; if it returns several, none is taken.
    """

    name: str
    reads: str
    example: str
    find: Callable[[Page], Answers]


RULES = (
    Rule("exact", "the text is the answer and nothing else", "**Agree.**", _exact),
    Rule("json", "the value of `answer` in JSON", "{'answer': 'agree', 'why': 'I disagree with few'}", _json),
    Rule("declared", "the words after “answer:”, “my choice is”, “I'd say” or similar", "Some disagree. My answer is: agree.", _declared),
    Rule("alone", "a line or a sentence that consists of the answer only", "Honestly? Agree.", _alone),
    Rule("leading", "the beginning of the text, if punctuation or a reason follows", "Agree, because I work at night.", _leading),
    Rule("stated", "the words after “I”, or the last words after “it is”, “so” or “but”", "As a nurse, I agree with that.", _stated),
)
"""The first that finds exactly one answer decides; one that finds several ends the search. The last three need a single mention."""


def parse(reply: Reply, request: Request, scale: Scale, style: Style) -> Parsed:
    """Read a reply to a request on the scale of its item; it never raises on any text, and never chooses between two answers.

    Free text is taken apart as JSON only if the style asks for it. The rule of a reply of probabilities alone is `probabilities`.

    Examples:
        >>> from personametrics.data.request import Message
        >>> from personametrics.data.scale import parse_scale
        >>> request = Request((Message("user", "Tea?"),), choices=("1", "2", "3"), labels=("no", "perhaps", "yes"))
        >>> parse(Reply("My answer is 3, because 2 cups wake me."), request, parse_scale("nominal:no|perhaps|yes"), "number")
        Parsed(answer='yes', outcome=<ReplyOutcome.ANSWERED: 'answered'>, rule='declared')
        >>> parse(Reply("2 or 3"), request, parse_scale("nominal:no|perhaps|yes"), "number").outcome
        <ReplyOutcome.UNPARSABLE: 'unparsable'>
    """
    if reply.outcome != ReplyOutcome.ANSWERED:
        return Parsed(None, reply.outcome, "")
    if reply.text is None:
        return Parsed(None, ReplyOutcome.ANSWERED, "probabilities") if reply.probabilities else UNPARSABLE
    if isinstance(scale, FreeText):
        return _free(reply.text, style, line=request.about.get("part") in SPOKEN)
    lexicon = _lexicon(request, scale)
    cut = reply.finish == "length"
    if not cut and (answer := lexicon.exact.get(reply.text)) is not None:
        return Parsed(answer, ReplyOutcome.ANSWERED, "exact")
    text = without_thinking(reply.text)
    return UNPARSABLE if text is None else _read(Page(fold(text), lexicon, cut))


SPOKEN = frozenset({LINE, PARTNER})
"""Values of the column `part` in rows that are lines of a dialogue."""
UNPARSABLE = Parsed(None, ReplyOutcome.UNPARSABLE, "")
MOST = 4000
"""Characters of free text that are searched for faulty JSON."""


def _lexicon(request: Request, scale: Scale) -> Lexicon:
    """Return the valid answers to a request."""
    if isinstance(scale, Numeric):
        return between(scale.low, scale.high)
    marks = request.choices or getattr(scale, "labels", ())
    return choices(marks, request.labels or marks)


def _read(page: Page) -> Parsed:
    """Return the answer of the first rule that finds one."""
    if page.mentions or "{" in page.text:
        for rule in RULES:
            answers = rule.find(page)
            if len(answers) == 1 and None not in answers:
                return Parsed(answers.pop(), ReplyOutcome.ANSWERED, rule.name)
            if answers:
                break
    return Parsed(None, ReplyOutcome.REFUSED, "") if refuses(page.text) else UNPARSABLE


def _free(text: str, style: Style, *, line: bool) -> Parsed:
    """Return free text as its own answer; a line of a dialogue also if it sounds like a refusal, since the line was spoken all the same."""
    words = (without_thinking(text) or "").strip()
    if style == "json" and "{" in words:
        words = _open(words).strip()
    if not line and refuses(fold(words), opening=True):
        return Parsed(None, ReplyOutcome.REFUSED, "")
    return Parsed(words, ReplyOutcome.ANSWERED, "text") if words else UNPARSABLE


def _open(text: str) -> str:
    """Return the words in JSON, the text itself if it only mentions a brace, or nothing if it is JSON that cannot be read."""
    try:
        content, _ = json.JSONDecoder(strict=False).raw_decode(text, text.find("{"))
    except (ValueError, RecursionError):
        content = {"answer": next(iter(_values(text[:MOST])), None)}
    if isinstance(answer := content.get("answer"), str):
        return answer
    return "" if text.startswith(("{", "`")) else text


def _values(text: str) -> list[str]:
    """Return the values in JSON, faulty or not."""
    pairs = list(JSON.finditer(text)) if "{" in text else []
    named = [pair for pair in pairs if (pair["key"] or pair["bare"]).lower() == "answer"] or pairs
    return [_plain(pair) for pair in named]


def _plain(match: re.Match[str]) -> str:
    """Return a value without its quotes and escapes."""
    if match["double"] is None:
        return str(match["plain"] if match["single"] is None else match["single"].replace("\\'", "'"))
    try:
        return str(json.loads(f'"{match["double"]}"', strict=False))
    except ValueError:
        return str(match["double"])
