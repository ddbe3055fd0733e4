"""Probabilities of choices from what servers show of them."""

from math import exp, inf, log
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from personametrics.models.chat import continuation_probabilities, first_token_probabilities, first_tokens, prompt_tokens, replies
from personametrics.models.traffic import RejectedError, UnreadableError

Shown = dict[str, float]


def read(choices: list[str], shown: Shown) -> Shown:
    """Probabilities of choices from probabilities of tokens."""
    shares = first_token_probabilities(choices, [(token, log(share) if share else -inf) for token, share in shown.items()])
    return {choice: round(value, 9) for choice, value in shares.items()}


@pytest.mark.parametrize(
    ("choices", "shown", "expected"),
    [
        (["yes", "no"], {"yes": 0.5, " no": 0.25, "\n": 0.1}, [0.5, 0.25]),
        (["yes", "no"], {"ye": 0.5, "n": 0.25, "yes": 0.125}, [0.625, 0.25]),
        (["yes", "no"], {"Yes": 0.5, "None": 0.2, "nobody": 0.1, "": 0.1, "yes": 0.01}, [0.01, 0]),
        (["4", "5"], {"4.": 0.5, "40": 0.25, "5)": 0.125, "٤": 0.1}, [0.5, 0.125]),
        (["1", "10"], {"1": 0.5, "10": 0.25, "10.": 0.125}, [0.5, 0.375]),
        (["A", "B"], {"A": 0.5, "Agree": 0.2, "A)": 0.1, "B": 0.1}, [0.6, 0.1]),
        (["agree", "agree strongly"], {"agree": 0.0005, "agree strongly": 0.5}, [0.0005, 0.5]),
        (["no", "not sure"], {"no": 0.5, "not": 0.25, "not sure": 0.1}, [0.5, 0.35]),
        (["no", "no way"], {"no way.": 0.5, "no, ": 0.25}, [0.25, 0.5]),
        (["no", "yes"], {"no": 1.0, "yes": 0.0}, [1, 0]),
        (["no", "yes"], {"yes": 0.3}, [0, 0.3]),
    ],
)
def test_an_alternative_counts_for_the_one_choice_that_it_can_be(choices: list[str], shown: Shown, expected: list[float]) -> None:
    assert list(read(choices, shown).values()) == expected


@pytest.mark.parametrize(
    ("choices", "shown", "named"),
    [
        (["disagree", "disagree strongly"], {"dis": 0.5}, '"disagree" and "disagree strongly"'),
        (["1", "10"], {"1": 0.9}, '"1" and "10"'),
        (["not sure", "no", "not at all"], {"not sure": 0.5, "n": 0.002}, '"not sure" and "no" and "not at all"'),
    ],
)
def test_choices_that_share_a_first_token_are_named(choices: list[str], shown: Shown, named: str) -> None:
    with pytest.raises(RejectedError, match=f"{named} share their first token .*prompt.style: letter"):
        read(choices, shown)


def test_choices_of_which_none_is_shown_have_no_probabilities() -> None:
    with pytest.raises(RejectedError, match="No choice is among the 2 likeliest first tokens"):
        read(["no", "yes"], {"Well": 0.9, "No": 0.1})


def test_shared_tokens_of_no_weight_do_not_matter() -> None:
    shown = {"dis": 0.0009, "disagree": 0.0005, "disagree s": 0.4}
    assert read(["disagree", "disagree strongly"], shown) == {"disagree": 0, "disagree strongly": 0.4}


@given(
    st.lists(st.text("ab1 ", min_size=1, max_size=3), min_size=2, max_size=5, unique=True),
    st.dictionaries(st.text("ab1. ", max_size=4), st.floats(1e-6, 1)),
)
def test_probabilities_are_those_of_the_choices_and_never_more_than_there_is(choices: list[str], weights: Shown) -> None:
    total = sum(weights.values()) or 1
    try:
        shares = read(choices, {token: weight / total for token, weight in weights.items()})
    except RejectedError:
        begun = [[choice for choice in choices if choice.startswith(token.lstrip())] for token in weights if token.strip()]
        assert any(len(matches) > 1 for matches in begun) or not any(begun)
        return
    assert list(shares) == choices
    assert all(value >= 0 for value in shares.values())
    assert sum(shares.values()) <= 1 + 1e-9


