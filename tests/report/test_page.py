"""The page as text: whole, self-contained, escaped."""

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser

import pytest

from personametrics.data.card import Card
from personametrics.report import html

HARMLESS = {"alert(1)", "alert(2)", "alert(3)"}


class Reader(HTMLParser):
    """Elements, attributes and visible text of a page."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def scripts(page: str) -> list[tuple[str, str]]:
    return re.findall(r"<script([^>]*)>(.*?)</script>", page, re.DOTALL)


def test_the_bundle_stands_in_the_page_once(card: Card, nominal_card: Card, human_card: Card) -> None:
    page = html([card, nominal_card, human_card])
    assert page.count("window.vegaEmbed=") == 1
    assert len(page) < 3_000_000
    assert len(html([card])) < 3_000_000


def test_a_card_without_pictures_needs_no_script(bare_card: Card) -> None:
    finding = bare_card.findings[0]
    empty = Card("Empty", (type(finding)(finding.study, finding.question, finding.verdict, ()),))
    page = html([empty])
    assert "<script" not in page
    assert "script-src 'none'" in page


def test_the_policy_names_exactly_what_may_run(card: Card) -> None:
    page = html([card])
    policy = next(attrs["content"] or "" for tag, attrs in Reader(page).elements if tag == "meta" and "http-equiv" in attrs)
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    running = [text for attributes, text in scripts(page) if "application/json" not in attributes]
    style = re.findall(r"<style>(.*?)</style>", page, re.DOTALL)
    for text in [*running, *style]:
        assert base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() in policy


def test_nothing_in_the_page_leads_out_of_it(card: Card, hostile_card: Card) -> None:
    for tag, attrs in Reader(html([card, hostile_card])).elements:
        assert tag not in {"img", "iframe", "link", "object", "embed", "form", "base", "b"}
        assert not any(name.startswith("on") or name in {"src", "action", "style"} for name in attrs)
        assert (attrs.get("href") or "#").startswith("#")


def test_hostile_text_is_text(hostile_card: Card) -> None:
    page = html([hostile_card])
    seen = Reader(page)
    text = "".join(seen.text)
    for name in ("<script>alert(1)</script>", '"><img src=x onerror=alert(2)>', "[red]x[/]", r"\input{secret}", "{{ 7 * 7 }}", "=cmd()"):
        assert name in text
    assert "\x1b" not in page
    assert "\u202e" not in page
    assert r"\x1b[31mred\u202eback" in text
    assert "injected" not in {attrs.get("id") for _, attrs in seen.elements}


def test_specifications_are_json_that_no_name_can_end(hostile_card: Card) -> None:
    held = [text for attributes, text in scripts(html([hostile_card])) if "application/json" in attributes]
    assert len(held) == 8
    assert all("<" not in text for text in held)
    assert any("<script>alert(1)</script>" in json.dumps(json.loads(text)) for text in held)


def test_old_cards_render_from_their_json_alone(card: Card, human_card: Card) -> None:
    for shown in (card, human_card):
        stored = Card.from_dict(json.loads(shown.to_json()))
        assert html([stored]).count('class="plot"') == html([shown]).count('class="plot"') > 3


def test_a_citation_this_version_does_not_know_is_shown_as_it_is(hostile_card: Card) -> None:
    assert "no-such-key&lt;b&gt;" in html([hostile_card])


def test_known_citations_are_references(card: Card) -> None:
    assert "https://doi.org/" in html([card])


def test_an_undefined_number_says_why(bare_card: Card) -> None:
    text = " ".join("".join(Reader(html([bare_card])).text).split())
    assert "—" in text
    assert "no persona answered the same item twice" in text
    assert "nan" not in text.lower().split()
    assert "< .001" in text


def test_several_cards_have_an_overview_that_leads_to_each(card: Card, bare_card: Card) -> None:
    seen = Reader(html([card, bare_card]))
    targets = {attrs["href"] for tag, attrs in seen.elements if tag == "a"}
    ids = [attrs["id"] for _, attrs in seen.elements if "id" in attrs]
    assert targets == {"#card-1", "#card-2"}
    assert {"card-1", "card-2"} <= set(ids)
    assert len(ids) == len(set(ids))


def test_the_page_has_the_parts_that_readers_navigate_by(card: Card) -> None:
    seen = Reader(html([card]))
    tags = [tag for tag, _ in seen.elements]
    assert ("html", {"lang": "en"}) in seen.elements
    assert tags.count("main") == tags.count("h1") == 1
    assert tags.count("caption") == tags.count("table")
    assert all(attrs.get("scope") in {"row", "col"} for tag, attrs in seen.elements if tag == "th")
    charts = [attrs for tag, attrs in seen.elements if tag == "div" and attrs.get("role") == "img"]
    assert len(charts) == 7
    assert all(len(attrs["aria-label"] or "") > 40 for attrs in charts)


@pytest.mark.parametrize("name", ["altair", "vl_convert", "jinja2", "rich"])
def test_importing_the_package_loads_no_drawing_library(name: str) -> None:
    code = f"import sys, personametrics.report; sys.exit({name!r} in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
