"""Replies are read as they were meant, and never guessed."""

import re
import time
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from personametrics.data.outcome import ReplyOutcome
from personametrics.data.prompt import Style
from personametrics.data.reply import Reply
from personametrics.data.request import Message, Request
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, Scale, character_ngrams, parse_scale
from personametrics.parse.refusals import REFUSALS, Refusal, refuses
from personametrics.parse.replies import RULES, Parsed, Rule, parse
from personametrics.parse.spelling import SEEN, fold

DOC = Path(__file__).parents[2] / "docs" / "parsing.md"
FIVE = ("strongly disagree", "disagree", "neutral", "agree", "strongly agree")
THREE = ("disagree", "neither agree nor disagree", "agree")
FOUR = ("very dissatisfied", "dissatisfied", "satisfied", "very satisfied")
OFTEN = ("never", "rarely", "sometimes", "often", "always")
YES = ("no", "yes", "not sure")
TEN = tuple(str(number) for number in range(1, 11))
SIGNED = ("-2", "-1", "0", "1", "2")
ENDS = ("1 (not at all)", "2", "3", "4", "5 (very much)")
AGES = ("18-24", "25-34", "65+")
TEXT = FreeText(character_ngrams)
U, R = ReplyOutcome.UNPARSABLE, ReplyOutcome.REFUSED


def read(text: str, labels: tuple[str, ...], style: Style = "label", finish: str = "") -> Parsed:
    """What a reply on labels says."""
    shown = {"number": (*TEN, "11", "12"), "letter": tuple("ABCDEFGHIJKL")}.get(style)
    request = Request((Message("user", "?"),), choices=shown[: len(labels)] if shown else labels, labels=labels)
    return parse(Reply(text, finish=finish), request, Ordinal(labels), style)


def read_open(text: str, scale: Scale, style: Style = "label", finish: str = "") -> Parsed:
    """What a reply on a scale without labels says."""
    return parse(Reply(text, finish=finish), Request((Message("user", "?"),)), scale, style)


def check(parsed: Parsed, expected: str | ReplyOutcome) -> None:
    """An answer, or why there is none."""
    if isinstance(expected, ReplyOutcome):
        assert (parsed.answer, parsed.outcome, parsed.rule) == (None, expected, "")
    else:
        assert (parsed.answer, parsed.outcome) == (expected, ReplyOutcome.ANSWERED)
        assert parsed.rule


