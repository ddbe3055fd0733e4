"""The page in a browser: drawn, silent, offline, legible, within its width, and reachable by keyboard."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from talks import HOSTILE, hostile, talk_card, talked

from personametrics.data.card import Card
from personametrics.report import html

api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
CHROMIUM = Path("/usr/bin/chromium")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no browser at {CHROMIUM}")

DRAWN = "() => [...document.querySelectorAll('[data-spec]')].every(plot => plot.dataset.drawn === scheme())"
SCHEME = "window.scheme = () => matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light'"
LUMINANCE = """colour => {
  const [r, g, b] = colour.match(/[\\d.]+/g).map(part => part / 255).map(c => c <= .04045 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4);
  return .2126 * r + .7152 * g + .0722 * b; }"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with api.sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(CHROMIUM), args=["--no-sandbox"])
        yield started
        started.close()


class Opened:
    """A page with everything it did that it must not do."""

    def __init__(self, browser: Any, path: Path, scheme: str, width: int) -> None:
        self.faults: list[str] = []
        self.page = browser.new_page(color_scheme=scheme, viewport={"width": width, "height": 800})
        self.page.add_init_script(SCHEME)
        self.page.on("console", lambda message: self.faults.append(f"console: {message.text}"))
        self.page.on("pageerror", lambda error: self.faults.append(f"error: {error}"))
        self.page.on("dialog", self.dismiss)
        self.page.on("request", lambda request: self.faults.extend([f"request: {request.url}"] * (request.url != path.as_uri())))
        self.page.goto(path.as_uri())
        self.wait()

    def dismiss(self, dialog: Any) -> None:
        self.faults.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def wait(self) -> None:
        """Until every picture is drawn in the colours of the scheme."""
        self.page.wait_for_function(DRAWN)


@pytest.fixture
def opened(browser: Any, tmp_path: Path) -> Iterator[Any]:
    pages: list[Opened] = []

    def start(cards: list[Card], scheme: str = "light", width: int = 1000) -> Opened:
        path = tmp_path / "card.html"
        path.write_text(html(cards), encoding="utf-8")
        pages.append(Opened(browser, path, scheme, width))
        return pages[-1]

    yield start
    for opened_page in pages:
        opened_page.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1000])
def test_every_picture_is_drawn_within_the_width_and_nothing_else_happens(
    opened: Any, card: Card, nominal_card: Card, human_card: Card, scheme: str, width: int
) -> None:
    start = opened([card, nominal_card, human_card], scheme, width)
    boxes = [plot.locator("svg").bounding_box() for plot in start.page.locator("[data-spec]").all()]
    assert len(boxes) == 18
    assert all(box["width"] > 0.8 * min(width - 60, 760) and box["height"] > 40 for box in boxes)
    assert all(box["x"] + box["width"] <= width for box in boxes)
    assert start.page.evaluate("document.documentElement.scrollWidth") <= width
    assert start.faults == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_letters_stand_out_from_the_page(opened: Any, card: Card, scheme: str) -> None:
    page = opened([card], scheme).page
    ground = page.evaluate(f"({LUMINANCE})(getComputedStyle(document.body).backgroundColor)")
    assert (ground > 0.5) == (scheme == "light")
    selectors = ("h1", ".sentence", ".verdict .label", ".meaning", "summary", ".alt", ".role-axis-label text", ".role-legend-label text")
    for selector in selectors:
        paint = "fill" if "text" in selector else "color"
        letter = page.evaluate(f"({LUMINANCE})(getComputedStyle(document.querySelector('{selector}')).{paint})")
        low, high = sorted((ground, letter))
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector


def test_pictures_follow_when_the_scheme_changes(opened: Any, bare_card: Card) -> None:
    start = opened([bare_card])
    colour = "getComputedStyle(document.querySelector('.role-axis-label text')).fill"
    before = start.page.evaluate(colour)
    start.page.emulate_media(color_scheme="dark")
    start.wait()
    assert start.page.evaluate(colour) != before
    assert start.faults == []


def test_every_table_is_reached_and_opened_by_keyboard(opened: Any, card: Card) -> None:
    page = opened([card]).page
    behind = page.locator("details").count()
    reached = 0
    for _ in range(60):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.tagName") == "SUMMARY":
            page.keyboard.press("Enter")
            assert page.evaluate("document.activeElement.parentElement.open")
            assert page.evaluate("document.activeElement.parentElement.querySelector('table').getBoundingClientRect().height") > 0
            reached += 1
        if reached == behind:
            break
    assert reached == behind == 8
    assert page.evaluate("document.documentElement.scrollWidth") <= 1000


def test_open_tables_scroll_in_their_own_container_on_a_phone(opened: Any, card: Card, hostile_card: Card) -> None:
    page = opened([card, hostile_card], width=390).page
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("width", [390, 1000])
def test_hostile_names_stay_text(opened: Any, hostile_card: Card, width: int) -> None:
    start = opened([hostile_card, hostile_card], width=width)
    page = start.page
    for tag in ("img", "iframe", "#injected", "main b"):
        assert page.locator(tag).count() == 0
    assert page.locator("script").count() == 2 * 7 + 3
    page.locator("[data-spec$=heat-map] .mark-rect path").nth(12).hover()
    page.wait_for_selector("#vg-tooltip-element.visible")
    assert page.locator("#vg-tooltip-element img, #vg-tooltip-element script").count() == 0
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert start.faults == []


