"""From a reply's text to a coded answer: rules in order, and no guess between two answers."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property

from personametrics.data.ask import Ask
from personametrics.data.outcome import Outcome
from personametrics.data.prompt import Style
from personametrics.data.reply import Reply
from personametrics.data.scale import FreeText, Numeric, Scale
from personametrics.elicit.fold import fold, spoken
from personametrics.elicit.mentions import FOLLOWS, Lexicon, Mention, between, choices
from personametrics.elicit.refusals import refuses, says_no

KEYS = "answer|choice|response|rating|score|selection|option|value"
JSON = re.compile(
    rf"""(?:["'](?P<key>{KEYS})["']|(?<=[{{,\s])(?P<bare>{KEYS}))\s*:\s*
    (?: "(?P<double>(?:[^"\\]|\\.)*)" | '(?P<single>.*?)'(?=\s*(?:[,}}]|$)) | (?P<plain>[^\s"'{{\[,}}]+)(?=\s*(?:}}|$|,\s*["'a-z}}])) )""",
    re.VERBOSE | re.IGNORECASE,
)

BECAUSE = r"(?:because|since|given|due|for|weil|denn|parce|car|porque|pues|perché|omdat|want)\b"
ADJECTIVES = r"(?:(?:final|honest|short|best|overall|own|personal|true|correct|direct) ){0,2}"
NOUNS = (
    r"(?:answer|choice|response|rating|selection|vote|score|reply|option|pick|verdict|opinion|view|position|antwort|réponse|respuesta|"
    r"resposta|risposta|antwoord|odpowiedź|svar|vastaus|cevap|yanıt|ответ|відповідь|الإجابة|الجواب|उत्तर|जवाब|答案|回答|답변|답|jawaban)"
)
MINE = r"(?:^|(?<=[\n.!?:;,(\[{<>-])|(?<=[\n.!?:;,(-] )|\b(?:my|our|the|meine|die|la|ma|mi|il|mia|a|minha|mijn|mój|moja|мой) )"
LINK = r"(?: to (?:this|that|the) \w+)?(?: ?[:=>]| - | (?:is|would be|will be|ist|es|est|è|é)\b)"
OBJECTS = r"(?: (?:it|this|that|myself|them|(?:my|the|this) [\w-]+))?"
SAY = (
    r"\bi(?:'d| would|'ll| will| have to| must|'m going to| am going to)? (?:(?:say|choose|pick|select|answer|respond|reply|vote|think|believe"
    rf"|guess|go with|go for|opt for|lean towards?)|(?:rate|give|score|rank|put|mark){OBJECTS})\b"
)
DECLARED = re.compile(rf"{MINE}{ADJECTIVES}{NOUNS}{LINK}|{SAY}|<answer>|\\boxed\b", re.MULTILINE)
REVERSED = re.compile(rf" (?:is|would be) (?:my|our|the) {ADJECTIVES}{NOUNS}\b")
FEEL = (
    r"(?:i|i'm|i am|i do|i feel|i'm feeling|i am feeling|i remain|we|it is|it's|this is|that is|that's)"
    r"(?: (?:honestly|personally|still|also|just|simply|therefore)){0,2}"
)
STATED = re.compile(rf"\b{FEEL}(?= )")
CLOSED = re.compile(r"\b(?:so|but|hence|therefore|thus|overall|ultimately|in short)\b")

FILLERS = re.compile(
    r"[\s\"'(\[{:<>]*(?:(?:a|an|the|it|this|that|i|i'm|i am|option|number|choice|letter|about|around|roughly|approximately|probably|maybe"
    r"|perhaps|definitely|clearly|firm|solid|as|at|with|for|is|to be|be|score of|rating of|of)[\s\"'(\[{:]+){0,4}"
)
LEAD = re.compile(
    r"[\s\"'(\[{.,:!-]*(?:(?:well|hmm|ok|okay|honestly|personally|overall|option|number|choice|letter|answer|about|around|roughly"
    r"|approximately|probably|maybe|perhaps|definitely|clearly)[\s\"'(\[{,.:!-]+){0,3}"
)
BETWEEN = re.compile(r"[\s\"'(\[{.,;:!=)\]}|-]*")
AFTER = re.compile(r"[\s\"')\]}.,;:!|-]*(?:(?:points?|stars?)\b[\s.!]*)?")
UNIT = re.compile(rf" (?!(?:{FOLLOWS}|plus|not?|at|max|min|maximum|minimum|upwards|tops)\b)[^\W\d]+(?: [^\W\d]+)?[\s.!]*")
SEPARATOR = re.compile(rf" ?(?:[.,;:!)\]}}(\"'\n-]|$)| {BECAUSE}")
GOES_ON = re.compile(rf" ?(?:[.,;:!)\]}}(\"'<\n-]|$)| (?:{FOLLOWS}|{BECAUSE}|with|that|to|about|at|of|when|here|too|overall|this)\b")
QUALIFIED = re.compile(
    r"\W*(?:not|strongly|completely|totally|fully|entirely|somewhat|slightly|partly|partially|mostly|largely|very|extremely|quite|fairly"
    r"|rather|a (?:bit|little|lot)|to (?:some|a) \w+ ?extent|only)\b"
)
CLAUSE = re.compile(r"[.!?;:,\n()]| - ")
STOP = re.compile(rf"[.!?](?=\s|$)|\n|,? {BECAUSE}")
DENIED = re.compile(
    r"n't\b|\b(?:not|never|no|nor|neither|hardly|whether|would|could|should|might|why|doubt|wish|deny|do|does|did|how|he|she|they|people"
    r"|others|some|everyone|says?|said|claims?)\b"
)
IF = re.compile(r"\b(?:if|unless|were)\b(?! (?:i'm honest|i am honest|i had to|i have to|i must|you ask|forced|pressed|asked))")
SEGMENT = re.compile(r"\n|(?<=[^\W\d]{2}[.!?;]) ")


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reply says.

    Attributes:
        answer: the label on the item's scale, a number as text on a numeric scale, the words themselves for free text; None if not answered.
        outcome: `answered`, `refused` or `unparsable`; `failed` only if the reply had failed.
        rule: which rule read it; "" if none did.
    """

    answer: str | None
    outcome: Outcome
    rule: str