LABELLED: list[tuple[str, tuple[str, ...], str | ReplyOutcome]] = [
    ("agree", FIVE, "agree"),
    ("  Strongly  AGREE. ", FIVE, "strongly agree"),
    ("“Agree”", FIVE, "agree"),
    ("*agree*", FIVE, "agree"),
    ("__Agree__", FIVE, "agree"),
    ("`agree`", FIVE, "agree"),
    ("```\nagree\n```", FIVE, "agree"),
    ("```text\nagree\n```", FIVE, "agree"),
    ("# Agree", FIVE, "agree"),
    ("Ａｇｒｅｅ", FIVE, "agree"),
    ("strongly_agree", FIVE, "strongly agree"),
    ("strongly\nagree", FIVE, "strongly agree"),
    ("Agree!", FIVE, "agree"),
    ("Agree 😊", FIVE, "agree"),
    ("👎 Agree", FIVE, U),
    ("Agree?", FIVE, U),
    ("Agree. Agree", FIVE, "agree"),
    ("Agree\nagree\nAGREE", FIVE, "agree"),
    ("Agree\nDisagree", FIVE, U),
    ("agree/disagree", FIVE, U),
    ("(b) Agree", FIVE, "agree"),  # letters were never shown
    ("B) Agree", FIVE, "agree"),
    ("2. Agree", FIVE, "agree"),
    ("2 - Agree", FIVE, "agree"),
    ("Agree (4)", FIVE, "agree"),
    ("- agree", FIVE, "agree"),
    ("Answer: agree", FIVE, "agree"),
    ("**Answer:** agree", FIVE, "agree"),
    ("Some disagree, some strongly agree.\n\nAnswer: agree", FIVE, "agree"),
    ("Some disagree.\n\nAgree", FIVE, U),
    ("Work is hard at night.\n\nAgree", FIVE, "agree"),
    ("Honestly? Agree.", FIVE, "agree"),
    ("<answer>agree</answer>", FIVE, "agree"),
    ("Agree, because I work at night.", FIVE, "agree"),
    ("Agree — I work at night.", FIVE, "agree"),
    ("Agree; others disagree", FIVE, U),
    ("I agree.", FIVE, "agree"),
    ("I strongly agree with this statement.", FIVE, "strongly agree"),
    ("As a nurse, I strongly agree that nights are hard", FIVE, "strongly agree"),
    ("As a nurse I agree", FIVE, "agree"),
    ("I'd say I'm very satisfied", FOUR, "very satisfied"),
    ("My choice would be “satisfied”.", FOUR, "satisfied"),
    ("So, satisfied.", FOUR, "satisfied"),
    ("I'm anything but satisfied", FOUR, U),
    ("I am satisfied.", FOUR, "satisfied"),
    ("I'd be satisfied with more pay", FOUR, U),
    ("The view is good.", ("bad", "good"), U),
    ("My view is: good.", ("bad", "good"), "good"),
    ("The answer is good.", ("bad", "good"), "good"),
    ("I am not satisfied", FOUR, U),
    ("<|assistant|>satisfied<|end|>", FOUR, "satisfied"),
    ("satisfied</s>", FOUR, "satisfied"),
    ("I'm satisfied, extremely so", FOUR, U),
    ("not satisfied", FOUR, U),
    ("unsatisfied", FOUR, U),
    ("I do not agree", FIVE, U),
    ("I don't agree", FIVE, U),
    ("I do not agree", ("agree", "do not agree"), "do not agree"),
    ("I can't say I agree", FIVE, U),
    ("I choose agree?", FIVE, U),
    ("It's good that you ask", ("bad", "good"), U),
    ("It's good.", ("bad", "good"), "good"),
    ("Agree strongly", ("agree", "agree strongly"), "agree strongly"),
    ("It's not that I agree", FIVE, U),
    ("People say I agree", FIVE, U),
    ("If pay were better, I would agree", FIVE, U),
    ("I agree if the pay is right", FIVE, U),
    ("I agree to disagree", FIVE, U),
    ("I agree to a point", FIVE, U),
    ("I disagree strongly", FIVE, U),
    ("Agree, strongly", FIVE, U),
    ("Somewhat agree", FIVE, U),
    ("Agree. Well, somewhat agree", FIVE, U),
    ("Answer: agree. No, disagree.", FIVE, U),
    ("Answer: agree or disagree", FIVE, U),
    ("Answer: agree\nAnswer: disagree", FIVE, U),
    ("My husband's answer is agree", FIVE, U),
    ("agree-ish", FIVE, U),
    ("disagreement", FIVE, U),
    ("Strong", FIVE, U),
    ("", FIVE, U),
    (" \n ", FIVE, U),
    ("neither agree nor disagree", FIVE, U),
    ("Neither agree nor disagree.", THREE, "neither agree nor disagree"),
    ("I neither agree nor disagree with it", THREE, "neither agree nor disagree"),
    ("neither", THREE, U),
    ("Options: disagree, neutral, agree", FIVE, U),
    ("Strongly disagree\nDisagree\nNeutral\nAgree\nStrongly agree", FIVE, U),
    ("Not sure", YES, "not sure"),
    ("No.", YES, "no"),
    ("no one", YES, U),
    ("No one knows that.", YES, U),
    ("No, I never drink it", YES, "no"),
    ("Yes, there is no better job", YES, "yes"),
    ("Yes and no", YES, U),
    ("Would people say yes?", YES, U),
    ("I'd have to say yes.", YES, "yes"),
    ("I'd say no one knows", YES, U),
    ("No, I can't answer that.", YES, R),
    ("№", YES, U),
    ("Often, very often", OFTEN, U),
    ("Always. Well, almost always.", OFTEN, U),
    ("18–24", AGES, "18-24"),
    ("65", AGES, U),
    ("65+", AGES, "65+"),
    ("5", ENDS, "5 (very much)"),
    ("Very much!", ENDS, "5 (very much)"),
    ("5 (very much)", ENDS, "5 (very much)"),
    ("−2", SIGNED, "-2"),
    ("- 2", SIGNED, U),  # a bullet or a minus
    ("+2", SIGNED, "2"),
    ("Answer: -1", SIGNED, "-1"),
    ("同意。", ("同意", "不同意"), "同意"),
    ("不同意", ("同意", "不同意"), "不同意"),
    ("答案：同意", ("同意", "不同意"), "同意"),
    ("我不同意", ("同意",), U),
    ("सहमत।", ("सहमत", "असहमत"), "सहमत"),
    ("सहमति", ("सहमत", "असहमत"), U),
    ("सहमत। असहमति", ("सहमत", "असहमत"), "सहमत"),
    ("1/2", ("1", "2"), U),  # out of, or both
    ("1⁰", TEN, U),
    ("− 2", SIGNED, "-2"),
    ("disagree <think>agree</think> disagree </think> agree", FIVE, "agree"),
    ("Pas d’accord", ("d'accord", "pas d'accord"), "pas d'accord"),
    ("Antwort: Trifft zu.", ("trifft zu", "trifft nicht zu"), "trifft zu"),
    ("<think>agree or disagree?</think>\nagree", FIVE, "agree"),
    ("agree or disagree?</think>agree", FIVE, "agree"),
    ("<think>agree", FIVE, U),
    ("Agree <think>or not", FIVE, U),
    ("I can't answer that.", FIVE, R),
    ("As an AI language model, I have no opinions.", FIVE, R),
    ("As an AI I have no opinions, but neutral.", FIVE, "neutral"),
    ("I'm sorry, but I can't take a side: agree or disagree", FIVE, R),
    ("Prefer not to say", ("yes", "prefer not to say"), "prefer not to say"),
    ("I'd prefer not to say", ("yes", "prefer not to say"), "prefer not to say"),
    ('{"answer": "agree"}', FIVE, "agree"),
    ('```json\n{"answer": "Agree", "reason": "others disagree"}\n```', FIVE, "agree"),
    ("{'answer': 'don't know', 'why': 'no idea'}", ("yes", "don't know"), "don't know"),
    ('{"answer": "d\\u2019accord"}', ("d'accord", "pas d'accord"), "d'accord"),
    ('{"choice": "agree"} because others disagree', FIVE, "agree"),
    ('{"answer": "agree", "rating": 1}', FIVE, "agree"),
    ('{"answer": "I agree"}', FIVE, "agree"),
    ('{"answer": null, "reason": "agree"}', FIVE, U),
    ('{"answer": "agree or disagree"}', FIVE, U),
    ('{"answer": "agree"}{"answer": "disagree"}', FIVE, U),
    ('{"answer": "As an AI, I have no opinion"}', FIVE, R),
    ('{"agree": false}', FIVE, U),
    ('{"reason": "I disa', FIVE, U),
]

