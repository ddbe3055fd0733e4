import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.data.errors import DesignError, InputError, StudyError
from personametrics.data.persona import Persona
from personametrics.remedies.ground import Ground
from personametrics.remedies.ground.evidence import FIELDS, Document

WARD = Document(
    "ward.md",
    "The ward has twenty beds. Nurses on nights, most past fifty, dread the bell: “it\nrings and nobody comes.” They know wounds.",
)
BUDGET = Document(
    "budget.txt", "Managers count what a bed costs. At night the nurses' bell rings and nobody comes. Families want the truth."
)
NIGHT = "Nurses who work the night shift on the ward."


def trait(field: str, says: str, quotation: str) -> dict[str, str]:
    return {"field": field, "says": says, "quotation": quotation}


def reply(*stakeholders: tuple[str, str, Sequence[dict[str, str]]]) -> str:
    return json.dumps(
        {"stakeholders": [{"name": name, "description": about, "traits": list(traits)} for name, about, traits in stakeholders]}
    )


WRITTEN = (
    reply(
        (
            "Night nurses",
            NIGHT,
            [
                trait("demographics", "You are past fifty.", "Nurses on nights, most past fifty"),
                trait("dimension", "You judge a night by whether the bell is answered.", '"it rings and nobody comes."'),
                trait("dimension", "You ask for rest.", "They have had no break for weeks."),
                trait("specialty", "You know wounds.", "They know wounds."),
            ],
        )
    ),
    "```json\n"
    + reply(
        (
            "Nurses on nights",
            "Those who nurse patients during the night shift on the ward.",
            [
                trait("dimension", "You judge a night by whether the bell is answered quickly.", "bell rings and nobody comes"),
                trait("psychology", "You are proud.", ""),
            ],
        ),
        (
            "Managers",
            "People who set the budget.",
            [trait("dimension", "You judge a bed by its cost.", "Managers count what a bed costs.")],
        ),
        ("Families", "Relatives.", [trait("psychology", "You want the truth.", "Families want the truth.")]),
    )
    + "\n```",
)
GROUND = Ground(documents=(WARD, BUDGET))


def test_stakeholders_of_two_documents_are_merged_and_each_thing_they_judge_by_makes_a_persona() -> None:
    nurses, managers = GROUND.personas((Persona("given", "You are given."),), WRITTEN)
    assert (nurses.id, managers.id) == ("1.1 Night nurses", "2.1 Managers")
    assert nurses.attributes["documents"] == "ward.md; budget.txt"
    assert managers.attributes["documents"] == "budget.txt"


def test_a_persona_is_told_the_fields_that_have_evidence_and_no_other() -> None:
    nurses, managers = GROUND.personas((), WRITTEN)
    assert nurses.text.split("\n") == [
        "You speak as: Night nurses.",
        "Who you are: You are past fifty.",
        "What you judge by: You judge a night by whether the bell is answered.",
        "What you know: You know wounds.",
    ]
    assert managers.text.split("\n") == ["You speak as: Managers.", "What you judge by: You judge a bed by its cost."]


def test_evidence_leads_back_to_the_sentence() -> None:
    nurses, _ = GROUND.personas((), WRITTEN)
    evidence = json.loads(nurses.attributes["evidence"])
    assert [(trait["field"], trait["passage"]["document"], trait["passage"]["sentence"]) for trait in evidence] == [
        ("demographics", "ward.md", 2), ("dimension", "ward.md", 2), ("dimension", "budget.txt", 2), ("specialty", "ward.md", 3),
    ]  # fmt: skip


def test_what_is_invented_is_dropped_and_told() -> None:
    personas = GROUND.personas((), WRITTEN)
    assert not any(word in persona.text + persona.attributes["evidence"] for persona in personas for word in ("rest", "break", "proud"))
    assert [persona.attributes["dropped"] for persona in personas] == ["2", "0"]
    first, second = GROUND.notices(WRITTEN)
    assert first.text.startswith("ward.md: 1 of 4 traits were left out")
    assert first.text.endswith('The first: "You ask for rest."')
    assert second.text.startswith("budget.txt: 1 of 4 traits were left out")


def test_several_things_judged_by_make_several_personas_that_share_the_rest() -> None:
    traits = [
        trait("dimension", "Bells.", "dread the bell"),
        trait("dimension", "Wounds!", "They know wounds."),
        trait("psychology", "Dread.", "dread the bell"),
    ]
    bells, wounds = Ground(documents=(WARD,)).personas((), [reply(("nurses", NIGHT, traits))])
    assert (bells.id, wounds.id) == ("1.1 nurses", "1.2 nurses")
    assert "Wounds!" not in bells.text + bells.attributes["evidence"]
    assert "Bells." not in wounds.text + wounds.attributes["evidence"]
    assert bells.text.endswith("What you are like: Dread.")
    assert wounds.text.endswith("What you are like: Dread.")


