import pytest

from personametrics.data.errors import StudyError
from personametrics.data.model import key_variable
from personametrics.elicit.plan.file import checked


@pytest.mark.parametrize("name", ["", "OPENAI_API_KEY", "_K2"])
def test_the_name_of_a_variable_is_taken(name: str) -> None:
    assert key_variable(name) == name


@pytest.mark.parametrize("key", ["sk-live-planted", "planted", "2PLANTED", "PLANTED KEY", "PLANTED\n", "hf_planted", "ÄPLANTED"])
@pytest.mark.parametrize("place", ["itself", "study", "judge"])
def test_a_key_in_the_place_of_its_variable_is_refused_unseen(key: str, place: str) -> None:
    plan: dict[str, object] = {"model": "embedded", "personas": "a.csv", "items": "b.csv"}
    plan |= {"judge": {"model": "m", "key_variable": key}} if place == "judge" else {"key_variable": key}
    with pytest.raises(StudyError, match="never the key itself") as caught:
        key_variable(key) if place == "itself" else checked(plan)
    assert "planted" not in str(caught.value).casefold()
    assert caught.value.__cause__ is None