NUMBERED: list[tuple[str, str | ReplyOutcome]] = [
    ("4", "agree"),
    ("4.", "agree"),
    ("(4)", "agree"),
    ("[[4]]", "agree"),
    ("**4**", "agree"),
    ("4.0", "agree"),
    ("4️⃣", "agree"),
    ("٤", "agree"),
    ("४", "agree"),
    ("４", "agree"),
    ("four", "agree"),
    ("Answer: four", "agree"),
    ("agree", "agree"),
    ("Answer: 4", "agree"),
    ("Answer:4", "agree"),
    ("Answer 4", "agree"),
    ("My answer is 4", "agree"),
    ("My final answer: **4**", "agree"),
    ("I would say 4.", "agree"),
    ("I’d give it a 4 out of 5", "agree"),
    ("On a scale of 1 to 5, I'd say 4", "agree"),
    ("4 is my answer", "agree"),
    ("4 is too high", U),
    ("I'd say 4 is too high", U),
    ("\\boxed{4}", "agree"),
    ("4/5", "agree"),
    ("4 / 5", "agree"),
    ("4 out of 5", "agree"),
    ("Rating: 4 stars out of 5", "agree"),
    ("4/7", U),
    ("4 (agree)", "agree"),
    ("Agree (4)", "agree"),
    ("4 = agree", "agree"),
    ("4. Agree", "agree"),
    ("2. Agree", U),
    ("6. Disagree", U),
    ("Answer: 2. Agree", U),
    ("Answer: 4 agree", "agree"),
    ("d) agree", "agree"),  # letters were never shown
    ("4\n4", "agree"),
    ("4, 5", U),
    ("3 or 4", U),
    ("3-4", U),
    ("3 – 4", U),
    ("3 to 4", U),
    ("Answer: 3-4", U),
    ("between 3 and 4", U),
    ("3.5", U),
    ("3,5", U),
    ("3½", U),
    ("4²", U),
    ("4+", U),
    ("4%", U),
    ("$4", U),
    ("4th", U),
    ("~~4~~", U),
    ("not 4", U),
    ("at least 4", U),
    ("7", U),
    ("-4", U),
    ("44", U),
    ("Answer: 7. I agree", U),
    ("As a nurse I work nights, so I choose: 4", "agree"),
    ("As a nurse with 3 children I work nights, so I choose: 4", "agree"),
    ("4, because 3 children need me", "agree"),
    ("4 because nights are hard", "agree"),
    ("4. I am 45 and work 24/7", "agree"),
    ("4 (on a 1-5 scale)", "agree"),
    ("4, maybe 5", U),
    ("4, 5 I guess", U),
    ("4 of 5", U),  # out of, or Dutch for or
    ("4, because 3 of my children need me", "agree"),
    ("4. Or rather 3.", U),
    ("I'd say 4. No, 3.", U),
    ("Four, maybe five", U),
    ("I have 3 children", U),
    ("Answer: 3 of them", U),
    ("I doubt 4 is my answer", U),
    ("4. I like this one.", "agree"),
    ("4. Well, not 4.", U),
    ("4, on a scale of 1-5.", "agree"),
    ("4--5", U),
    ("3 children need me", U),
    ("1. I work.\n2. I sleep.", U),
    ("1. I work.\n2. I sleep.\n\nAnswer: 4", "agree"),
    ("His answer is 5, mine is 4", U),
    ("As an AI I have no opinions, but 4", "agree"),
    ('{"answer": 4}', "agree"),
    ('{"answer": "4", "reason": "3 children"}', "agree"),
    ('{"answer": 3,5}', U),
    ("1. Strongly disagree\n2. Disagree\n3. Neutral\n4. Agree\n5. Strongly agree", U),
]

