"""The shapes of an answer in a text (alone, at the beginning, after a cue), and the words that negate it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from personametrics.parse.occurrences import FOLLOWS, Lexicon, Mention
from personametrics.parse.refusals import says_no

Answers = set[str | None]
"""Different answers; None stands for one that cannot be taken."""
BECAUSE = r"(?:because|since|given|due|for|weil|denn|parce|car|porque|pues|perché|omdat|want)\b"
ADJECTIVES = r"(?:(?:final|honest|short|best|overall|own|personal|true|correct|direct) ){0,2}"
ANSWER = (
    r"(?:answer|antwort|réponse|respuesta|resposta|risposta|antwoord|odpowiedź|svar|vastaus|cevap|yanıt|ответ|відповідь|الإجابة|الجواب"
    r"|उत्तर|जवाब|答案|回答|답변|답|jawaban)"
)
NOUNS = rf"{ADJECTIVES}(?:{ANSWER}|choice|response|rating|selection|vote|score|reply|option|pick|verdict|opinion|view|position)"
START = r"(?:^|(?<=[\n.!?:;,(\[{<>#-])|(?<=[\n.!?:;,(#-] ))"
MY = r"\b(?:my|our|meine|ma|mi|mia|minha|mijn|mój|moja|мой)"
THE = r"\b(?:the|die|la|il|a|het)"
IS = r"(?: to (?:this|that|the) \w+)? (?:is|would be|will be|ist|es|est|è|é)\b"
SAY = (
    r"\bi(?:'d| would|'ll| will)?(?: have to| must|'m going to| am going to)? (?:(?:say|choose|pick|select|answer|respond|reply|vote|think"
    r"|believe|guess|go with|go for|opt for|lean towards?)|(?:rate|give|score|rank|put|mark)"
    r"(?: (?:it|this|that|myself|them|(?:my|the|this) [\w-]+))?)\b"
)
DECLARED = re.compile(
    rf"(?:{START}|(?:{MY}|{THE}) ){NOUNS}(?: ?[:=>]| - )|{MY} {NOUNS}{IS}|(?:{START}|{THE} ){ADJECTIVES}{ANSWER}{IS}"
    rf"|{SAY}|<answer>|\\boxed\b",
    re.MULTILINE,
)
"""Text before an answer that is declared to be one."""
REVERSED = re.compile(rf" (?:is|would be) (?:my|our|the) {NOUNS}\b")
"""Text after one."""
STATED = re.compile(
    r"\b(?:i'm|i'd(?! be| feel)|i(?! would be| would feel)|we)(?: (?:honestly|personally|still|also|just|simply|therefore)){0,2}(?= )"
)
"""Text before a label that speakers give themselves."""
CONCLUDED = re.compile(
    r"(?:^|(?<=[,.;:!?\n-])|(?<=[,.;:!?-] ))(?:(?:and )?so|but|hence|therefore|thus|overall|ultimately|in short|it is|it's|this is)\b",
    re.MULTILINE,
)
"""Text before an answer that ends its sentence."""
SIGNS = "😀-🙏👍✅✔☑"
OPEN = r"[\s\"'(\[{:<>]"
FILLERS = re.compile(
    rf"(?:,|{OPEN})*(?:(?:a|an|the|it|this|that|i|i'm|am|do|would|feel|feeling|remain|option|number|choice|letter|about|around|roughly"
    rf"|approximately|probably|maybe|perhaps|definitely|clearly|firm|solid|as|at|with|for|is|to be|be|score of|rating of|of){OPEN}+){{0,4}}"
)
"""Text that may stand between a cue and its answer."""
LEAD = re.compile(
    rf"[\s\"'(\[.,:!#{SIGNS}-]*(?:(?:well|hmm|ok|okay|honestly|personally|overall|option|number|choice|letter|answer|rating|score|about|around"
    r"|roughly|approximately|probably|maybe|perhaps|definitely|clearly|absolutely|certainly|sure)[\s\"'(\[,.!-]+){0,3}"
)
"""Text that may stand before an answer that opens a text, a line or a sentence."""
JOINED = re.compile(r"[\s\"'(\[.,;:!=)\]|-]*")
AFTER = re.compile(rf"[\s\"')\].,;:!|{SIGNS}-]*(?:(?:points?|stars?)\b[\s.!]*)?")
UNIT = re.compile(
    rf" ?[€$£¥]?(?: (?!(?:{FOLLOWS}|plus|not?|at|max|min|maximum|minimum|upwards|tops)\b)[^\W\d]+(?: (?:(?:a|per) )?[^\W\d]+)?)?[\s.!]*"
)
"""Text that may stand after a number on a numeric scale: 38 hours weekly."""
APART = re.compile(rf" ?(?:[.,;:!)\](\"'\n-]|$)| {BECAUSE}| [{SIGNS}]")
"""Text that sets the opening of a text apart from the rest."""
GOES_ON = re.compile(
    rf" ?(?:[.,;:!?)\]}}(\"'<|\n{SIGNS}-]|$)| (?:{BECAUSE}|as|and|but|with|that|about|on|in|at|of|when|here|too|overall|this|it"
    r"|points?|stars?|(?:to|for) (?:me|us|my|this|that))\b"
)
"""Text that may stand after an answer that follows a cue."""
QUALIFIED = re.compile(
    r"\W*(?:not|strongly|completely|totally|fully|entirely|somewhat|slightly|partly|partially|mostly|largely|very|extremely|quite|fairly|rather"
    r"|a (?:bit|little|lot)|only|if|unless|in (?:part|principle)|to (?:some|an?|a \w+) (?:extent|degree|point))\b"
)
"""Text after an answer that makes it another one: agree, strongly."""
STOP = re.compile(rf"[.!?](?=\s|$)|\n|,? {BECAUSE}")
CLAUSE = re.compile(r"[.!?;:,\n()]| - ")
DENIED = re.compile(
    r"n't\b|\b(?:not|never|no|nor|neither|hardly|whether|would|could|should|might|why|doubt|wish|deny|do|does|did|how|he|she|they|people"
    r"|others|some|everyone|nobody|says?|said|claims?|anything|nothing)\b"
)
"""Words before a cue that negate it within its clause."""
IF = re.compile(r"\b(?:(?:if|unless)\b(?! (?:i'm honest|i am honest|i had to|i have to|i must|you ask|forced|pressed|asked))|were\b)")
"""Words before a cue that make it conditional within its sentence."""
RETRACTED = re.compile(
    r"\W*(?:no|wait|actually|sorry|scratch|correction|rather|or|hmm|well|on (?:second thought|reflection)|make that|i mean)\b"
)
"""Words after an answer that take it back."""
SEGMENT = re.compile(r"\n|(?<=[^\W\d]{2}[.!?;]) ")
"""The end of a line or a sentence."""


@dataclass(frozen=True)
class Page:
    """A text in which an answer is searched.

    Attributes:
        text: folded text.
        lexicon: the valid answers.
        cut: whether the model was stopped before its end.
    """

    text: str
    lexicon: Lexicon
    cut: bool = False

    @cached_property
    def mentions(self) -> list[Mention]:
        """The mentions in the text."""
        return self.lexicon.scan(self.text, cut=self.cut)

    @cached_property
    def sole(self) -> Answers:
        """The different answers mentioned; a text that refuses with "no" has none that can be taken."""
        return {None} if says_no(self.text) else {mention.answer for mention in self.mentions if mention.firm}

    def whole(self, start: int, end: int) -> Answers:
        """Return the answers that make up a part of the text; empty if it holds anything else."""
        inside = [mention for mention in self.mentions if start <= mention.start and mention.end <= end]
        if not inside:
            return set()
        index = max(start, self._opening(start, inside[0].start))
        gaps = zip([index, *(mention.end for mention in inside)], [*(mention.start for mention in inside), end], strict=True)
        first, *rest = ((left, right) for left, right in gaps)
        clean = LEAD.fullmatch(self.text, *first) and all(JOINED.fullmatch(self.text, *gap) for gap in rest[:-1])
        last = AFTER.fullmatch(self.text, *rest[-1]) or (not self.lexicon.closed and UNIT.fullmatch(self.text, *rest[-1]))
        return {mention.answer for mention in inside} if clean and last else set()

    def _opening(self, start: int, end: int) -> int:
        """Return the index at which a text goes on after the number or letter of an option that was never shown."""
        marker = self.lexicon.marker.match(self.text, start, end)
        return marker.end() if marker else start

    def leading(self) -> Answers:
        """Return the answer that opens the text, if the text after it sets it apart."""
        first = self.mentions[0]
        opens = LEAD.fullmatch(self.text, self._opening(0, first.start), first.start)
        apart = APART.match(self.text, first.end) and not QUALIFIED.match(self.text, first.end)
        return {first.answer} if first.firm and opens and apart else set()

    def after(self, cue: re.Pattern[str]) -> Iterator[Mention]:
        """Return the mentions directly after a cue that is not denied, asked or conditional."""
        for match in cue.finditer(self.text):
            ahead = next((mention for mention in self.mentions if mention.start >= match.end()), None)
            if ahead is None or not FILLERS.fullmatch(self.text, match.end(), ahead.start) or self.denied(match.start()):
                continue
            if QUALIFIED.match(self.text, ahead.end):
                yield replace(ahead, answer=None)
            elif self._goes_on(ahead) and self.text[self.stop(ahead.end) :][:1] != "?":
                yield ahead

    def _goes_on(self, mention: Mention) -> bool:
        """Return whether the text after a mention leaves its meaning unchanged."""
        unit = not self.lexicon.closed and UNIT.fullmatch(self.text, mention.end, self.stop(mention.end))
        joined = any(other.start >= mention.end and JOINED.fullmatch(self.text, mention.end, other.start) for other in self.mentions)
        return bool(unit or joined or GOES_ON.match(self.text, mention.end))

    def denied(self, index: int) -> bool:
        """Return whether the text before an index negates it within its sentence."""
        before = self.text[max(0, index - 300) : index]
        sentence = re.split(r"[.!?\n]", before)[-1]
        return bool(IF.search(sentence) or DENIED.search(CLAUSE.split(sentence)[-1]))

    def stop(self, index: int) -> int:
        """Return the index at which the sentence ends, or its reason begins."""
        match = STOP.search(self.text, index)
        return match.start() if match else len(self.text)

    def region(self, first: Mention) -> Answers:
        """Return the answers in the rest of a sentence, and those that follow it directly."""
        until, answers = self.stop(first.end), {first.answer if first.firm else None}
        if retracted := RETRACTED.match(self.text, until):
            until = self.stop(retracted.end())
        for mention in self.mentions:
            if mention.start < first.end or not mention.firm:
                continue
            if mention.start >= until and self.text[until : mention.start].strip(" \n.,;:!?()[]{}\"'-"):
                break
            until = max(until, mention.end)
            answers.add(mention.answer)
        return answers