def test_printing_opens_the_short_tables(opened: Any, card: Card) -> None:
    page = opened([card], "dark").page
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details.short[open]").count() == page.locator("details.short").count() > 3
    page.evaluate("dispatchEvent(new Event('afterprint'))")
    assert page.locator("details[open]").count() == 0


def shown(page: Any) -> str:
    """The name of the dialogue that is shown."""
    return str(page.locator(".said h4").inner_text())


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [390, 1000])
def test_dialogues_are_shown_one_at_a_time_with_the_worst_first(opened: Any, scheme: str, width: int) -> None:
    start = opened([talk_card(talked(1_000, 10))], scheme, width)
    page = start.page
    assert page.locator(".panes option").count() == 1_000
    assert page.locator(".said li").count() == 20
    assert page.locator(".said li.bad").count() == 10
    assert "100 %" in page.locator(".panes option").first.inner_text()
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    ground = page.evaluate(f"({LUMINANCE})(getComputedStyle(document.querySelector('.said li.bad')).backgroundColor)")
    for selector in (".said .words", ".said .who", ".said .tag", ".said blockquote"):
        letter = page.evaluate(f"({LUMINANCE})(getComputedStyle(document.querySelector('li.bad {selector[6:]}')).color)")
        low, high = sorted((ground, letter))
        assert (high + 0.05) / (low + 0.05) >= 4.5, selector
    assert start.faults == []


def test_dialogues_are_read_by_keyboard_alone(opened: Any) -> None:
    start = opened([talk_card(talked(8, 4))])
    page = start.page
    page.locator("input[type=search]").focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    first = shown(page)
    for turn in (1, 2, 3, 4):
        page.keyboard.press("Enter")
        assert f"turn {turn}" in page.locator(".said li.here .who").first.inner_text()
        assert f"Contradiction in turn {turn} of dialogue 1 of 8" in page.locator("output").inner_text()
    assert shown(page) == first
    page.keyboard.press("Enter")
    assert shown(page) != first
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert shown(page) == first
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("End")
    assert shown(page).startswith("person 5")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "said"
    assert start.faults == []


def test_a_search_lists_and_marks_what_it_finds(opened: Any) -> None:
    start = opened([talk_card(talked(8, 4))])
    page = start.page
    page.fill("input[type=search]", "answer 3.2.")
    page.wait_for_function("() => document.querySelectorAll('.panes option').length === 1")
    assert shown(page).startswith("person 3")
    assert page.locator("mark").all_inner_texts() == ["Answer 3.2."]
    assert page.locator("li.here mark").count() == 1
    assert "1 of 8 dialogues" in page.locator("output").inner_text()
    page.fill("input[type=search]", "(nowhere[")
    page.wait_for_function("() => document.querySelectorAll('.panes option').length === 0")
    assert page.locator(".said li").count() == 0
    page.click("[data-go=next]")
    page.click("[data-go=worst]")
    page.fill("input[type=search]", "")
    page.wait_for_function("() => document.querySelectorAll('.panes option').length === 8")
    assert page.locator("mark").count() == 0
    assert start.faults == []


def test_hostile_words_stay_text_in_every_dialogue(opened: Any) -> None:
    start = opened([talk_card(hostile())])
    page = start.page
    texts = []
    for index in range(len(HOSTILE)):
        page.select_option(".panes select", index=index)
        texts += page.locator(".said .words").all_text_contents()
        for tag in ("img", "#injected", "main b"):
            assert page.locator(tag).count() == 0
    assert texts.count(HOSTILE[0]) == 2
    assert page.locator("script").count() == 2
    assert any("\\u202e" in text for text in texts)
    page.fill("input[type=search]", "<script>")
    page.wait_for_function("() => document.querySelectorAll('mark').length > 0")
    assert page.locator("script").count() == 2
    assert start.faults == []


def test_words_run_in_their_own_direction(opened: Any) -> None:
    rows = talked(1, 1, judged=False)
    rows[1]["text"] = "\u0645\u0631\u062d\u0628\u0627"
    page = opened([talk_card(rows)]).page
    directions = page.evaluate("[...document.querySelectorAll('.words')].map(one => getComputedStyle(one).direction)")
    assert directions == ["ltr", "rtl"]


def test_printing_leaves_the_dialogue_that_is_shown(opened: Any) -> None:
    page = opened([talk_card(talked(30, 20))]).page
    page.emulate_media(media="print")
    assert not page.locator(".tools").is_visible()
    assert not page.locator(".panes select").is_visible()
    assert page.evaluate("(one => one.scrollHeight <= one.clientHeight + 1)(document.querySelector('.said'))")