@pytest.mark.parametrize("total", [1.002, 3.0])
def test_more_than_everything_is_no_probability(total: float) -> None:
    with pytest.raises(RejectedError, match="add up to"):
        first_token_probabilities(["a", "b"], [("a", log(total) - 1), ("b", log(total - total / exp(1)))])


def completion(top: Any) -> dict[str, Any]:
    return {"choices": [{"logprobs": {"content": [{"top_logprobs": top}]}}]}


@pytest.mark.parametrize("value", [float("nan"), 0.1, inf, None, "-1", True, [], 10**400, -(10**400)])
def test_a_log_probability_is_a_number_below_zero(value: Any) -> None:
    with pytest.raises(RejectedError, match="not logarithms of probabilities"):
        first_tokens(completion([{"token": "a", "logprob": value}]))
    with pytest.raises(RejectedError, match="cannot be read"):
        prompt_tokens({"prompt_logprobs": [None, {"1": {"logprob": value}}]})


@pytest.mark.parametrize("entry", [{}, {"1": {"logprob": -1.0}, "2": {"logprob": -2.0}}, {"1": -1.0}, {"1": {}}, [], 3])
def test_a_prompt_token_that_cannot_be_told_is_not_guessed(entry: Any) -> None:
    with pytest.raises(RejectedError, match="cannot be read"):
        prompt_tokens({"prompt_logprobs": [None, entry]})


HEAD, END = [("", 0.0), ("<user>", -1.0), ("<assistant>", -1.0)], [("<end>", -0.5), ("\n", 0.0)]


def test_the_end_of_the_turn_counts_only_where_one_choice_begins_another() -> None:
    filled = [[*HEAD, ("no", -1.0), *END], [*HEAD, ("yes", -2.0), *END]]
    assert continuation_probabilities(["no", "yes"], [*HEAD, *END], *filled) == pytest.approx({"no": exp(-1), "yes": exp(-2)})
    filled = [[*HEAD, ("no", -1.0), *END], [*HEAD, ("no", -1.0), (" way", -2.0), *END]]
    assert continuation_probabilities(["no", "no way"], [*HEAD, *END], *filled) == pytest.approx({"no": exp(-1.5), "no way": exp(-3.5)})


@pytest.mark.parametrize(
    "filled", [[*HEAD, ("no", -1.0), ("<other end>", -1.0), ("\n", 0.0)], [*HEAD, *END], HEAD[:2], [*HEAD, ("no", -1.0)]]
)
def test_a_template_that_hides_the_answer_is_a_sentence(filled: list[tuple[str, float]]) -> None:
    with pytest.raises(RejectedError, match="cannot be separated from the text around it"):
        continuation_probabilities(["no"], [*HEAD, *END], filled)


@pytest.mark.parametrize(
    "usage", [None, [], {}, {"prompt_tokens": -1, "completion_tokens": "3"}, {"prompt_tokens": True, "completion_tokens": 1.5}]
)
def test_a_number_of_tokens_that_is_none_stays_unknown(usage: Any) -> None:
    (reply,) = replies({"choices": [{"message": {"content": "x"}}], "usage": usage}, str, 0.0)
    assert (reply.tokens_in, reply.tokens_out) == (None, None)


@pytest.mark.parametrize(
    "choices", [None, [], {}, ["x"], [{"message": "x"}], [{"message": {"content": 3}}], [{"message": {"content": "x"}}, None]]
)
def test_what_is_no_completion_is_asked_for_again(choices: Any) -> None:
    with pytest.raises(UnreadableError):
        replies({"choices": choices}, str, 0.0)
