import json

from personametrics.data.request import Message, Request
from personametrics.remedies.adapt.revision import candidate, card, compile_reply, diary, kept_text


def test_a_text_that_was_never_written_leaves_the_old_one() -> None:
    old, written = card("You are Ann."), Request((Message("user", "Rewrite."),))
    new = candidate(old, written, [], 10, 0.5)
    held = Request((Message("user", "Tea?"),), about={"scale": "nominal:no|yes", "gold": "yes"})
    first = kept_text(old, [held])
    replies = {id(old): "You are Ann.", id(new): "You are Ann.", id(first): "You are Ann.", id(held): "no"}
    step = kept_text(first, [held], new)
    assert compile_reply(new, lambda request: replies.get(id(request))).text == "You are Ann."
    assert compile_reply(step, lambda request: replies.get(id(request))).text == "You are Ann."
    replies[id(step)] = "You are Ann."
    content = json.loads(str(compile_reply(diary([first, step], {"persona": "ann"}), lambda request: replies.get(id(request))).text))
    assert content == {
        "persona": "ann",
        "text": "You are Ann.",
        "steps": [{"loss": 1.0, "tried": None, "why": "the model wrote no usable text"}],
    }