Answers = set[str | None]


@dataclass(frozen=True)
class Page:
    """A text that is read.

    Attributes:
        text: folded.
        lexicon: what may be answered.
        cut: the model was stopped before its end.
    """

    text: str
    lexicon: Lexicon
    cut: bool = False

    @cached_property
    def mentions(self) -> list[Mention]:
        """Every mention in the text."""
        return self.lexicon.scan(self.text, cut=self.cut)

    @cached_property
    def sole(self) -> Answers:
        """The different answers mentioned; of a "no" that refuses, none that can be taken."""
        return {None} if says_no(self.text) else {one.answer for one in self.mentions if one.firm}

    def whole(self, start: int, end: int) -> Answers:
        """The answers that a part of the text consists of; empty if it says anything else."""
        inside = [one for one in self.mentions if start <= one.start and one.end <= end]
        if not inside:
            return set()
        at = max(start, self._opening(start, inside[0].start))
        gaps = zip([at, *(one.end for one in inside)], [*(one.start for one in inside), end], strict=True)
        first, *rest = ((left, right) for left, right in gaps)
        clean = LEAD.fullmatch(self.text, *first) and all(BETWEEN.fullmatch(self.text, *gap) for gap in rest[:-1])
        last = AFTER.fullmatch(self.text, *rest[-1]) or (
            not self.lexicon.closed and len(inside) == 1 and UNIT.fullmatch(self.text, *rest[-1])
        )
        return {one.answer for one in inside} if clean and last else set()

    def _opening(self, start: int, end: int) -> int:
        """Where a text goes on after the number or letter of an option that never was shown."""
        marker = self.lexicon.marker.match(self.text, start, end)
        return marker.end() if marker else start

    def leading(self) -> Answers:
        """The mention that opens the text, with something after it that sets it apart."""
        first = self.mentions[0]
        opens = LEAD.fullmatch(self.text, self._opening(0, first.start), first.start)
        apart = SEPARATOR.match(self.text, first.end) and not QUALIFIED.match(self.text, first.end)
        return {first.answer} if first.firm and opens and apart else set()

    def after(self, cue: re.Pattern[str]) -> Iterator[Mention]:
        """Mentions that directly follow a cue which nobody denies, asks or makes depend on something."""
        for found in cue.finditer(self.text):
            ahead = next((one for one in self.mentions if one.start >= found.end()), None)
            if ahead is None or not FILLERS.fullmatch(self.text, found.end(), ahead.start) or self._denied(found.start()):
                continue
            goes_on = GOES_ON.match(self.text, ahead.end) and not QUALIFIED.match(self.text, ahead.end)
            if not goes_on:
                yield Mention(ahead.start, ahead.end, None, firm=False)
            elif self.text[self.stop(ahead.end) :][:1] != "?":
                yield ahead

    def _denied(self, at: int) -> bool:
        """Whether what stands before in the sentence turns it round."""
        before = self.text[max(0, at - 300) : at]
        sentence = re.split(r"[.!?\n]", before)[-1]
        return bool(IF.search(sentence) or DENIED.search(CLAUSE.split(sentence)[-1]))

    def stop(self, at: int) -> int:
        """Where the sentence ends, or its reason begins."""
        found = STOP.search(self.text, at)
        return found.start() if found else len(self.text)

    def region(self, first: Mention) -> Answers:
        """The answers in the rest of a sentence, and those that follow it with nothing between."""
        until, answers = self.stop(first.end), {first.answer if first.firm else None}
        for one in self.mentions:
            if one.start < first.end or not one.firm:
                continue
            if one.start >= until and self.text[until : one.start].strip(" \n.,;:!?()[]{}\"'-"):
                break
            until = max(until, one.end)
            answers.add(one.answer)
        return answers


