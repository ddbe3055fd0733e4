import json

import pytest

from personametrics.data.request import Message, Request
from personametrics.remedies.adapt.revision import candidate, card, diary, kept_text, quoted_share, revised_text

ASKED = "Do you drink tea in the morning? Always"


def test_a_quotation_that_stood_there_before_is_none() -> None:
    text = "Somebody asked: do you drink tea in the morning? You said always."
    assert quoted_share(text, ASKED) == pytest.approx(4 / 5)
    assert quoted_share(text, ASKED, f"You are Ann. {ASKED}") == 0


def test_of_a_short_source_only_the_whole_is_a_quotation_and_of_none_nothing() -> None:
    assert quoted_share("Tea? Yes, always.", "Tea? Yes") == 1
    assert quoted_share("Yes to tea.", "Tea? Yes") == 0
    assert quoted_share("Tea.", "?!") == 0


def test_a_text_that_was_never_written_leaves_the_old_one() -> None:
    old, written = card("You are Ann."), Request((Message("user", "Rewrite."),))
    new = candidate(old, written, [], 10, 0.5)
    held = Request((Message("user", "Tea?"),), about={"scale": "nominal:no|yes", "gold": "yes"})
    first = kept_text(old, [held])
    said = {id(old): "You are Ann.", id(new): "You are Ann.", id(first): "You are Ann.", id(held): "no"}
    step = kept_text(first, [held], new)
    assert revised_text(new, lambda request: said.get(id(request))) == "You are Ann."
    assert revised_text(step, lambda request: said.get(id(request))) == "You are Ann."
    said[id(step)] = "You are Ann."
    told = json.loads(str(revised_text(diary([first, step], {"persona": "ann"}), lambda request: said.get(id(request)))))
    assert told == {
        "persona": "ann",
        "text": "You are Ann.",
        "steps": [{"loss": 1.0, "tried": None, "why": "nothing usable was written"}],
    }