LETTERED: list[tuple[str, str | ReplyOutcome]] = [
    ("D", "agree"),
    ("d", "agree"),
    ("(d)", "agree"),
    ("D) Agree", "agree"),
    ("(b) Agree", U),
    ("D. Agree, because a friend of mine works nights", "agree"),
    ("Option D", "agree"),
    ("I'd go with option d, since a is worse", "agree"),
    ("So I pick D.", "agree"),
    ("D because I care", "agree"),
    ("A nurse like me agrees", U),
    ("A nurse would pick D", U),
    ("A/B", U),
    ("A, B, C, D or E?", U),
    ("I'd give it a 4", U),
    ("D'accord", U),
    ("F", U),
]

MEASURED: list[tuple[str, Numeric, str | ReplyOutcome]] = [
    ("70", Numeric(0, 100), "70"),
    ("070", Numeric(0, 100), "70"),
    ("70.50", Numeric(0, 100), "70.5"),
    ("About 70.", Numeric(0, 100), "70"),
    ("70%", Numeric(0, 100), "70"),
    ("70 percent", Numeric(0, 100), "70"),
    ("70%", Numeric(0, 90), U),
    ("3,5", Numeric(0, 10), "3.5"),
    ("٣٫٥", Numeric(0, 10), "3.5"),
    ("3½", Numeric(0, 10), "3.5"),
    ("½", Numeric(0, 10), "0.5"),
    ("seven", Numeric(0, 10), "7"),
    ("7/10", Numeric(0, 10), "7"),
    ("7/100", Numeric(0, 10), U),
    ("1,200", Numeric(0, 9999), "1200"),
    ("$1,200.50", Numeric(0, 9999), "1200.5"),
    ("1\u202f200", Numeric(0, 9999), "1200"),
    ("1'200", Numeric(0, 9999), "1200"),
    ("1.200,5", Numeric(0, 9999), "1200.5"),
    ("1.200", Numeric(0, 9999), U),  # 1.2 or 1200
    ("1.200", Numeric(0, 10), "1.2"),
    ("1,20,000", Numeric(0, 1e6), "120000"),
    ("38 hours a week", Numeric(0, 80), "38"),
    ("I'd say 38 hours a week.", Numeric(0, 80), "38"),
    ("I'd say 38 or more", Numeric(0, 80), U),
    ("38 or more", Numeric(0, 80), U),
    ("more than 38", Numeric(0, 80), U),
    ("−5", Numeric(-10, 10), "-5"),
    ("－5", Numeric(-10, 10), "-5"),
    ("- 5", Numeric(-10, 10), U),
    ("-5", Numeric(0, 10), U),
    ("minus 5", Numeric(-10, 10), U),
    ("11", Numeric(0, 10), U),
    ("3-4", Numeric(0, 10), U),
    ("3 or 4", Numeric(0, 10), U),
    ("10:30", Numeric(0, 100), U),
    ("1e1", Numeric(0, 100), U),
    ("9" * 400, Numeric(), U),
    ("I am 45 years old", Numeric(0, 100), U),
    ("At 45 I sleep badly. Answer: 70", Numeric(0, 100), "70"),
    ("Answer: 70. Well, 80.", Numeric(0, 100), U),
    ('{"answer": 70.0}', Numeric(0, 100), "70"),
    ('{"answer": "70%"}', Numeric(0, 100), "70"),
    ("I cannot provide a number", Numeric(0, 100), R),
    ("", Numeric(0, 100), U),
]

