import asyncio
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import accumulate
from math import comb
from pathlib import Path
from typing import Any

import polars as pl
import pytest

from personametrics.data.errors import DesignError, InputError, StudyError
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.scale import Nominal, parse_scale
from personametrics.data.study import Elicitation
from personametrics.dialogues.dialogue import Turn, dialogue
from personametrics.elicit.conversation import Talk, converse
from personametrics.elicit.engine import Terms
from personametrics.elicit.journal import Journal
from personametrics.lab.compare import compare
from personametrics.models.function import Scripted
from personametrics.remedies.adapt import Adapt
from personametrics.remedies.adapt.interactions import Interaction
from personametrics.remedies.adapt.revision import GOLD, REVISION

KEYS = ("calm", "order", "faith")
YES = Nominal(("no", "yes"))
ANN = Persona("ann", "You are Ann.")
Answer = Callable[[Request], str]


def known(count: int, keys: int = 1, person: str = "ann") -> tuple[Interaction, ...]:
    return tuple(
        Interaction(person, Item(f"talk {index}", f"Is {KEYS[index % keys]} good, {index}?", YES), "yes") for index in range(count)
    )


def words(request: Request) -> str:
    return "\n".join(message.text for message in request.messages)


def part(text: str, mark: str) -> str:
    return text.partition(f"<{mark}>\n")[2].partition(f"\n</{mark}>")[0]


def world(request: Request) -> str:
    """A persona answers right if and only if the key of the question stands in its text; remarks name keys, rewritings add one of them."""
    text = words(request)
    if request.about["item"] != REVISION:
        key = next(key for key in KEYS if f"Is {key} good" in text)
        return "yes" if f"You value {key}." in text else "no"
    now = part(text, "description")
    if "<model>" in text:
        return f"Lacks {next(key for key in KEYS if f'Is {key} good' in text)}." if part(text, "model") == "no" else "Nothing."
    missing = [f"You value {key}." for key in KEYS if f"Lacks {key}." in text]
    return f"Here: <persona>\n{' '.join([now, *missing[:1]])}\n</persona>"


def writing(text: str) -> Answer:
    """The same world, but for what is written as a new text."""
    return lambda request: (
        f"<persona>{text}</persona>" if request.about["item"] == REVISION and "<model>" not in words(request) else world(request)
    )


def played(remedy: Adapt, folder: Path, answer: Answer = world, personas: Sequence[Persona] = (ANN,)) -> tuple[list[str], list[Request]]:
    asked = list[Request]()

    def model(request: Request) -> str:
        asked.append(request)
        return answer(request)

    talk = Talk(remedy.drafts(personas), {"": "scripted/ann"})
    with Journal.open(folder, {}) as journal:
        asyncio.run(converse(talk, {"": Scripted(model, "scripted/ann")}, journal, Terms()))
    return [str(text) for text in talk.texts], asked


def steps(remedy: Adapt, folder: Path, answer: Answer = world) -> tuple[str, list[Mapping[str, Any]]]:
    (persona,) = remedy.personas((ANN,), played(remedy, folder, answer)[0])
    return persona.text, json.loads(persona.attributes["adapted"])


@pytest.mark.parametrize("keys", [1, 2, 3])
def test_with_keys_to_be_found_the_loss_never_rises_and_is_nothing_after_as_many_steps(keys: int, tmp_path: Path) -> None:
    text, entries = steps(Adapt(known(12, keys), recent=3, iterations=5, held=6, profile=False), tmp_path)
    losses = [entry["loss"] for entry in entries] + [entries[-1]["tried"]]
    assert losses == pytest.approx([max(1 - index / keys, 0) for index in range(6)])
    assert [entry["why"] == "" for entry in entries] == [index < keys for index in range(5)]
    assert text == " ".join(["You are Ann.", *(f"You value {key}." for key in KEYS[:keys])])


