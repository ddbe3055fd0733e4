"""Mentions of valid answers in a folded text, told apart from numbers and letters that belong to the prose."""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, lru_cache

from personametrics.parse.spelling import fold

NUMBER_WORDS = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
SHORT = {*NUMBER_WORDS, "no"}
"""Words that are rarely an answer before another word: two children, no one."""
DIGITS = r"(?:\d[\d.,]*(?<=\d)|\.\d+)"
NUMBER = rf"""
    (?<![\w^]) (?<!\d[.,:/'-]) (?<![^\W\d]-) (?<!~~)
    (?>
        (?P<sign>[+-]\ ?)? (?P<money>[$€£¥]\ ?)? (?P<digits>{DIGITS})
        (?: (?:\ ?/\ ?|(?:\ (?:points|stars))?\ (?:out\ of|von|sur|de|di|su|van|av|из)\ ) (?P<top>{DIGITS}) )?
        (?P<range>(?: (?:\ ?[-:/]\ ?|\ (?:to|of|bis|à)\ ) {DIGITS} )+)?
        (?P<percent>\ ?%|\ (?:per\ ?cent|prozent|pour\ ?cent|por\ ciento)\b)?
    )
    (?! [\w+^⁄] | '\w | ~~ )"""
FOLLOWS = (
    r"because|since|as|if|or|and|but|for|on|in|then|is|was|would|seems|feels|points?|stars?|maybe|perhaps|rather|actually|wait|out"
    r"|i|i'd|i'm|we|it|this|that|not|my|could|should|might|definitely|probably|likely|depending|when"
    r"|weil|da|denn|oder|und|aber|parce|car|ou|et|mais|porque|pues|ya|o|y|e|pero|mas|perché|ma|want|omdat|en"
)
"""Words that may follow a bare number or letter that is an answer; any other makes it part of the prose: 3 children, a nurse."""
WEIGHED = re.compile(
    r"(?:\b(?:not|almost|nearly|hardly|barely|scarcely|very|quite|rather|fairly|somewhat|slightly|partly|partially|mostly|largely"
    r"|strongly|completely|totally|fully|entirely|extremely|over|under|above|below|(?:more|less|fewer|other|rather) than|at (?:least|most)"
    r"|up to|minus)|n't) \Z"
)
"""Text before a mention that makes it another answer."""
PLAIN = re.compile(r"[+-]?\d+(?:\.\d+)?")
ANCHORED = re.compile(r"(\d+) ?[-=:.)(] ?([^\W\d].*?)\)?")
THOUSANDS = re.compile(r"[1-9]\d{0,2}(?:,(?:\d{2,3},)*\d{3}(?:\.\d+)?|(?:\.\d{3})+(?:,\d+)?)")


@dataclass(frozen=True, slots=True)
class Mention:
    """A mention of an answer in a text.

    Attributes:
        start: index of its first character in the folded text.
        end: index after its last character.
        answer: the answer; None: one that cannot be taken, such as 3.5 or 3-4 if a whole number was asked for.
        firm: whether it counts wherever it stands; else it is prose, as in "my 3 children", and counts only where an answer is expected.
    """

    start: int
    end: int
    answer: str | None
    firm: bool