FREE: list[tuple[str, Style, str | ReplyOutcome]] = [
    ("  I like tea.\n", "label", "I like tea."),
    ("<think>tea?</think> I like tea.", "label", "I like tea."),
    ("<think>tea?", "label", U),
    (" ", "label", U),
    ("I can't answer that.", "label", R),
    ("I'm sorry, but as an AI I have none.", "label", R),
    ("Sorry, I cannot provide an opinion.", "label", R),
    ("I'm sorry, but I don't trust them.", "label", "I'm sorry, but I don't trust them."),
    ("They ask me, and I can't answer.", "label", "They ask me, and I can't answer."),
    ("I can't help but smile.", "label", "I can't help but smile."),
    ('{"answer": "I like \\"tea\\"."}', "json", 'I like "tea".'),
    ('```json\n{"answer": "Tea."}\n```', "json", "Tea."),
    ("{'answer': 'Tea.'}", "json", "Tea."),
    ('{"answer": "I can\'t answer."}', "json", R),
    ('{"answer": 4}', "json", U),
    ('{"answer": "', "json", U),
    ("I like tea.", "json", "I like tea."),
    ('{"answer": "Tea."}', "label", '{"answer": "Tea."}'),
]


@pytest.mark.parametrize(("text", "labels", "expected"), LABELLED)
@pytest.mark.parametrize("style", ["label", "json"])
def test_labels(text: str, labels: tuple[str, ...], expected: str | ReplyOutcome, style: Style) -> None:
    check(read(text, labels, style), expected)