def test_corrupted_remarks_change_nothing(tmp_path: Path) -> None:
    def corrupted(request: Request) -> str:
        return "Lacks faith." if "<model>" in words(request) else world(request)

    text, entries = steps(Adapt(known(8)), tmp_path, corrupted)
    assert text == ANN.text
    assert {entry["why"] for entry in entries} == {"held-out answers did not come closer"}


def test_what_recent_answers_got_wrong_is_rolled_back_by_those_held_out(tmp_path: Path) -> None:
    noisy = [*known(4), *(replace(interaction, answer="no") for interaction in known(7)[4:])]
    persona = replace(ANN, text="You are Ann. You value calm.")
    remedy = Adapt(tuple(noisy), profile=False, iterations=1)
    written, _ = played(remedy, tmp_path, writing("You are Ann. You value nothing."), [persona])
    (personas,) = remedy.personas([persona], written)
    assert personas.text == persona.text
    assert json.loads(personas.attributes["adapted"]) == [{"loss": 0.0, "tried": 1.0, "why": "held-out answers did not come closer"}]


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (writing("You value calm. Is calm good, 5? Yes."), "the text quotes questions or answers"),
        (writing("You value calm. " + "so " * 200), "the text has more than 200 words"),
        (writing(" "), "the model wrote no usable text"),
        (lambda request: "You value calm." if request.about["item"] == REVISION else world(request), "the model wrote no usable text"),
    ],
)
def test_a_text_that_cannot_be_told_is_rolled_back_though_it_would_help(answer: Answer, why: str, tmp_path: Path) -> None:
    remedy = Adapt(known(8), profile=False, iterations=1)
    written, _ = played(remedy, tmp_path, answer)
    assert json.loads(written[0])["text"] == ANN.text
    assert json.loads(written[0])["steps"] == [{"loss": 1.0, "tried": None, "why": why}]
    assert f"0 of 1 rewritings were kept (1 rolled back: {why})" in remedy.notices(written)[0].text


@pytest.mark.parametrize("right_before", [True, False])
def test_unreadable_replies_speak_for_the_old_text_and_against_the_new_one(right_before: bool, tmp_path: Path) -> None:
    def mute(request: Request) -> str:
        held = request.about["item"] in {"talk 0", "talk 1"}
        return "Hm." if held and ("You value calm." in words(request)) is not right_before else world(request)

    _, entries = steps(Adapt(known(5), held=2, profile=False, iterations=1), tmp_path, mute)
    assert entries == [
        {"loss": 0.0, "tried": 0.0, "why": "held-out answers did not come closer"}
        if right_before
        else {"loss": 1.0, "tried": 1.0, "why": "held-out answers did not come closer"}
    ]


def test_what_is_held_out_reaches_nobody_who_writes_and_what_is_older_only_the_profile(tmp_path: Path) -> None:
    texts, asked = played(Adapt(known(10)), tmp_path)
    written = [words(request) for request in asked if request.about["item"] == REVISION]
    profile = [text for text in written if "<answer>" in text]
    assert len(profile) == 1
    assert {request.about["item"] for request in asked} == {REVISION, *(f"talk {index}" for index in range(3, 10))}
    for index in range(10):
        assert any(f", {index}?" in text for text in written) is (index not in {3, 4, 5, 6})
        assert any(f", {index}?" in text for text in profile) is (index not in {3, 4, 5, 6})
        assert any(f", {index}?" in text for text in written if text not in profile) is (index >= 7)
    assert json.loads(texts[0])["text"] == "You are Ann. You value calm."


def test_simulated_answers_are_given_under_the_text_that_was_kept(tmp_path: Path) -> None:
    _, asked = played(Adapt(known(8), profile=False, iterations=2), tmp_path)
    simulated = [request for request in asked if request.about["item"] != REVISION]
    assert all(request.sampling.temperature == 0 and request.about[GOLD] == "yes" for request in simulated)
    texts = {request.messages[0].text.rpartition("\n\n")[2] for request in simulated}
    assert texts == {"You are Ann.", "You are Ann. You value calm."}
    assert len(simulated) == 2 * 4 + 2 * 3  # a text that does not change is not asked again


