"""The study of consistency: dialogues with contradictions at known lines, counted by hand."""

import math
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from personametrics.data.columns import Columns
from personametrics.data.errors import AnswerError, ColumnError, DesignError
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.persona import Persona
from personametrics.data.request import Request
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, Numeric
from personametrics.data.study import Elicitation, World
from personametrics.dialogues.script import script, turns
from personametrics.lab.run import run
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.oracle import claims, contradict
from personametrics.models.embedded.society import panels, talk
from personametrics.models.embedded.society.people import Person
from personametrics.studies.consistency import Consistency
from personametrics.testing import Simulation

CAT, DOG, ELSE = "I have a cat.", "I have a dog.", "So it goes."
PEOPLE = (Persona("ann", "Ann has a cat.", {"pet": "cat"}), Persona("ben", "Ben has a dog.", {"pet": "dog"}))
TURNS = tuple(Item(f"turn {index}", f"Subject {index}?", Nominal(("a", "b")), {"kind": "turn", "turn": "chat"}) for index in range(4))
PET = Item("pet", "Which pet?", Nominal(("cat", "dog")), {"kind": "fact", "fact": "pet", "says": "I have a {}."})
SAID = {
    ("ann", "0"): (CAT, DOG, ELSE, CAT),  # a slip
    ("ann", "1"): (ELSE, DOG, DOG, ELSE),  # that lasts
    ("ben", "0"): (DOG, DOG, ELSE, DOG),
    ("ben", "1"): (DOG, ELSE, ELSE, ELSE),
}
Judge = Callable[[Request], str]


def right(request: Request) -> str:
    """A judge who is never wrong."""
    text = request.messages[-1].text
    if request.about["judged"] == "reader":
        pets = [word for word in text.split() if word in {"cat.", "dog."}]
        return pets[-1].removesuffix(".") if pets else "not told"
    if request.about["judged"] == "line_to_lines":
        lines = [line for line in text.splitlines() if CAT in line or DOG in line]
        *before, last = lines if text.split("<line>")[1].split("</line>")[0].strip() != ELSE else ("", "")
        return ", ".join(line.split(".")[0] for line in before if ("cat" in line) != ("cat" in last)) or "none" if last else "none"
    return "contradicts" if "cat." in text and "dog." in text else "consistent"


def world(judge: Judge = right, wrong: str = "ann") -> World:
    """Lines as above; asked for the pet, `wrong` names the other one in the second run."""

    def answer(request: Request) -> Mapping[str, float]:
        if request.to == "judge":
            return {judge(request): 1.0}
        who, run = request.about["persona"], request.about["run"]
        if request.about["part"] == "probe":
            cat = (who == "ann") != (who == wrong and run == "1")
            return {CAT if cat else DOG: 1.0}
        return {SAID[who, run][int(request.about["turn"]) - 1]: 1.0}

    return answer


def played(study: Consistency, mind: World) -> Responses:
    requests = study.design(PEOPLE, (*TURNS, PET), Elicitation(2))
    return Simulation(requests).answers(mind)


def found(judge: Judge = right, study: Consistency | None = None, wrong: str = "ann") -> Finding:
    study = study or Consistency(turns=4)
    return study.estimate(played(study, world(judge, wrong)))


def values(finding: Finding) -> dict[str, float]:
    return {estimate.name: estimate.value for estimate in finding.estimates}


def test_three_measures_of_known_contradictions_are_exact() -> None:
    estimates = values(found())
    assert estimates["prompt_to_line"] == pytest.approx(13 / 16)
    assert estimates["line_to_line"] == pytest.approx(22 / 24)  # cat and dog, dog and cat, of ann's first dialogue
    assert estimates["qa.person"] == pytest.approx(3 / 4)
    assert estimates["qa.reader"] == pytest.approx(3 / 4)
    assert estimates["qa.told"] == 1
    assert estimates["unparsable"] == estimates["qa.unanswered"] == 0
    assert estimates["gap.line_to_line"] == pytest.approx(22 / 24 - 13 / 16)
    assert estimates["gap.qa.reader"] == 0


def test_kinds_of_contradictions_are_counted_separately() -> None:
    estimates = values(found())
    assert estimates["slips"] == pytest.approx(1 / 16)
    assert estimates["lasting"] == pytest.approx(2 / 16)
    assert estimates["drift"] == pytest.approx(7 / 8 - 6 / 8)
    assert estimates["factual"] == 0  # of lines that fit the card, none contradicts another


def test_made_up_facts_of_which_the_card_knows_nothing_are_factual(monkeypatch: pytest.MonkeyPatch) -> None:
    def judge(request: Request) -> str:
        return "consistent" if request.about["judged"] == "prompt_to_line" else right(request)

    monkeypatch.setitem(SAID, ("ben", "1"), (DOG, CAT, ELSE, ELSE))
    estimates = values(found(judge))
    assert estimates["prompt_to_line"] == 1
    assert estimates["factual"] == pytest.approx(3 / 24)