@pytest.mark.parametrize(("text", "expected"), NUMBERED)
def test_numbers_of_options(text: str, expected: str | ReplyOutcome) -> None:
    check(read(text, FIVE, "number"), expected)


@pytest.mark.parametrize(("text", "expected"), LETTERED)
def test_letters_of_options(text: str, expected: str | ReplyOutcome) -> None:
    check(read(text, FIVE, "letter"), expected)


@pytest.mark.parametrize(("text", "scale", "expected"), MEASURED)
def test_numbers(text: str, scale: Numeric, expected: str | ReplyOutcome) -> None:
    check(read_open(text, scale), expected)


@pytest.mark.parametrize(("text", "style", "expected"), FREE)
def test_free_text(text: str, style: Style, expected: str | ReplyOutcome) -> None:
    check(read_open(text, TEXT, style), expected)


@pytest.mark.parametrize("outcome", [ReplyOutcome.FAILED, ReplyOutcome.REFUSED])
def test_what_became_of_the_ask_is_passed_through(outcome: ReplyOutcome) -> None:
    request = Request((Message("user", "?"),), choices=FIVE)
    assert parse(Reply("agree", outcome=outcome), request, Ordinal(FIVE), "label") == Parsed(None, outcome, "")


def test_probabilities_alone_are_an_answer_and_nothing_at_all_is_none() -> None:
    request = Request((Message("user", "?"),), choices=FIVE)
    assert parse(Reply(probabilities={"agree": 1.0}), request, Ordinal(FIVE), "label") == Parsed(
        None, ReplyOutcome.ANSWERED, "probabilities"
    )
    check(parse(Reply(), request, Ordinal(FIVE), "label"), U)


@pytest.mark.parametrize(
    ("text", "labels", "expected"),
    [
        ("1", TEN, U),  # of 10
        ("Answer: 1", TEN, U),
        ('{"answer": 1', TEN, U),
        ("no", YES, U),  # of not sure; see the words
        ("1", FIVE, "strongly disagree"),
        ("10", TEN, "10"),
        ("2", TEN, "2"),
        ("Answer: 1. I work at ni", TEN, "1"),
        ('{"answer": 4, "reason": "I wor', FIVE, "agree"),
        ('{"answer": 1, "reason": "I wor', TEN, "1"),
        ("I work at ni", FIVE, U),
    ],
)
def test_an_answer_that_was_cut_off_may_be_the_beginning_of_another(
    text: str, labels: tuple[str, ...], expected: str | ReplyOutcome
) -> None:
    labels = ("no", "no answer") if labels == YES else labels
    check(read(text, labels, "label" if labels[0] in {"no", "1"} else "number", "length"), expected)


def test_a_number_that_was_cut_off_is_no_number_but_free_text_stays() -> None:
    check(read_open("7", Numeric(0, 10), finish="length"), U)
    check(read_open("Answer: 7, because I", Numeric(0, 10), finish="length"), "7")
    check(read_open("I like", TEXT, finish="length"), "I like")


def test_a_mark_is_read_before_a_label_of_the_same_name() -> None:
    check(read("1", ("0", "1", "2"), "number"), "0")
    check(read("0", ("0", "1", "2"), "number"), U)
    check(read("Yes", ("Yes", "yes")), "Yes")
    check(read("YES", ("Yes", "yes")), U)


def test_without_choices_the_labels_of_the_scale_are_read() -> None:
    check(read_open("Agree.", Nominal(FIVE)), "agree")
    check(read_open("Agree.", Nominal()), U)


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.name)
def test_each_rule_reads_its_example(rule: Rule) -> None:
    assert read(rule.example, ("disagree", "agree")) == Parsed("agree", ReplyOutcome.ANSWERED, rule.name)


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.example)
def test_each_refusal_is_found_in_its_example_by_its_own_pattern(refusal: Refusal) -> None:
    assert re.search(refusal.pattern, fold(refusal.example))
    check(read(refusal.example, FIVE), R)
    check(read_open(refusal.example, TEXT), R if refuses(fold(refusal.example), opening=True) else refusal.example)