def test_whoever_has_too_few_interactions_stays_and_that_is_said(tmp_path: Path) -> None:
    remedy, panel = Adapt((*known(5), *known(4, person="bo"))), (ANN, Persona("bo", "You are Bo."), Persona("cy", "You are Cy."))
    written, _ = played(remedy, tmp_path, personas=panel)
    assert [persona.text for persona in remedy.personas(panel, written)] == ["You are Ann. You value calm.", "You are Bo.", "You are Cy."]
    assert [notice.code for notice in remedy.notices(written)] == ["gate", "cards-apart", "no-interactions"]
    assert "2 of 3 personas have fewer than 5 interactions" in remedy.notices(written)[2].text


def test_notices_say_how_far_personas_and_groups_lie_apart_before_and_after(tmp_path: Path) -> None:
    panel = tuple(Persona(name, f"You are {name}.", {"side": side}) for name, side in zip("abcd", "llrr", strict=True))
    talks = tuple(interaction for name in "abcd" for interaction in known(8, person=name))

    def sides(request: Request) -> str:
        text = words(request)
        if request.about["item"] == REVISION and "<model>" not in text:
            more = "freedom for everybody, always" if request.about["persona"] in "ab" else "the quiet of old rules"
            return f"<persona>{part(text, 'description')} You value calm. You love {more}.</persona>"
        return world(request)

    remedy = Adapt(talks, iterations=0, group="side")
    written, _ = played(remedy, tmp_path, sides, panel)
    text = remedy.notices(written)[1].text
    numbers = [float(word.rstrip(",;.")) for word in text.split() if word[0].isdigit() or word.startswith("-")]
    assert numbers[3] > numbers[2] + 0.3
    assert "mean silhouette of side" in text


@pytest.mark.parametrize("scale", ["0..10", "1|2|3|4|5", "text"])
def test_other_scales_are_read_too(scale: str, tmp_path: Path) -> None:
    right, wrong = ("tea with milk", "never") if scale == "text" else ("5", "1")
    talks = tuple(Interaction("ann", Item(str(index), f"How calm, {index}?", parse_scale(scale)), right) for index in range(6))

    def answer(request: Request) -> str:
        revised = "You value calm." in words(request)
        return "<persona>You value calm.</persona>" if request.about["item"] == REVISION else right if revised else wrong

    text, entries = steps(Adapt(talks, iterations=0), tmp_path, answer)
    assert text == "You value calm."
    assert entries[0]["tried"] == pytest.approx(0, abs=1e-12)


def test_what_was_learned_from_is_not_asked() -> None:
    remedy = Adapt(known(8))
    for item in (Item("talk 3", "Other words?", YES), Item("other", "Is calm good, 3?", YES)):
        with pytest.raises(DesignError, match="is among the interactions that personas are adapted to"):
            remedy.requests(Elicitation(1).ask(ANN, item))
    requests = Elicitation(1).ask(ANN, Item("new", "Is calm good, 33?", YES))
    assert remedy.requests(requests) == requests


def test_past_answers_to_questions_like_it_are_told_with_a_question_but_not_to_others() -> None:
    remedy = Adapt((*known(6, 3),), memory=2)
    mine, other, nobody = (Elicitation(1).ask(who, Item("new", "Is order good?", YES))[0] for who in (ANN, Persona("bo", "Bo."), None))
    requests = remedy.requests([mine, other, nobody])
    recalled = "You were asked before, and answered:\n- Is order good, 1? yes\n- Is order good, 4? yes\n\n"
    assert requests[0].messages[-1].text == recalled + mine.messages[-1].text
    assert requests[1:] == [other, nobody]