def test_another_personas_card_fits_its_lines_less() -> None:
    estimates = values(found())
    assert estimates["shuffled"] == pytest.approx(3 / 8)  # ann's card: dog, dog, dog; ben's: cat, cat
    assert estimates["lift"] == pytest.approx(13 / 16 - 3 / 8)


def test_all_lines_at_once_say_the_same_as_pairs() -> None:
    study = Consistency(turns=4, pairs="index")
    assert values(found(study=study))["line_to_line"] == pytest.approx(22 / 24)
    requests = study.design(PEOPLE, TURNS, Elicitation(2))
    assert sum(request.about.get("judged") == "line_to_lines" for request in requests) == 4 * 3


def test_numbers_of_lines_that_do_not_exist_are_unreadable() -> None:
    judge: Judge = lambda request: "9" if request.about["judged"] == "line_to_lines" else right(request)  # noqa: E731
    finding = found(judge, Consistency(turns=4, pairs="index"))
    assert math.isnan(finding["line_to_line"].value)
    assert (finding["line_to_line.low_bound"].value, finding["line_to_line.high_bound"].value) == (0, 1)


def test_unreadable_verdicts_make_the_verdict_unknown() -> None:
    finding = found(lambda _: "Well, who can say?", wrong="")
    assert finding.verdict.label == "unknown"
    assert math.isnan(finding["prompt_to_line"].value)
    assert finding["unparsable"].value == 1
    for name in ("prompt_to_line", "line_to_line", "qa.reader"):
        assert (finding[f"{name}.low_bound"].value, finding[f"{name}.high_bound"].value) == (0, 1)


def test_a_judge_who_accepts_everything_is_recognised() -> None:
    finding = found(lambda request: "consistent" if "reader" not in request.about["judged"] else right(request), wrong="")
    assert finding["prompt_to_line"].value == 1
    assert (finding["judge.found"].value, finding["judge.accepted"].value, finding["judge.tells"].value) == (0, 1, 0)
    assert finding["judge.found"].high > 0.5  # two statements say little of a judge
    assert finding["prompt_to_line"].low < 1
    assert finding.verdict.label == "unknown"


def test_unread_verdicts_widen_both_bounds_and_count_as_neither() -> None:
    def judge(request: Request) -> str:
        return "?" if request.about["judged"] == "prompt_to_line" and ELSE in request.messages[-1].text else right(request)

    estimates = values(found(judge))
    assert estimates["prompt_to_line"] == pytest.approx(6 / 9)  # seven lines say nothing of pets
    assert estimates["prompt_to_line.low_bound"] == pytest.approx(6 / 16)
    assert estimates["prompt_to_line.high_bound"] == pytest.approx(13 / 16)


def test_a_judge_who_follows_the_order_of_the_answers_is_recognised() -> None:
    estimates = values(found(lambda request: right(request) if request.about["judged"] == "reader" else request.choices[0]))
    assert estimates["judge.repeat"] == 1
    assert estimates["judge.order"] == 0


def test_dialogues_are_compared_over_as_many_lines_as_the_shortest_has() -> None:
    study = Consistency(turns=4)
    responses = played(study, world())
    late = (pl.col("persona") == "ben") & (pl.col("turn").cast(pl.String).is_in(["3", "4"])) & (pl.col("part").cast(pl.String) != "probe")
    finding = study.estimate(replace(responses, frame=responses.frame.filter(~late)))
    assert finding["prompt_to_line"].value == pytest.approx(6 / 8)
    assert finding["line_to_line"].value == pytest.approx(3 / 4)
    assert "length" in {notice.code for notice in finding.notices}


def test_questions_after_every_other_line() -> None:
    requests = Consistency(turns=4, every=2).design(PEOPLE, (*TURNS, PET), Elicitation(2))
    probes = [request for request in requests if request.about["part"] == "probe"]
    assert sorted(request.about["turn"] for request in probes) == ["2"] * 4 + ["4"] * 4
    assert [len(request.messages) for request in probes if request.about["turn"] == "2"] == [6] * 4  # card, two turns, two lines, question
    assert probes[0].choices == (CAT, DOG)


def test_readers_never_see_the_card() -> None:
    requests = Consistency(turns=4).design(PEOPLE, (*TURNS, PET), Elicitation(1))
    readers = [request for request in requests if request.about.get("judged") == "reader"]
    assert len(readers) == 2
    assert not any("has a" in message.text for request in readers for message in request.messages)


