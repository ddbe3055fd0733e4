"""Public names that are loaded when they are first used."""

import pytest

import personametrics
from personametrics.loader import lazy_attributes


def test_every_public_name_loads_and_is_listed() -> None:
    assert dir(personametrics) == sorted(personametrics.__all__)
    assert all(getattr(personametrics, name) is not None for name in personametrics.__all__)


def test_a_name_is_an_attribute_of_its_module_or_the_module_itself() -> None:
    load, names = lazy_attributes("personametrics", {"parse_scale": "data.scale", "stats": "stats"})
    assert names() == ["parse_scale", "stats"]
    assert load("parse_scale") is personametrics.parse_scale
    assert load("stats") is personametrics.stats


def test_an_unknown_name_is_an_attribute_error_with_package_and_name() -> None:
    load, _ = lazy_attributes("personametrics", {})
    with pytest.raises(AttributeError, match="module 'personametrics' has no attribute 'parse_scales'"):
        load("parse_scales")