@given(
    st.lists(
        st.tuples(st.sampled_from(FIELDS), st.sampled_from("abcd"), st.integers(0, 110), st.integers(0, 60), st.booleans()), max_size=12
    )
)
def test_every_quotation_of_every_persona_stands_in_its_document(drawn: list[tuple[str, str, int, int, bool]]) -> None:
    documents = {document.id: document for document in (WARD, BUDGET)}
    written = []
    for document in documents.values():
        traits = [trait(field, says, document.text[begin : begin + size] + "#" * invented) for field, says, begin, size, invented in drawn]
        written.append(
            reply(
                (
                    "nurses",
                    NIGHT,
                    [trait("dimension", "bell", "rings and nobody comes" if document is BUDGET else "dread the bell"), *traits],
                )
            )
        )
    for persona in GROUND.personas((), written):
        evidence = json.loads(persona.attributes["evidence"])
        assert {trait["field"] for trait in evidence} >= {"dimension"}
        for row in evidence:
            place = row["passage"]
            assert documents[place["document"]].text[place["start"] : place["end"]] == place["text"]
            assert len(place["text"]) >= 12


def test_an_embedding_of_ones_own_decides_what_is_the_same() -> None:
    apart = replace(GROUND, embed=lambda texts: np.eye(len(texts)))
    assert [persona.attributes["stakeholder"] for persona in apart.personas((), WRITTEN)] == [
        "Night nurses",
        "Nurses on nights",
        "Managers",
    ]
    together = replace(GROUND, embed=lambda texts: np.ones((len(texts), 1)))
    assert [persona.id for persona in together.personas((), WRITTEN)] == ["1.1 Night nurses"]


def test_nothing_left_is_an_error_with_the_count_and_each_document_is_named_in_the_notices() -> None:
    bare = [reply(("nurses", NIGHT, [trait("dimension", "Rest.", "They have had no break.")])), reply()]
    with pytest.raises(DesignError, match=r"1 traits without evidence were left out"):
        GROUND.personas((), bare)
    assert [(notice.code, notice.text.split(" ")[0]) for notice in GROUND.notices(bare)] == [
        ("no-evidence", "ward.md:"), ("no-stakeholder", "ward.md"), ("no-stakeholder", "budget.txt"),
    ]  # fmt: skip


def test_a_document_is_asked_about_once_whoever_was_to_be_asked(tmp_path: Path) -> None:
    (tmp_path / "ward.md").write_text(WARD.text, encoding="utf-8")
    (request,) = Ground(documents=str(tmp_path)).drafts((Persona("a", "A"), Persona("b", "B")))
    assert f"<document>\n{WARD.text}\n</document>" in request.messages[0].text
    assert request.about["persona"] == "ward.md"
    assert not request.choices


def test_every_field_is_asked_for_by_name() -> None:
    asked = GROUND.drafts(())[0].messages[0].text
    assert all(f"- {field}:" in asked for field in FIELDS)


def test_missing_documents_replies_and_senseless_knobs_are_named() -> None:
    with pytest.raises(DesignError, match="ground needs documents"):
        Ground().drafts(())
    with pytest.raises(DesignError, match="there are 1 for 2"):
        GROUND.personas((), WRITTEN[:1])
    with pytest.raises(StudyError, match=r"ground\.alike: 0 is not above 0"):
        Ground(alike=0)
    with pytest.raises(InputError, match=r"document .budget\.txt. is not the requested JSON"):
        GROUND.personas((), (WRITTEN[0], "No."))


def test_in_the_known_world_every_trade_becomes_a_persona_of_its_camp() -> None:
    cure = Ground().known()
    assert isinstance(cure.remedy, Ground)
    written = [max(cure.world(request)) for request in cure.remedy.drafts(cure.personas)]
    personas = cure.remedy.personas(cure.personas, written)
    assert [persona.attributes["dropped"] for persona in personas] == ["0"] * len(cure.personas)
    for persona in personas:
        (request,) = replace(cure.elicitation, runs=1).ask(persona, cure.items[0])
        assert sorted(cure.world(request).values()) == pytest.approx([0.1, 0.9])
        assert set(cure.null(request).values()) == {0.5}
