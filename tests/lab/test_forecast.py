"""What a plan says before is what the run then does."""

import math
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from faults import draw
from hypothesis import given, settings
from hypothesis import strategies as st
from worlds import ITEMS, PEOPLE, World, items, planned, request, with_model

from personametrics.data.persona import Persona
from personametrics.data.reply import Reply
from personametrics.data.request import Request
from personametrics.elicit.costs.prices import Caps
from personametrics.elicit.engine import Terms
from personametrics.lab.audit import Audit
from personametrics.lab.forecast import Forecast


def forecast(audit: Audit) -> Forecast:
    """Return the forecast of an audit."""
    return audit.expected()


STUDIES = st.fixed_dictionaries(
    {
        "runs": st.integers(1, 3),
        "score": st.booleans(),
        "conditions": st.sampled_from(
            [
                {},
                {"order": ["given", "reversed", "rotated"]},
                {"place": ["system", "user"]},
                {"order": ["given", "rotated"], "place": ["given"]},
            ]
        ),
        "controls": st.builds(
            lambda none, shuffled, irrelevant: {"none": none, "shuffled": shuffled, "irrelevant": irrelevant},
            st.booleans(),
            st.booleans(),
            st.integers(0, 3),
        ),
    }
)


@settings(max_examples=12, deadline=None)
@given(STUDIES, st.integers(1, 4), st.sampled_from(["1|2|3|4|5", "nominal:no|maybe|yes"]))
def test_asks_are_counted_as_the_run_then_makes_them(study: dict[str, Any], personas: int, scale: str) -> None:
    people = list(PEOPLE[:personas])
    with TemporaryDirectory() as folder:
        run, world = planned(Path(folder), people, items(3, scale), **study), World()
        before = forecast(run)
        assert before.requests == before.waiting
        tally = request(run, world)
        assert before.requests == tally.wanted == len(world.asked)
        after = forecast(run)
        assert (after.requests, after.waiting, after.tokens_in, after.tokens_out) == (before.requests, 0, 0, 0)


def test_half_of_a_run_leaves_half_to_ask(tmp_path: Path) -> None:
    run, world = planned(tmp_path), World()
    before = forecast(with_model(run, world))
    request(run, world, Terms(Caps(calls=before.requests // 2)))
    half = forecast(with_model(run, world))
    assert (half.requests, half.waiting) == (before.requests, before.requests - before.requests // 2)
    assert half.tokens_in == pytest.approx(before.tokens_in * half.waiting / half.requests)
    assert f"{half.waiting} requests to make ({before.requests // 2} are answered already)" in half.sentence


def test_nothing_is_asked_and_nothing_is_written(tmp_path: Path) -> None:
    world = World()
    forecast(planned(tmp_path / "run"))
    assert not world.asked
    assert not (tmp_path / "run").exists()


def test_tokens_are_the_models_own_where_it_counts(tmp_path: Path) -> None:
    run, world = planned(tmp_path), World()
    prediction = forecast(with_model(run, world))
    request(run, world)
    read = sum(world.tokens(asked.messages) for asked in world.asked)
    assert prediction.tokens_in == pytest.approx(read, rel=0.1)
    assert prediction.basis.endswith("the model's own count of tokens")
    assert forecast(run).basis.endswith("4 characters per token")


def test_the_run_so_far_serves_as_a_pilot(tmp_path: Path) -> None:
    def sure(asked: Request) -> Reply:
        """Personas decide nine times in ten, so that the interval is narrow; answers are long."""
        persona = asked.messages[0].text
        place = draw(
            "mind", persona, asked.messages[-1].text, asked.run if draw("luck", persona, asked.about["item"], asked.run) < 0.1 else ""
        )
        return Reply(asked.choices[int(5 * place)], tokens_in=10, tokens_out=50)

    run = planned(tmp_path, runs=3)
    before = forecast(run)
    assert before.basis.startswith("typical variance components")
    request(run, World(sure))
    larger = planned(tmp_path, runs=3, controls={"irrelevant": 0})
    prediction = forecast(larger)
    assert prediction.basis.startswith("the run so far as a pilot (90 answers)")
    assert prediction.width < before.width
    more = forecast(planned(tmp_path, PEOPLE, items(7), runs=3))
    assert more.waiting > 0
    assert more.tokens_out == 50 * more.waiting


def test_a_pilot_that_says_nothing_leaves_what_is_typical(tmp_path: Path) -> None:
    run = planned(tmp_path)
    request(run, World(lambda _: "?"))
    prediction = forecast(run)
    assert prediction.waiting == 0
    assert prediction.basis.startswith("typical variance components")


@pytest.mark.parametrize("prices", [None, {"tokens_in": 2.0, "tokens_out": 8.0, "currency": "€"}])
def test_money_is_tokens_times_prices(tmp_path: Path, prices: Any) -> None:
    prediction = forecast(planned(tmp_path, model="openai:world@http://127.0.0.1:1/v1", prices=prices))
    if prices is None:
        assert prediction.money is None
        assert "price unknown" in prediction.sentence
        return
    assert prediction.money == pytest.approx((2 * prediction.tokens_in + 8 * prediction.tokens_out) / 1e6)
    assert "€" in prediction.sentence
    assert all("€" in design for design in prediction.designs if "requests," in design)


def test_a_wider_study_is_forecast_a_narrower_interval(tmp_path: Path) -> None:
    people = [Persona(f"p{index}", f"You are number {index}.") for index in range(40)]
    few, many = forecast(planned(tmp_path)), forecast(planned(tmp_path, people, items(30)))
    assert 0 < many.width < few.width
    assert few.designs[1].startswith("for an interval of ± 0.05: not possible with 6 personas")


def test_label_probabilities_have_no_forecast_width(tmp_path: Path) -> None:
    prediction = forecast(planned(tmp_path, score=True))
    assert math.isnan(prediction.width)
    assert prediction.designs == ()


def test_free_text_is_taken_to_be_long(tmp_path: Path) -> None:
    text = forecast(planned(tmp_path, PEOPLE, items(2, "text"), sampling={"max_tokens": 100}))
    label = forecast(planned(tmp_path, PEOPLE, items(2), sampling={"max_tokens": 100}))
    assert text.tokens_out == 50 * text.requests
    assert label.tokens_out == 8 * label.requests


def test_adaptive_asking_is_forecast_as_what_it_may_come_to_at_most(tmp_path: Path) -> None:
    run = planned(tmp_path, PEOPLE, ITEMS, adaptive=True, runs=9)
    world = World(lambda asked: asked.choices[len(asked.messages[0].text) % 5])
    assert forecast(run).sentence.startswith("at most ")
    assert request(run, world).wanted < forecast(run).requests
    assert run.card.provenance["adaptive"]["reason"] == "decided"
