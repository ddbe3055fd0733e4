from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.prompt import NOBODY, SLOTS, Order, Prompt, Style, conditions
from personametrics.data.scale import FreeText, Nominal, Numeric, Ordinal, Scale, character_ngrams

NURSE = Persona("nurse", "You are a nurse.")
AGREE = Ordinal(("no", "so-so", "yes"))
TEA = Item("tea", "Tea?", AGREE, wordings={"formal": "Would you care for tea?"})
STYLES: list[Style] = ["label", "number", "letter", "json"]
ORDERS: list[Order] = ["given", "reversed", "rotated"]
LABELS = st.lists(st.text(min_size=1, max_size=6), min_size=2, max_size=26, unique=True).map(tuple)
ANY = st.text(st.sampled_from("{}%\\$ \nabc{persona}"), min_size=1, max_size=30)


def item(scale: Scale, text: str = "How much?") -> Item:
    return Item("q", text, scale)


def shown(prompt: Prompt, item: Item, **condition: str) -> str:
    return prompt.ask(None, item, condition=condition).messages[-1].text


@given(LABELS, st.sampled_from(STYLES), st.sampled_from(ORDERS), st.booleans())
def test_choices_map_onto_the_labels_of_the_scale_one_to_one(labels: tuple[str, ...], style: Style, order: Order, nominal: bool) -> None:
    request = Prompt.styled(style).ask(NURSE, item(Nominal(labels) if nominal else Ordinal(labels)), condition={"order": order})
    assert len(request.choices) == len(set(request.choices)) == len(labels)
    assert sorted(request.labels) == sorted(labels)
    meaning = dict(zip(request.choices, request.labels, strict=True))
    if style in {"label", "json"}:
        assert all(choice == label for choice, label in meaning.items())
    else:
        assert request.choices == tuple("ABCDEFGHIJKLMNOPQRSTUVWXYZ" if style == "letter" else map(str, range(1, 27)))[: len(labels)]
        lines = "\n".join(f"{choice}. {label}" for choice, label in meaning.items())
        assert f"\n\n{lines}\n\n" in request.messages[-1].text


def test_orders_are_what_they_say() -> None:
    five = item(Ordinal(("1", "2", "3", "4", "5")))
    labels = {order: Prompt().ask(None, five, condition={"order": order}).labels for order in ORDERS}
    assert labels == {"given": tuple("12345"), "reversed": tuple("54321"), "rotated": tuple("34512")}


@pytest.mark.parametrize("style", STYLES)
def test_the_shipped_prompts_show_every_label_and_say_how_to_answer(style: Style) -> None:
    instruction = {"label": "word for word", "number": "numbers 1 to 3", "letter": "letters A to C", "json": '{"answer": …}'}
    text = shown(Prompt.styled(style), TEA)
    assert text.startswith("Tea?\n\n")
    assert all(label in text for label in AGREE.labels)
    assert instruction[style] in text


@given(ANY, ANY, ANY, st.sampled_from(STYLES))
def test_braces_in_texts_are_left_alone(person: str, question: str, label: str, style: Style) -> None:
    item = Item("q", question, Nominal((label, "other")))
    request = Prompt.styled(style).ask(Persona("p", person), item)
    assert request.messages[0].text.endswith(person)
    assert request.messages[1].text.startswith(question)
    assert label in request.messages[1].text


def test_braces_that_are_doubled_in_a_template_are_braces() -> None:
    prompt = Prompt(persona="{{x}} {persona}", item="{{}} {item} {options} {instruction}")
    request = prompt.ask(NURSE, TEA)
    assert request.messages[0].text == "{x} You are a nurse."
    assert request.messages[1].text.startswith("{} Tea? ")


def test_a_persona_is_told_where_the_prompt_says() -> None:
    system, user = Prompt(), Prompt(place="user")
    assert [message.role for message in system.ask(NURSE, TEA).messages] == ["system", "user"]
    (only,) = user.ask(NURSE, TEA).messages
    assert only.role == "user"
    system_message, question = system.ask(NURSE, TEA).messages
    assert only.text == f"{system_message.text}\n\n{question.text}"


def test_a_condition_moves_the_persona() -> None:
    for prompt in (Prompt(), Prompt(place="user")):
        assert prompt.ask(NURSE, TEA, condition={"place": "user"}) == Prompt(place="user").ask(NURSE, TEA)
        assert prompt.ask(NURSE, TEA, condition={"place": "system"}) == Prompt().ask(NURSE, TEA)
        assert prompt.ask(NURSE, TEA, condition={"place": "given"}) == prompt.ask(NURSE, TEA)


@pytest.mark.parametrize("place", ["system", "user"])
def test_without_a_persona_nothing_is_said_about_one(place: Any) -> None:
    request = Prompt(place=place).ask(None, TEA)
    assert [message.role for message in request.messages] == ["user"]
    assert request.messages[0].text.startswith("Tea?")
    assert request.about["persona"] == NOBODY


def test_wordings_change_the_question_and_nothing_else() -> None:
    given, formal = (shown(Prompt(), TEA, wording=name) for name in ("given", "formal"))
    assert formal == given.replace("Tea?", "Would you care for tea?")


def test_what_an_ask_is_called_tells_persona_item_run_and_conditions() -> None:
    request = Prompt().ask(NURSE, TEA, 4, {"wording": "formal", "order": "reversed"})
    assert request.about == {"persona": "nurse", "item": "tea", "run": "4", "wording": "formal", "order": "reversed"}
    assert request.run == 4


