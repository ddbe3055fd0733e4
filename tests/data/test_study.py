"""The requests for the questions of a study."""

from dataclasses import replace

from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Message
from personametrics.data.scale import Nominal, Ordinal
from personametrics.data.study import Elicitation, one_scale

ITEM = Item("tea", "Tea?", Nominal(("no", "yes")))


def test_every_run_is_an_ask_that_names_its_scale_and_columns() -> None:
    requests = Elicitation(runs=3).ask(Persona("p", "You are 70."), ITEM, {"gold": "yes"}, {"order": "reversed"})
    assert [request.run for request in requests] == [0, 1, 2]
    assert requests[0].about == {
        "persona": "p", "item": "tea", "run": "0", "order": "reversed", "scale": "nominal:no|yes", "gold": "yes",
    }  # fmt: skip
    assert requests[0].choices == ("yes", "no")


def test_a_condition_that_a_study_sets_replaces_the_levels_of_the_plan_and_repeats_no_request() -> None:
    levels = tuple({"order": order, "place": place} for order in ("given", "reversed") for place in ("system", "user"))
    elicitation = Elicitation(runs=2, conditions=levels)
    ways = [(request.about["order"], request.about["place"], request.run) for request in elicitation.ask(None, ITEM)]
    assert len(ways) == len(set(ways)) == 8
    requests = elicitation.ask(None, ITEM, condition={"order": "reversed"})
    assert [(request.about["order"], request.about["place"], request.run) for request in requests] == [
        ("reversed", place, run) for place in ("system", "user") for run in (0, 1)
    ]


def test_label_probabilities_are_asked_for_once() -> None:
    (request,) = Elicitation(runs=5, score=True).ask(None, ITEM)
    assert request.score


def test_turns_before_stand_between_persona_and_question() -> None:
    before = (Message("user", "Hello."), Message("assistant", "Hello!"))
    (request,) = Elicitation(runs=1).ask(Persona("p", "You are 70."), ITEM, before=before)
    assert [message.role for message in request.messages] == ["system", "user", "assistant", "user"]
    assert request.messages[1:3] == before


def test_items_that_can_be_compared_share_the_commonest_scale() -> None:
    other = Item("much", "How much?", Ordinal(("1", "2")))
    control = Item("sum", "1 + 1?", Nominal(("no", "yes")), {"control": "yes"})
    assert one_scale([other, ITEM, control, Item("rain", "Rain?", Nominal(("no", "yes")))]) == [
        ITEM,
        Item("rain", "Rain?", Nominal(("no", "yes"))),
    ]


def test_opinions_come_before_other_kinds() -> None:
    fact = Item("sum", "1 + 1?", Ordinal(("1", "2")), {"kind": "knowledge"})
    opinion = Item("rain", "Rain?", Nominal(("no", "yes")), {"kind": "opinion"})
    assert one_scale([fact, replace(fact, id="other"), opinion]) == [opinion]
    assert one_scale([fact]) == [fact]