def test_errors_of_a_judge_are_taken_off() -> None:
    study = Consistency(turns=4)
    people = tuple(
        Persona(f"{index}", f"Number {index} has a {pet}.", {"pet": pet}) for index in range(40) for pet in (("cat", "dog")[index % 2],)
    )
    requests = study.design(people, (*TURNS, PET), Elicitation(2))

    def noisy(request: Request) -> Mapping[str, float]:
        if request.to != "judge":
            pets = (CAT, DOG) if "has a cat" in request.messages[0].text else (DOG, CAT)
            return dict(zip(pets, (0.7, 0.3), strict=True))
        if request.about["judged"] != "prompt_to_line":
            return {right(request): 1.0}
        fine = 0.95 if right(request) == "consistent" else 0.4
        return {"consistent": fine, "contradicts": 1 - fine}

    simulation = Simulation(requests)
    findings = [study.estimate(simulation.answers(noisy, seed)) for seed in range(6)]
    raw, corrected = (np.mean([finding[name].value for finding in findings]) for name in ("prompt_to_line", "prompt_to_line.corrected"))
    assert raw == pytest.approx(0.7 * 0.95 + 0.3 * 0.4, abs=0.03)
    assert corrected == pytest.approx(0.7, abs=0.05)
    assert sum(finding["prompt_to_line.corrected"].low < 0.7 < finding["prompt_to_line.corrected"].high for finding in findings) >= 4
    assert np.mean([finding["judge.found"].value for finding in findings]) == pytest.approx(0.6, abs=0.1)
    assert np.mean([finding["judge.repeat"].value for finding in findings]) < 0.9


def test_recorded_scores_are_read_as_shares() -> None:
    frame = pl.DataFrame(
        {
            "persona": ["a", "a", "b", "b", "a"],
            "item": ["x"] * 5,
            "run": ["1", "2", "1", "2", "1"],
            "judged": ["prompt_to_line"] * 4 + ["line_to_line"],
            "answer": [0.5, 1.0, 0.0, 0.5, 1.0],
        }
    )
    estimates = values(
        Consistency().estimate(Responses.read(frame, Columns(run="run", more=("judged",)), Numeric(0, 1), duplicates="runs"))
    )
    assert estimates["prompt_to_line"] == pytest.approx(0.5)
    assert estimates["gap.line_to_line"] == pytest.approx(0.5)
    within = (0.5**2 + 0.5**2) / 2 / 2
    between = (0.5**2 + 0 + 1 + 0.5**2) / 4 / 2
    assert estimates["variance.run.prompt_to_line"] == pytest.approx(within)
    assert estimates["persona_share.prompt_to_line"] == pytest.approx(1 - within / between)


def test_missing_items_and_columns_are_named() -> None:
    with pytest.raises(DesignError, match="kind turn"):
        Consistency().design(PEOPLE, (PET,), Elicitation(1))
    frame = pl.DataFrame({"persona": ["a"], "item": ["x"], "answer": ["1"]})
    with pytest.raises(ColumnError, match='no column "judged"'):
        Consistency().estimate(Responses.read(frame))
    with pytest.raises(AnswerError, match="has no verdicts"):
        Consistency().estimate(Responses.read(frame.with_columns(judged=pl.lit("taste")), Columns(more=("judged",))))


def test_lines_are_words_even_with_label_probabilities() -> None:
    assert not any(request.score for request in Consistency(turns=2).design(PEOPLE, (*TURNS, PET), Elicitation(1, score=True)))


def expected(people: tuple[Persona, ...], runs: int) -> float:
    """Share of lines of the society that do not contradict the card: by the hazards that were planted, turn after turn."""
    pool = turns(panels.turns())
    facts = {text: fact for fact, texts in talk.ASKED.items() for text in texts}
    shares = []
    for persona in people:
        card, person = claims(persona.text) or frozenset(), Person.of(persona)
        for index in range(runs):
            gone = 0.0
            for item in script(pool, 8, (index,)):
                turn = talk.Turn(item.columns["kind"], item.text, facts.get(item.text, ""))
                gone = (1 - gone) * turn.faded(before=False) + gone * turn.faded(before=True)
                odds = talk.in_voice(person, turn)
                shares.append((1 - gone) * sum(share for line, share in odds.items() if not contradict(card, claims(line) or frozenset())))
    return float(np.mean(shares))


def test_the_embedded_model_is_as_consistent_as_planted(tmp_path: Path) -> None:
    people = panels.talkers(20)
    finding = run(Consistency(pairs="index"), Embedded(), people, panels.turns(), out=tmp_path, runs=2)
    assert finding["prompt_to_line"].value == pytest.approx(expected(people, 2), abs=0.08)
    assert finding["unparsable"].value < 0.05  # a garbled line now and then
    assert finding["drift"].value < 0
    assert "judge" in {notice.code for notice in finding.notices}