@dataclass(frozen=True)
class Lexicon:
    """The valid answers to a request and the names of each.

    Attributes:
        exact: answer by its name as it was shown.
        words: answer by its folded name; None if two choices fold to the same.
        values: answer by its number; empty if the choices have none.
        low: smallest valid number.
        high: largest valid number.
        closed: whether one of several choices is asked for, rather than any number.
    """

    exact: Mapping[str, str]
    words: Mapping[str, str | None]
    values: Mapping[float, str]
    low: float = math.nan
    high: float = math.nan
    closed: bool = True

    def scan(self, text: str, *, cut: bool = False) -> list[Mention]:
        """Return all mentions in a folded text from left to right, the longest at each place.

        In a text that was cut, a mention at the very end may be the beginning of another, such as 1 of 10.
        """
        mentions = [mention for match in self._pattern.finditer(text) if (mention := self._mention(match)) is not None]
        if cut and mentions and mentions[-1].end == len(text) and self._grows(text[mentions[-1].start :]):
            mentions[-1] = replace(mentions[-1], answer=None, firm=False)
        return mentions

    @cached_property
    def marker(self) -> re.Pattern[str]:
        """The pattern of the number or letter of an option if none was shown."""
        letters = "" if any(len(word) == 1 for word in self.words) else "[a-z]"
        digits = "" if self.values or not self.closed else r"\d{1,2}"
        return re.compile(rf"(?:\W*(?:{'|'.join(filter(None, (letters, digits))) or '(?!)'}) ?[).:=-])?")

    @cached_property
    def _forms(self) -> str:
        """The pattern of all words, longest first, so that "strongly agree" is never "agree"."""
        longest = sorted(self.words, key=len, reverse=True)
        return "|".join(re.escape(word).replace(r"\ ", "[ \n]") for word in longest) or "(?!)"

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        """The pattern of every mention."""
        word = rf"(?<!\w)(?<![^\W\d]['-])(?P<word>{self._forms})(?!\w|['-]\w|\.\w)"
        number = f"(?x:{NUMBER})" if self.values or not self.closed else "(?!)"
        return re.compile(f"{word}|{number}")

    @cached_property
    def _prose(self) -> re.Pattern[str]:
        """The pattern of text that makes the number or letter before it part of the prose."""
        return re.compile(rf"[ -](?!(?:{FOLLOWS}|{self._forms})(?!\w))[^\W\d]")

    def _mention(self, match: re.Match[str]) -> Mention | None:
        """Return the mention of a match; None if it is not one."""
        if match["word"] is None:
            return self._number(match)
        (start, end), text, word = match.span(), match.string, " ".join(match["word"].split())
        if unicodedata.category(text[end : end + 1] or " ") in {"Mn", "Mc"}:
            return None  # a vowel sign makes it another word
        if word == "one" and start > 1 and text[start - 1] == " " and text[start - 2].isalnum():
            return None  # this one
        prose = (len(word) == 1 or word in SHORT) and self._prose.match(text, end)
        return Mention(start, end, None if _weighed(text, start) else self.words[word], not prose)

    def _number(self, match: re.Match[str]) -> Mention:
        """Return the mention of a number, with the single answer that it can mean."""
        sign, values, money = match["sign"] or "", numbers(match["digits"]), bool(match["money"]) and self.closed
        percent = bool(match["percent"]) and (self.closed or self.high != 100)
        top = match["top"] is not None and (self.high < 3 or self.high not in numbers(match["top"]))
        unsure = sign.endswith(" ") and self.low < 0  # a bullet or a minus
        firm = not (money or percent) and self._counts(match)
        if match["range"] or money or percent or top or unsure or _weighed(match.string, match.start()):
            return Mention(*match.span(), None, firm)
        answers = {self._answer(-value if sign == "-" else value) for value in values} - {None}
        return Mention(*match.span(), answers.pop() if len(answers) == 1 else None, firm)

    def _counts(self, match: re.Match[str]) -> bool:
        """Return whether a number counts wherever it stands: not 45 or 3 children on a scale to 5, nor the ends of the scale itself."""
        parts = [numbers(part) for part in (match["digits"], *re.findall(DIGITS, match["range"] or ""))]
        if [part[:1] for part in parts] == [(self.low,), (self.high,)]:
            return False
        near = all(any(self.low <= value <= self.high for value in values) for values in parts if values)
        return not self.closed or (near and not self._prose.match(match.string, match.end()))

    def _answer(self, value: float) -> str | None:
        """Return the answer of a number; None if it has none."""
        if self.closed:
            return self.values.get(value)
        if not math.isfinite(value) or not self.low <= value <= self.high:
            return None
        return str(int(value)) if value.is_integer() else repr(value)

    def _grows(self, form: str) -> bool:
        """Return whether a mention may be the beginning of another."""
        numbers_too = {f"{value:g}" for value in self.values}
        return not self.closed or any(other != form and other.startswith(form) for other in {*self.words, *numbers_too})


def _weighed(text: str, index: int) -> bool:
    """Return whether the text before a mention makes it another answer: almost always, not 4."""
    return bool(WEIGHED.search(text[max(0, index - 16) : index]))


def numbers(digits: str) -> tuple[float, ...]:
    """Return the numbers that digits with points and commas can mean; empty if they mean none.

    Examples:
        >>> numbers("3,5"), numbers("1,200"), numbers("1.200"), numbers("3..4")
        ((3.5,), (1200.0,), (1.2, 1200.0), ())
    """
    values = []
    if re.fullmatch(r"\d*\.?\d+", digits):
        values.append(float(digits))
    if THOUSANDS.fullmatch(digits):
        comma = "," if digits.find(",") > 0 and digits.find(",") < (digits.find(".") % 1_000_000) else "."
        values.append(float(digits.replace(comma, "").replace(",", ".")))
    elif re.fullmatch(r"\d+,\d+", digits):
        values.append(float(digits.replace(",", ".")))
    return tuple(values)


@lru_cache(1024)
def choices(marks: tuple[str, ...], labels: tuple[str, ...]) -> Lexicon:
    """Return the valid answers if one of several choices, shown as `marks`, is asked for; `labels` are those on the scale.

    A label that is another choice's mark is not read: if 1, 2, 3 stand for 0, 1, 2, the reply 1 is the mark. ValueError: their numbers
    differ.
    """
    shown, meant = _names(marks, labels), _names(labels, labels)
    if any(shown.get(form, answer) != answer for form, answer in meant.items()):
        meant = {}
    exact = (dict(zip(labels, labels, strict=True)) if meant else {}) | dict(zip(marks, labels, strict=True))
    names = meant | shown
    values = {float(form): answer for form, answer in names.items() if answer is not None and PLAIN.fullmatch(form)}
    words = {form: answer for form, answer in names.items() if not PLAIN.fullmatch(form)}
    for value, word in enumerate(NUMBER_WORDS):
        if value in values:
            words.setdefault(word, values[value])
    return Lexicon(exact, words, values, min(values, default=math.nan), max(values, default=math.nan))


@lru_cache(1024)
def between(low: float, high: float) -> Lexicon:
    """Return the valid answers if a number is asked for."""
    words = {word: str(value) for value, word in enumerate(NUMBER_WORDS) if low <= value <= high}
    return Lexicon({}, words, {}, low, high, closed=False)


def _names(forms: tuple[str, ...], labels: tuple[str, ...]) -> dict[str, str | None]:
    """Return answers by folded name; "1 (not at all)" gives both halves too, unless another choice has them."""
    whole: dict[str, str | None] = {}
    halves: dict[str, str | None] = {}
    for form, label in zip(forms, labels, strict=True):
        folded = fold(form).replace("\n", " ").rstrip(".").strip("\"' ")
        if folded:
            whole[folded] = label if whole.get(folded, label) == label else None
        for half in anchored.groups() if (anchored := ANCHORED.fullmatch(folded)) else ():
            halves[half] = label if halves.get(half, label) == label else None
    return halves | whole