def test_past_answers_are_told_in_dialogues_and_lines_stay_linked() -> None:
    lines = dialogue(Elicitation(1), ANN, ("script", [Turn("Is order good?"), Turn("And calm?")])).lines
    first, second = Adapt(known(6, 3), memory=1).requests(lines)
    assert first.messages[-1].text.startswith("You were asked before")
    assert second.messages[-2].requests[0] is first


def test_the_rival_tells_the_same_answers_and_rewrites_nothing() -> None:
    rival = Adapt(known(8)).rival()
    assert rival is not None
    assert (rival.drafts((ANN,)), rival.personas((ANN,), ()), rival.memory) == ([], (ANN,), 3)
    assert rival.rival() is None


def test_errors_name_the_place_and_the_fix(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="Name a table with the columns persona, item, text, scale and answer"):
        Adapt().drafts((ANN,))
    with pytest.raises(DesignError, match="No persona has 5 interactions or more"):
        Adapt(known(4)).drafts((ANN,))
    with pytest.raises(DesignError, match=r'no persona has the attribute "sidee"\. Did you mean "side"'):
        Adapt(known(8), group="sidee").drafts((replace(ANN, attributes={"side": "l"}),))
    with pytest.raises(StudyError, match=r"adapt\.held: 0 is too few\. Write 1 or more"):
        Adapt(held=0)
    with pytest.raises(InputError, match="does not exist"):
        Adapt(str(tmp_path / "none.csv")).drafts((ANN,))


def test_of_two_texts_that_differ_by_luck_the_new_one_passes_as_often_as_is_said() -> None:
    equal = sum(comb(4, hits) ** 2 for hits in range(5)) / 2**8
    assert f"{(1 - equal) / 2:.0%}".replace("%", " %") in str(Adapt.__doc__)


def test_compare_asks_all_of_it_once_keeps_it_and_tells_the_price(tmp_path: Path) -> None:
    cure = Adapt().known()
    asked = list[Request]()

    def answer(request: Request) -> str:
        asked.append(request)
        odds = cure.world(request)
        draw = request.seed("world") / 2**31
        return next(label for label, end in zip(odds, accumulate(odds.values()), strict=True) if draw < end or end >= 1)

    model, people = Scripted(answer, "scripted/keys"), cure.personas[:4]
    remedy = cure.remedy
    assert remedy is not None
    card = compare("stability:permutations=19", model, remedy, people, cure.items, out=tmp_path, runs=3)
    texts = pl.read_csv(tmp_path / "personas.csv")["text"].to_list()
    assert texts[0] == "You are number 0. You value order. You value calm."
    price = {row["arm"]: row["asks"] for row in card.change.evidence["price"]}
    written = [request for request in asked if request.about["item"].startswith(("talk", REVISION))]
    assert (price["without"], price["with"]) == (4 * 12 * 3, 4 * 12 * 3 + len(written))
    assert [notice.code for notice in card.change.notices if notice.code in {"gate", "cards-apart"}] == ["gate", "cards-apart"]
    assert list(price)[2] == "adapt:iterations=0,profile=False,memory=3,group=camp"
    assert list(price.values())[2] == pytest.approx(price["with"], rel=0.2)  # whole runs
    before = len(asked)
    again = compare("stability:permutations=19", model, remedy, people, cure.items, out=tmp_path, runs=3)
    assert len(asked) == before
    assert again.card.to_json() == card.card.to_json()


def test_compare_refuses_items_that_were_learned_from_before_it_pays(tmp_path: Path) -> None:
    asked = list[Request]()

    def answer(request: Request) -> str:
        asked.append(request)
        return "yes"

    items = [Item(f"talk {index}", f"Statement {index}.", YES) for index in range(4)]
    people = [ANN, Persona("bo", "You are Bo.")]
    with pytest.raises(DesignError, match='The item "talk 0" is among the interactions'):
        compare("stability", Scripted(answer, "scripted/no"), Adapt(known(8)), people, items, out=tmp_path)
    assert not asked