@pytest.mark.parametrize(
    ("scale", "limits"),
    [
        (Numeric(0, 10), "from 0 to 10,"),
        (Numeric(-1.5, 0.25), "from -1.5 to 0.25,"),
        (Numeric(0, 1_234_567), "from 0 to 1234567,"),
        (Numeric(1e-3, 123456.789), "from 0.001 to 123456.789,"),
    ],
)
def test_a_number_is_asked_for_between_its_limits(scale: Numeric, limits: str) -> None:
    request = Prompt().ask(None, item(scale))
    assert limits in request.messages[0].text
    assert request.choices == request.labels == ()


@pytest.mark.parametrize("style", STYLES)
def test_open_questions_have_no_options_and_no_gap_where_they_would_be(style: Style) -> None:
    request = Prompt.styled(style).ask(None, item(FreeText(character_ngrams), "Why?\n\n\n\nSay it."))
    assert request.messages[0].text.startswith("Why?\n\n\n\nSay it.\n\nAnswer in one to three sentences.")
    assert request.choices == ()


@pytest.mark.parametrize("name", SLOTS)
def test_every_slot_is_checked(name: str) -> None:
    allowed, needed = SLOTS[name]
    good = " ".join(f"{{{slot}}}" for slot in sorted(allowed))
    Prompt(**{name: good})  # type: ignore[arg-type]
    for slot in sorted(needed):
        bad = good.replace(f"{{{slot}}}", "")
        with pytest.raises(
            StudyError, match=rf'^prompt\.{name}: the slot "{{{slot}}}" is missing, so its content would not reach the model'
        ):
            Prompt(**{name: bad})  # type: ignore[arg-type]
    for wrong in ("{nobody}", "{0}", "{}", "{persona.id}", "{item[0]}") if name != "json" else ():
        with pytest.raises(StudyError, match=rf'^prompt\.{name}: unknown slot "{{.*}}"\. .*\.$'):
            Prompt(**{name: f"{good} {wrong}"})  # type: ignore[arg-type]


@pytest.mark.parametrize("slot", ["{persona!r}", "{persona:>99}", "{persona:{persona}}", "{persona!x}"])
def test_a_slot_takes_nothing_but_its_name(slot: str) -> None:
    with pytest.raises(StudyError, match=r'^prompt\.persona: the slot "{persona}" may contain only its name'):
        Prompt(persona=slot)


@pytest.mark.parametrize("template", ["{persona} {", "{persona} }", "{persona} {a", "{persona} {0.}"])
def test_a_single_brace_is_one_sentence(template: str) -> None:
    with pytest.raises(StudyError, match=r"^prompt\.persona: .*\.$"):
        Prompt(persona=template)


@pytest.mark.parametrize("style", ["number", "letter"])
@pytest.mark.parametrize(("name", "template", "slot"), [("option", "{mark}", "label"), ("item", "{item} {instruction}", "options")])
def test_marks_are_never_shown_without_what_they_mean(style: Style, name: str, template: str, slot: str) -> None:
    with pytest.raises(StudyError, match=rf'^prompt\.{name}: the slot "{{{slot}}}" is missing'):
        Prompt(**{"option": "{mark} {label}", "style": style, name: template})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("broken", "message"),
    [
        (lambda: Prompt(place="sytem"), 'prompt.place: unknown value "sytem". Did you mean "system"? Available: system, user.'),  # type: ignore[arg-type]
        (lambda: Prompt(style="digit"), 'prompt.style: unknown value "digit". Available: label, number, letter, json.'),  # type: ignore[arg-type]
        (lambda: shown(Prompt(), TEA, wording="forml"), 'The item "tea" has no wording "forml". Did you mean "formal"?'),
        (lambda: shown(Prompt(), TEA, order="reverse"), 'Unknown order of options "reverse"'),
        (lambda: shown(Prompt(), TEA, place="sytem"), 'Unknown place of the persona "sytem". Did you mean "system"?'),
        (lambda: shown(Prompt(), TEA, wrding="formal"), 'Unknown condition "wrding". Did you mean "wording"?'),
        (lambda: shown(Prompt(), TEA, persona="x"), 'Unknown condition "persona"'),
        (lambda: shown(Prompt(), item(Ordinal())), 'The item "q" needs a scale with labels'),
        (lambda: shown(Prompt(), item(Nominal(("a",)))), 'The item "q" needs a scale with labels'),
        (lambda: shown(Prompt(), item(Nominal(("a", "b", "a")))), 'The item "q" has two equal labels'),
        (lambda: shown(Prompt(), item(Numeric())), 'The item "q" needs a scale with limits'),
        (lambda: shown(Prompt(), item(Numeric(low=0))), 'The item "q" needs a scale with limits'),
        (lambda: shown(Prompt(), Item("q", "?", AGREE, wordings={"given": "x"})), 'The item "q" has a wording with the name "given"'),
        (lambda: conditions({"order": []}), "conditions.order: no level is listed"),
        (lambda: conditions({"order": ["given", "given"]}), "conditions.order: a level is listed twice"),
    ],
)
def test_whatever_is_unknown_or_unclear_is_one_sentence(broken: Any, message: str) -> None:
    with pytest.raises(StudyError) as caught:
        broken()
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("count", [26, 27])
def test_letters_end_at_z(count: int) -> None:
    many = item(Nominal(tuple(map(str, range(count)))))
    assert len(Prompt.styled("number").ask(None, many).choices) == count
    if count == 26:
        assert Prompt.styled("letter").ask(None, many).choices[-1] == "Z"
        return
    with pytest.raises(StudyError, match=r"^The style `letter` allows 26 options, not 27"):
        Prompt.styled("letter").ask(None, many)


def test_conditions_are_all_combinations() -> None:
    combinations = conditions({"order": ["given", "reversed"], "place": ["system", "user"]})
    assert [tuple(condition.values()) for condition in combinations] == [
        ("given", "system"),
        ("given", "user"),
        ("reversed", "system"),
        ("reversed", "user"),
    ]
    assert conditions({}) == ({},)