def _exact(page: Page) -> Answers:
    """The text is the answer."""
    return page.whole(0, len(page.text))


def _json(page: Page) -> Answers:
    """The value of `answer` or, without it, of a key that means the same."""
    found: Answers = set()
    for value in _values(page.text):
        inner = Page(fold(value), page.lexicon, page.cut and page.text.endswith(value))
        found |= next((answers for rule in RULES if rule.name != "json" and (answers := rule.find(inner))), {None})
    return found


def _declared(page: Page) -> Answers:
    """What follows "answer:" and its like, or stands before "is my answer"."""
    found: Answers = set()
    for first in page.after(DECLARED):
        found |= page.region(first)
    for one in page.mentions:
        if one.firm and REVERSED.match(page.text, one.end) and not page._denied(one.start):
            found.add(one.answer)
    return found


def _alone(page: Page) -> Answers:
    """A line or sentence of its own."""
    ends = [*((found.start(), found.end()) for found in SEGMENT.finditer(page.text)), (len(page.text), 0)]
    starts = [0, *(end for _, end in ends[:-1])]
    return _only(page, lambda: set().union(*(page.whole(start, end) for start, (end, _) in zip(starts, ends, strict=True))))


def _leading(page: Page) -> Answers:
    """The beginning of the text."""
    return _only(page, page.leading)


def _stated(page: Page) -> Answers:
    """What follows "I" or "so"."""

    def found() -> Answers:
        said = {one.answer for one in page.after(STATED) if not page.text[one.start].isdigit() and one.end - one.start > 1}
        closed = {one.answer for one in page.after(CLOSED) if re.match(r"[\"')\]]*(?:[.!\n]|$)", page.text[one.end :])}
        return said | closed

    return _only(page, found)


