import pytest

from personametrics.data.reply import MOST_TOKENS, Reply


@pytest.mark.parametrize(
    ("count", "kept"), [(0, 0), (MOST_TOKENS, MOST_TOKENS), (None, None), (-1, None), (MOST_TOKENS + 1, None), (10**4000, None)]
)
def test_a_count_of_tokens_that_no_reply_has_is_unreported(count: int | None, kept: int | None) -> None:
    reply = Reply(tokens_in=count, tokens_out=count, tokens_thought=count)
    assert (reply.tokens_in, reply.tokens_out, reply.tokens_thought) == (kept, kept, kept)


def test_the_mass_is_the_sum_of_the_probabilities() -> None:
    assert Reply(probabilities={"a": 0.25, "b": 0.5}).mass == 0.75
    assert Reply("a").mass is None
