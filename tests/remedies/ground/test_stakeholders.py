import json

import numpy as np
import pytest

from personametrics.data.errors import AnswerError
from personametrics.remedies.ground.documents import Document
from personametrics.remedies.ground.stakeholders import merged_roles, read_stakeholders

NOTE = Document("note.txt", "Nurses run all night. They fear the bell. Families wait outside.")
TRAITS = [
    {"field": "dimension", "says": "You judge by the bell.", "quotation": "They fear the bell."},
    {"field": "psychology", "says": "You are tired.", "quotation": "Nurses are worn out"},
    {"field": "specialty", "says": "You run.", "quotation": None},
    {"field": "relationships", "says": "You know families."},
]
REPLY = json.dumps({"stakeholders": [{"name": " nurses ", "description": "those on the ward", "traits": TRAITS}]})


@pytest.mark.parametrize(
    "reply", [REPLY, f"```json\n{REPLY}\n```", f"Here they are:\n```\n{REPLY}\n```\nIs there more {{?", f"  {REPLY}  "]
)
def test_json_is_read_with_a_fence_or_words_around_it(reply: str) -> None:
    (found,) = read_stakeholders(NOTE, reply)
    assert (found.name, found.description) == ("nurses", "those on the ward")


def test_traits_whose_quotation_is_not_there_are_dropped_and_kept_in_mind() -> None:
    (found,) = read_stakeholders(NOTE, REPLY)
    assert [trait.says for trait in found.traits] == ["You judge by the bell."]
    assert NOTE.text[found.traits[0].passage.start : found.traits[0].passage.end] == "They fear the bell."
    assert found.dropped == ("You are tired.", "You run.", "You know families.")


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        ("I cannot do that.", "no JSON, or cut off"),
        (REPLY[:-20], "no JSON, or cut off"),
        ("[]", "no JSON, or cut off"),
        ("{}", "stakeholders: Field required"),
        ('{"stakeholders": [{"name": " "}]}', r"stakeholders\.0\.name: String should have at least 1 character"),
        (REPLY.replace("psychology", "mood"), r"stakeholders\.0\.traits\.1\.field: Input should be"),
        (REPLY.replace('"You run."', "7"), r"stakeholders\.0\.traits\.2\.says"),
    ],
)
def test_any_other_reply_is_refused_and_its_document_named(reply: str, said: str) -> None:
    with pytest.raises(AnswerError, match=rf"note\.txt.*{said}"):
        read_stakeholders(NOTE, reply)


def test_the_same_stakeholders_and_the_same_things_said_become_one() -> None:
    texts = ["run all night.", "They fear the bell.", "Families wait outside."]
    said = [["A", "B"], ["a", "C"], ["D"]]
    replies = [
        json.dumps({"stakeholders": [{"name": name, "traits": [
            {"field": "dimension", "says": says, "quotation": text} for says in mine] + [{"field": "demographics", "says": "Z"}]}]})
        for name, mine, text in zip(("nurses", "NURSES", "families"), said, texts, strict=True)
    ]  # fmt: skip
    stakeholders = [read_stakeholders(NOTE, reply)[0] for reply in replies]

    def alike(texts: object) -> np.ndarray:
        lower = [text.lower() for text in texts]  # type: ignore[attr-defined]
        return np.array([lower.index(text) for text in lower])

    nurses, families = merged_roles(stakeholders, alike)
    assert (nurses.name, families.name, nurses.dropped, families.dropped) == ("nurses", "families", 2, 1)
    assert [[trait.says for trait in same] for same in nurses.traits["dimension"]] == [["A", "a"], ["B"], ["C"]]
    assert [[trait.says for trait in same] for same in families.traits["dimension"]] == [["D"]]
    assert nurses.traits["demographics"] == []