def test_the_page_lists_every_rule_and_refusal() -> None:
    page = DOC.read_text(encoding="utf-8")
    rules = re.findall(r"^\| `(\w+)` \| (.*) \| ``(.*)`` \|$", page, re.MULTILINE)
    assert rules == [(rule.name, rule.reads, rule.example) for rule in RULES]
    refusals = re.findall(r"^\| ([A-Z]\w+) \| (.*) \|$", page, re.MULTILINE)
    assert refusals == [(refusal.language, refusal.example) for refusal in REFUSALS]


WRAPPINGS = [
    "{}",
    " {} \n",
    "{}.",
    "{}!",
    "**{}**",
    "_{}_",
    "`{}`",
    "```\n{}\n```",
    '"{}"',
    "“{}”",
    "‘{}’",
    "({})",
    "[{}]",
    "**{}**.",
    "Answer: {}",
    "Answer:\n{}",
    "My answer is {}.",
    "Work is hard.\n\nAnswer: {}",
    '{{"answer": "{}"}}',
    '```json\n{{"reason": "work", "answer": "{}"}}\n```',
    "{{'answer': '{}'}}",
    "<think>work</think>\n{}",
    "{0}\n{0}",
    "{0}. {0}.",
    "{}, because work is hard.",
    "{}\n\nWork is hard.",
]
WORDS = st.text(st.characters(categories=["Lu", "Ll", "Lo", "Nd"]), min_size=1, max_size=8)
LABELS = st.lists(st.lists(WORDS, min_size=1, max_size=3).map(" ".join), min_size=2, max_size=6, unique_by=fold).map(tuple)
SCALES = st.sampled_from([FIVE, THREE, FOUR, OFTEN, YES, TEN, AGES, ENDS])


@given(SCALES | LABELS, st.sampled_from(WRAPPINGS), st.data())
def test_a_label_is_itself_in_any_wrapping(labels: tuple[str, ...], wrapping: str, data: st.DataObject) -> None:
    label = data.draw(st.sampled_from(labels))
    check(read(wrapping.format(label), labels), label)
    check(
        read(wrapping.format(label.upper()), labels),
        label if fold(label.upper()) == fold(label) else read(label.upper(), labels).answer or U,
    )


@given(
    st.sampled_from([FIVE, THREE, FOUR, OFTEN, YES, TEN, ENDS]),
    st.sampled_from(["number", "letter"]),
    st.sampled_from(WRAPPINGS),
    st.data(),
)
def test_a_mark_is_its_label_in_any_wrapping(labels: tuple[str, ...], style: Style, wrapping: str, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, len(labels) - 1))
    check(read(wrapping.format(str(index + 1) if style == "number" else "ABCDEFGHIJ"[index]), labels, style), labels[index])


PROSE = (
    st.sampled_from(
        ["", "I", "so", "Well,", "or", "and", "but", ",", ".", ";", "\n", "\n\n", "-", "/", "because", "I am", "it is", "no", "("]
    )
    | st.text()
)


@given(SCALES, st.tuples(PROSE, PROSE, PROSE), st.data())
def test_of_two_labels_none_is_chosen(labels: tuple[str, ...], prose: tuple[str, str, str], data: st.DataObject) -> None:
    first, second = data.draw(st.permutations(labels))[:2]
    text = f"{prose[0]} {first}, {prose[1]} {second}, {prose[2]}"  # with a comma, since a number before a word is prose
    assert read(text, labels).outcome != ReplyOutcome.ANSWERED


@given(
    st.text() | st.text("0123456789.,-/%() agrednotiI'\"{}:\n", max_size=60), SCALES, st.sampled_from(["label", "number", "letter", "json"])
)
def test_an_answer_is_always_on_the_scale(text: str, labels: tuple[str, ...], style: Style) -> None:
    assert read(text, labels, style).answer in {*labels, None}
    number = read_open(text, Numeric(-5, 50), style)
    assert (number.outcome == ReplyOutcome.ANSWERED) == (number.answer is not None)
    assert number.answer is None or -5 <= float(number.answer) <= 50
    free = read_open(text, TEXT, style)
    assert free.outcome != ReplyOutcome.ANSWERED or free.answer