def _only(page: Page, find: Callable[[], Answers]) -> Answers:
    """What is found where no other answer is mentioned anywhere; else all that are mentioned."""
    return find() if len(page.sole) == 1 else page.sole


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to read an answer.

    Attributes:
        name: as it stands in the table of responses.
        reads: what it reads.
        example: a text it reads.
        find: the answers it finds in a text: none, one, or several, of which none is taken.
    """

    name: str
    reads: str
    example: str
    find: Callable[[Page], Answers]


RULES = (
    Rule("exact", "the text is the answer and nothing else", "**Agree.**", _exact),
    Rule("json", "the value of `answer` in JSON", "{'answer': 'agree', 'why': 'I disagree with few'}", _json),
    Rule("declared", "what follows “answer:”, “my choice is”, “I'd say” and the like", "Some disagree. My answer is: agree.", _declared),
    Rule("alone", "a line or a sentence of its own", "I work at night.\n\nAgree", _alone),
    Rule("leading", "the beginning, set apart by punctuation or a reason", "Agree, because I work at night.", _leading),
    Rule("stated", "what follows “I” or “it is”, or “so” and “but” at the end", "As a nurse, I agree with that.", _stated),
)
"""The first that finds exactly one answer decides; one that finds several ends the search. The last three want no other mentioned."""


def parse(reply: Reply, ask: Ask, scale: Scale, style: Style) -> Parsed:
    """Read a reply.

    It never raises on any text, and never chooses between two answers.

    Args:
        reply: what came back.
        ask: what was asked; its choices are what may be answered, its labels what they mean.
        scale: of the item.
        style: of the prompt; JSON is looked for everywhere, and taken apart in free text only where it was asked for.

    Returns:
        The answer and the rule that read it, or why there is none. A reply of probabilities alone is answered by the rule `probabilities`.

    Examples:
        >>> from personametrics.data.ask import Message
        >>> from personametrics.data.scale import parse_scale
        >>> ask = Ask((Message("user", "Tea?"),), choices=("1", "2", "3"), labels=("no", "perhaps", "yes"))
        >>> parse(Reply("My answer is 3, because 2 cups wake me."), ask, parse_scale("nominal:no|perhaps|yes"), "number")
        Parsed(answer='yes', outcome=<Outcome.ANSWERED: 'answered'>, rule='declared')
        >>> parse(Reply("2 or 3"), ask, parse_scale("nominal:no|perhaps|yes"), "number").outcome
        <Outcome.UNPARSABLE: 'unparsable'>
    """
    if reply.outcome != Outcome.ANSWERED:
        return Parsed(None, reply.outcome, "")
    if reply.text is None:
        return Parsed(None, Outcome.ANSWERED, "probabilities") if reply.probabilities else UNPARSABLE
    if isinstance(scale, FreeText):
        return _free(reply.text, style)
    lexicon = _lexicon(ask, scale)
    cut = reply.finish == "length"
    if not cut and (answer := lexicon.exact.get(reply.text)) is not None:
        return Parsed(answer, Outcome.ANSWERED, "exact")
    said = spoken(reply.text)
    return UNPARSABLE if said is None else _read(Page(fold(said), lexicon, cut))


UNPARSABLE = Parsed(None, Outcome.UNPARSABLE, "")


def _lexicon(ask: Ask, scale: Scale) -> Lexicon:
    """What may be answered."""
    if isinstance(scale, Numeric):
        return between(scale.low, scale.high)
    marks = ask.choices or getattr(scale, "labels", ())
    return choices(marks, ask.labels or marks)


def _read(page: Page) -> Parsed:
    """The answer that the first rule finds."""
    if page.mentions:
        for rule in RULES:
            found = rule.find(page)
            if len(found) == 1 and None not in found:
                return Parsed(found.pop(), Outcome.ANSWERED, rule.name)
            if found:
                break
    return Parsed(None, Outcome.REFUSED, "") if refuses(page.text) else UNPARSABLE


def _free(text: str, style: Style) -> Parsed:
    """Free text is its own answer."""
    said = (spoken(text) or "").strip()
    if style == "json" and "{" in said:
        said = next(iter(_values(said)), "").strip()
    if refuses(fold(said), opening=True):
        return Parsed(None, Outcome.REFUSED, "")
    return Parsed(said, Outcome.ANSWERED, "text") if said else UNPARSABLE


def _values(text: str) -> list[str]:
    """The values in JSON, or in what was meant to be."""
    found = list(JSON.finditer(text)) if "{" in text else []
    named = [one for one in found if (one["key"] or one["bare"]).lower() == "answer"] or found
    return [_plain(one) for one in named]


def _plain(match: re.Match[str]) -> str:
    """A value without its quotes and escapes."""
    if match["double"] is None:
        return match["single"] if match["single"] is not None else match["plain"]
    try:
        return str(json.loads(f'"{match["double"]}"', strict=False))
    except ValueError:
        return str(match["double"])
