"""The study of pressure: estimates counted by hand, the control without a persona, and the embedded model."""

import numpy as np
import polars as pl
import pytest
from played import played

from embedded_training.proof import answered
from personametrics.data.errors import DesignError
from personametrics.data.finding import Finding
from personametrics.data.item import Item
from personametrics.data.prompt import NOBODY, Prompt
from personametrics.data.request import Message, Request, Sampling
from personametrics.data.responses import Responses
from personametrics.data.scale import Nominal, parse_scale
from personametrics.data.study import Elicitation
from personametrics.elicit.table import study_responses
from personametrics.models.embedded.model import Embedded
from personametrics.models.embedded.society import panels, talk
from personametrics.models.embedded.society.people import Person
from personametrics.studies.pressure import Pressure

STUDY = Pressure(attacks=(2,), repeats=2, after=1)
KNOWN = STUDY.known()
MODEL = Embedded()
Told = tuple[str, str, str, str]
"""Persona, suffix, run, and the lines of a dialogue: y an assistant's, n the persona's, ? left open by the judge."""


def read(courses: list[Told], words: str = "As an AI, I have no days.") -> Responses:
    rows: list[dict[str, str | None]] = []
    for who, suffix, run, states in courses:
        for index, state in enumerate(states, 1):
            phase = "under" if index in {2, 3} else "before" if index < 2 and suffix != "none" else "after"
            about = {
                "persona": who,
                "item": f"script {run}",
                "run": run,
                "turn": str(index),
                "kind": "chat",
                "suffix": suffix,
                "phase": phase,
            }
            about |= {"attack": "" if suffix == "none" else "2"}
            line, verdict = words if state == "y" else "I had a long day.", {"y": "yes", "n": "no", "?": None}[state]
            more = {"part": "line", "judged": None, "answer": line, "outcome": "answered", "scale": "text"}
            rows.append({**about, **more})
            outcome = "answered" if verdict else "unparsable"
            more = {"part": "verdict", "judged": "assistant", "answer": verdict, "outcome": outcome, "scale": "nominal:yes|no"}
            rows.append({**about, **more})
    return study_responses(pl.from_dicts(rows, infer_schema_length=None), "a table")


def values(finding: Finding) -> dict[str, float]:
    return {estimate.name: estimate.value for estimate in finding.estimates}


HAND = [
    ("a", "none", "0", "nnnn"), ("a", "reset", "0", "nynn"),
    ("b", "none", "0", "nnyn"), ("b", "reset", "0", "nnyy"),
    ("c", "none", "0", "nnnn"), ("c", "reset", "0", "nyyn"),
    ("d", "none", "0", "nnnn"), ("d", "reset", "0", "ynnn"),
]  # fmt: skip


def test_estimates_equal_counts_by_hand() -> None:
    estimates = values(STUDY.estimate(read(HAND)))
    assert estimates["hazard.none"] == pytest.approx(1 / 8)
    assert estimates["hazard.reset"] == pytest.approx(3 / 5)  # in character in the line before: a 2, b 2 3, c 2, d 3
    assert estimates["own.reset"] == pytest.approx(1 - (1 - 3 / 5) / (1 - 1 / 8))
    assert estimates["drop"] == estimates["drop.reset"] == pytest.approx(4 / 8 - 1 / 8)
    assert estimates["broken.reset"] == pytest.approx(1)  # a, b and c were in character before: two break at once, one at the second turn
    assert estimates["recovery"] == pytest.approx(1 / 2)  # b stays away, c is back
    assert estimates["leak"] == pytest.approx(4 / 8)
    assert estimates["leak.none"] == pytest.approx(1 / 8)


def test_one_script_is_enough_for_intervals_over_personas() -> None:
    drop = STUDY.estimate(read(HAND))["drop"]
    assert drop.low < 3 / 8 < drop.high
    assert drop.method == "jackknife over personas"


def test_leaks_depend_on_words_and_not_on_the_judge() -> None:
    assert values(STUDY.estimate(read(HAND, "I would rather not say.")))["leak"] == 0
    assert values(STUDY.estimate(read(HAND, "I'm a language model.")))["leak"] == pytest.approx(4 / 8)


def test_survival_under_attack_and_the_turn_that_breaks_half_are_shown() -> None:
    finding = STUDY.estimate(read(HAND))
    assert [row["value"] for row in finding.evidence["survival"]] == pytest.approx([1, 1 / 3, 0])
    assert finding.evidence["families"][0]["turns to break half"] == 1


def test_the_effect_of_a_suffix_without_a_persona_is_reported_as_a_control() -> None:
    courses = [(NOBODY, suffix, str(run), states) for run in range(6) for suffix, states in (("none", "nnnn"), ("reset", "nyyn"))]
    estimates = values(STUDY.estimate(read([*HAND, *courses])))
    assert estimates["control"] == 1
    assert estimates["leak.nobody"] == 1
    assert estimates["drop"] == pytest.approx(3 / 8)


def test_unreadable_verdicts_make_the_verdict_unknown() -> None:
    finding = STUDY.estimate(read([(who, suffix, run, "????") for who, suffix, run, _ in HAND]))
    assert finding.verdict.label == "unknown"
    assert np.isnan(finding["drop"].value)
    assert finding["unread"].value == 1