@given(st.text(st.characters(categories=["Cs", "Cc", "Cf", "Mn", "No", "So"]), max_size=40), SCALES)
def test_no_text_raises(text: str, labels: tuple[str, ...]) -> None:
    for style in ("label", "number", "letter", "json"):
        assert read(text, labels, style).answer in {*labels, None}
        read_open(text, TEXT, style)


@given(st.sampled_from(LABELLED), st.data())
def test_the_order_of_labels_changes_no_answer(case: tuple[str, tuple[str, ...], str | ReplyOutcome], data: st.DataObject) -> None:
    text, labels, expected = case
    check(read(text, tuple(data.draw(st.permutations(labels)))), expected)


@pytest.mark.parametrize("digits", ["٠١٢٣٤٥٦٧٨٩", "०१२३४५६७८९", "０１２３４５６７８９", "০১২৩৪৫৬৭৮৯", "๐๑๒๓๔๕๖๗๘๙", "𝟎𝟏𝟐𝟑𝟒𝟓𝟔𝟕𝟖𝟗"])
@given(number=st.integers(1, 10))
def test_digits_of_any_script_are_numbers(digits: str, number: int) -> None:
    check(read("".join(digits[int(digit)] for digit in str(number)), TEN), str(number))


@given(st.floats(-1e6, 1e6))
def test_a_number_is_itself(number: float) -> None:
    text = f"{number:.4f}"
    reading = read_open(f"Answer: {text}", Numeric())
    whole_groups = re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", text)
    assume(whole_groups is None)
    assert reading.answer is not None
    assert float(reading.answer) == float(text)


def test_json_that_is_nested_too_deeply_is_unparsable() -> None:
    check(read_open('{"answer":' * 100_000, TEXT, "json"), U)


def test_of_a_long_text_only_the_ends_are_read() -> None:
    padding = "work is hard " * 1000
    check(read(f"{padding}\nAnswer: agree", FIVE), "agree")
    check(read(f"Agree. {padding}", FIVE), "agree")
    check(read(f"{padding} Answer: agree {padding}", FIVE), U)
    check(read("x" * (3 * SEEN) + "agree", FIVE), U)
    check(read("Neutral. " + "work " * SEEN + "disagree" + " x" * (SEEN // 2 - 3) + "y", FIVE), "neutral")  # broken off in "dis"
    check(read("Neutral. " + "x" * (SEEN - 15) + " " + "agreement" + " x" * SEEN, FIVE), "neutral")  # broken off in "agree"


ADVERSARIAL = [
    "i say 4 ",
    "4-",
    "4.,",
    "<think>",
    "{'answer': '",
    '{"answer": "',
    "(",
    " ",
    "½",
    "not ",
    "final ",
    "well, ",
    "no, sorry ",
    "my ",
    "\\",
]


@pytest.mark.parametrize("piece", ADVERSARIAL)
@pytest.mark.parametrize("scale", [Ordinal(FIVE), Ordinal(TEN), Numeric(0, 10), TEXT], ids=["labels", "numbers", "numeric", "text"])
def test_ten_million_characters_do_not_hang(piece: str, scale: Scale) -> None:
    began = time.process_time()
    read_open(piece * (10_000_000 // len(piece)), scale, "json")
    assert time.process_time() - began < 5


def test_a_line_of_a_dialogue_is_its_words_also_where_they_sound_like_a_refusal() -> None:
    reply, free = Reply("As an AI, I have no days."), parse_scale("text")
    line = Request((Message("user", "How was your day?"),), about={"part": "line"})
    assert parse(reply, line, free, "label").answer == reply.text
    assert parse(reply, Request(line.messages), free, "label").outcome == ReplyOutcome.REFUSED