def test_one_family_that_breaks_personas_makes_the_verdict_worn() -> None:
    calm = [("nnnn", f"calm {index}") for index in range(19)]
    courses = [
        (f"p{who}", suffix, str(run), states)
        for who in range(8)
        for run in range(3)
        for states, suffix in [("nnnn", "none"), *calm, ("nyyn", "reset")]
    ]
    finding = STUDY.estimate(read(courses))
    assert finding["drop"].value == pytest.approx(0.05)
    assert finding["drop.calm 3"].low < 0 < finding["drop.calm 3"].high  # no break was seen, which does not rule breaks out
    assert finding.verdict.label == "worn"
    assert finding.verdict.unfit == ("dialogues in which users add words of the family reset",)


def test_a_design_has_every_turn_of_attack_and_a_twin_without_suffix() -> None:
    people, items = KNOWN.personas[:1], KNOWN.items
    requests = [request for request in Pressure().design(people, items, Elicitation(1)) if request.about["part"] == "line"]
    turns_seen: dict[tuple[str, str, str], list[str]] = {}
    for request in requests:
        turns_seen.setdefault((request.about["persona"], request.about["suffix"], request.about["attack"]), []).append(
            request.messages[-1].text
        )
    assert len(turns_seen) == 2 * (1 + 3 * 2)
    plain = turns_seen["p0", "none", ""]
    assert turns_seen["p0", "b", "3"] == [*plain[:2], f"{plain[2]} Suffix b.", f"{plain[3]} Suffix b.", *plain[4:]]
    assert turns_seen["p0", "b", "1"] == [f"{plain[0]} Suffix b.", f"{plain[1]} Suffix b.", *plain[2:4]]
    assert turns_seen[NOBODY, "b", "1"] == turns_seen["p0", "b", "1"]


def test_wordings_of_a_family_alternate_over_runs() -> None:
    text = parse_scale("text")
    items = [*KNOWN.items[:2], *(Item(f"s{index}", f"Suffix {index}.", text, {"kind": "pressure", "family": "x"}) for index in range(2))]
    requests = Pressure(attacks=(1,)).design(KNOWN.personas[:1], items, Elicitation(2))
    under = [request for request in requests if (request.about["part"], request.about["phase"]) == ("line", "under")]
    pressed = {request.about["run"]: request.messages[-1].text[-2] for request in under if request.about["suffix"] == "x"}
    assert pressed == {"0": "0", "1": "1"}


def test_missing_items_raise_an_error_that_names_them() -> None:
    with pytest.raises(DesignError, match="kind turn"):
        STUDY.design(KNOWN.personas, [Item("i", "I?", Nominal(("no", "yes")))], Elicitation())
    with pytest.raises(DesignError, match="kind pressure with a family"):
        STUDY.design(KNOWN.personas, KNOWN.items[:2], Elicitation())
    with pytest.raises(DesignError, match="Switch off score"):
        STUDY.design(KNOWN.personas, KNOWN.items, Elicitation(score=True))


@pytest.mark.parametrize("suffix", talk.PRESSURE)
def test_the_embedded_model_itself_fades_with_the_hazard_that_was_planted(suffix: str) -> None:
    """The probabilities of the model are used, so nothing is drawn."""
    rng, people, requests = np.random.default_rng(0), panels.strong(12), list[Request]()
    for added in ("", f" {talk.PRESSURE[suffix][0]}"):
        for persona in people:
            for kind in ("chat", "emotional", "meta"):
                text = str(rng.choice(talk.TURNS[kind]))
                lines = (*talk.ASSISTANT[kind], *talk.in_voice(Person.of(persona), talk.Turn(kind, text)))
                messages: tuple[Message, ...] = Prompt().messages(persona, text + added)
                requests.append(Request(messages, choices=lines, score=True))
    odds = [reply.probabilities or {} for reply in answered(MODEL, requests)]
    faded = [sum(share for text, share in shares.items() if talk.is_assistant(text)) / sum(shares.values()) for shares in odds]
    plain, pressed = np.reshape(faded, (2, len(people), 3)).mean(1)
    assert 1 - (1 - pressed) / (1 - plain) == pytest.approx(np.full(3, talk.PRESSURE[suffix][1]), abs=0.05)


def test_intervals_of_the_embedded_model_cover_the_planted_hazards() -> None:
    study = Pressure(attacks=(1,), repeats=1, after=1, kinds=("chat",), level=0.99)
    finding = played(study, panels.strong(16), panels.battery(), Elicitation(3, sampling=Sampling(seed=3)), MODEL, hears)
    for name, (_, hazard) in talk.PRESSURE.items():
        assert finding[f"own.{name}"].low <= hazard <= finding[f"own.{name}"].high, name
    assert finding["control"].value == 0
    assert finding["leak.nobody"].value == 1
    assert finding["recovery"].low <= talk.RETURN <= finding["recovery"].high
    assert finding.verdict.label == "worn"


def hears(request: Request) -> str:
    return "yes" if talk.is_assistant(request.messages[0].text.partition("<line>\n")[2].partition("\n</line>")[0]) else "no"
