"""The report page in a real browser, at the widths of a desk and of a phone: what no reading of its HTML can tell."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from report_files import make_files

from helpers import PARAMS
from hrm.cli import main

pytestmark = pytest.mark.browser

DESK, PHONE = {"width": 1280, "height": 800}, {"width": 390, "height": 844}
INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
REFERENCE = PARAMS.parent / "results" / "reference"
LARGEST = 5_000_000  # bytes
BEYOND = """() => [...document.querySelectorAll("body *")]
  .filter(e => !e.closest(".scroll, .frame.large, .skip, svg") && getComputedStyle(e).clipPath === "none")
  .filter(e => e.getBoundingClientRect().right > innerWidth + 1 && e.getBoundingClientRect().width)
  .map(e => e.tagName + " " + e.className).slice(0, 5)"""
SHOWN = (
    '() => [...document.querySelectorAll("#all-claims tbody tr")].filter(row => row.offsetParent).map(row => row.id)'
)
# Contrast of a colour against the background of the page, by WCAG 2.
CONTRAST = """element => {
  const light = colour => {
    const parts = colour.match(/[\\d.]+/g).slice(0, 3).map(x => x / 255)
      .map(x => x <= .04045 ? x / 12.92 : ((x + .055) / 1.055) ** 2.4);
    return .2126 * parts[0] + .7152 * parts[1] + .0722 * parts[2];
  };
  const style = getComputedStyle(element);
  const colour = element.closest("svg") ? (style.fill === "none" ? style.stroke : style.fill) : style.color;
  const [a, b] = [light(colour), light(getComputedStyle(document.body).backgroundColor)].sort((x, y) => y - x);
  return (a + .05) / (b + .05);
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    api = pytest.importorskip("playwright.sync_api", reason="needs playwright: pip install '.[browser]'")
    with api.sync_playwright() as playwright:
        found = [path for name in INSTALLED if (path := shutil.which(name))]
        for path in (None, *found):  # its own one first
            try:
                launched = playwright.chromium.launch(executable_path=path, args=["--no-sandbox"])
            except api.Error:
                continue
            yield launched
            launched.close()
            return
        pytest.skip(f"needs a Chromium: playwright install chromium, or one of {', '.join(INSTALLED)}")


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """A small page full of hostile text, and one of the records of this project."""
    folder = tmp_path_factory.mktemp("pages")
    small, records = folder / "small.html", folder / "records.html"
    assert main(make_files(folder / "files").command(small)) == 0
    places = ["--results", str(REFERENCE), "--figures", str(REFERENCE / "figures"), "--params", str(PARAMS)]
    assert main(["render", "report", "--partial", "--scale", "gpu", *places, "--out", str(records)]) == 0
    return {"small": small, "records": records}


@pytest.fixture(params=["small", "records"])
def address(addresses: dict[str, Path], request: pytest.FixtureRequest) -> Path:
    return addresses[request.param]


@pytest.fixture
def opened(browser: Any) -> Iterator[Any]:
    """Opens a page at a width; at the end nothing may have gone wrong in any of them."""
    contexts, complaints = [], []

    def open_page(path: Path, viewport: dict[str, int], scheme: str = "light", script: bool = True) -> Any:
        context = browser.new_context(viewport=viewport, color_scheme=scheme, java_script_enabled=script, offline=True)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("request", lambda asked: complaints.append(asked.url) if not asked.url.startswith(OWN) else None)
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []


OWN = ("file:", "data:")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_nothing_is_wider_than_the_screen(opened: Any, address: Path, viewport: dict[str, int], scheme: str) -> None:
    page = opened(address, viewport, scheme)
    page.evaluate('() => document.querySelectorAll("main details").forEach(details => { details.open = true; })')
    assert page.evaluate("() => document.documentElement.scrollWidth") <= viewport["width"]
    assert page.evaluate(BEYOND) == []
    assert address.stat().st_size < LARGEST


def test_counts_and_questions_stand_above_the_fold(opened: Any, addresses: dict[str, Path]) -> None:
    page = opened(addresses["records"], DESK)
    assert page.locator(".headline tbody tr").count() == 12
    last = page.locator(".headline tbody tr").last.bounding_box()
    assert last["y"] + last["height"] <= DESK["height"]
    assert page.locator(".counts li").first.bounding_box()["y"] < page.locator(".headline").bounding_box()["y"]
    page.locator(".headline summary").first.click()
    assert page.locator(".headline details").first.locator("small").is_visible()


def test_every_picture_has_a_size_and_says_what_is_seen(opened: Any, address: Path) -> None:
    page = opened(address, PHONE)
    page.evaluate('() => document.querySelectorAll("main details").forEach(details => { details.open = true; })')
    pictures = page.locator("img, svg[role=img]")
    assert pictures.count() >= 3
    for place in range(pictures.count()):
        picture = pictures.nth(place)
        assert len(picture.get_attribute("alt") or picture.get_attribute("aria-label") or "") > 20
        box = picture.bounding_box()
        assert box["width"] > 5 and box["height"] > 5
    picture.scroll_into_view_if_needed()
    assert page.evaluate("() => [...document.images].every(image => image.naturalWidth > 0 || !image.complete)")


@pytest.mark.parametrize("viewport", [DESK, PHONE], ids=["desk", "phone"])
def test_claims_are_filtered_by_verdict_source_and_words(
    opened: Any, addresses: dict[str, Path], viewport: dict[str, int]
) -> None:
    page = opened(addresses["small"], viewport)
    names = ["first", "second", "third", "fifth", "sixth", "tenth"]
    assert page.evaluate(SHOWN) == [f"claim-{name}" for name in names]  # those that are judged on trainings
    page.select_option("[name=verdict]", "reproduced")
    assert page.evaluate(SHOWN) == ["claim-first", "claim-tenth"]
    page.fill("[name=words]", "TENTH claim")
    assert page.evaluate(SHOWN) == ["claim-tenth"]
    assert page.locator("#filter output").inner_text() == "1 of 10 claims"
    page.select_option("[name=verdict]", "")
    page.fill("[name=words]", "")
    assert len(page.evaluate(SHOWN)) == 10
    page.select_option("[name=source]", "a paper")
    assert len(page.evaluate(SHOWN)) == 10
    page.select_option("[name=verdict]", "state:computed")
    assert page.evaluate(SHOWN) == ["claim-seventh", "claim-eighth"]
    page.locator(".counts a", has_text="undecided").click()
    assert page.evaluate(SHOWN) == ["claim-fifth"]
    page.evaluate('() => { location.hash = "#claim-fourth"; }')  # a link to what is filtered away shows it
    page.wait_for_function('() => document.getElementById("claim-fourth").offsetParent')
    assert len(page.evaluate(SHOWN)) == 10


def test_claims_are_sorted_both_ways_and_those_without_a_number_stay_last(
    opened: Any, addresses: dict[str, Path]
) -> None:
    page = opened(addresses["records"], DESK)
    page.select_option("[name=verdict]", "")
    before = page.evaluate(SHOWN)
    head = page.locator("#all-claims thead button", has_text="Ours")
    for ways, sign in (("ascending", 1), ("descending", -1)):
        head.click()
        assert page.locator(f"#all-claims th[aria-sort={ways}]").inner_text().startswith("Ours")
        rows = "() => [...document.querySelectorAll('#all-claims tbody tr')].map(row => row.dataset.ours ?? null)"
        found = page.evaluate(rows)
        numbers = [float(number) for number in found if number is not None]
        assert numbers and numbers == sorted(numbers, key=lambda number: sign * number)
        assert all(number is None for number in found[len(numbers) :])
    page.select_option("[name=order]", "place")
    assert page.evaluate(SHOWN) == before


@pytest.mark.parametrize("wanted", ["by the system", "by the button"])
def test_dark_mode_darkens_the_page_and_lightens_words_and_drawings(
    opened: Any, addresses: dict[str, Path], wanted: str
) -> None:
    page = opened(addresses["records"], DESK, "dark" if wanted == "by the system" else "light")
    if wanted == "by the button":
        assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
        page.click("#theme")
        page.reload()  # it is remembered
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(26, 26, 26)"
    for selector in ("h1", ".lead", ".scale", ".headline a", "nav a", "figcaption", "small", "main a"):
        assert page.locator(selector).first.evaluate(CONTRAST) > 4.5, selector
    drawings = page.locator("figure:not(.paper) svg[role=img]")
    assert drawings.first.evaluate(CONTRAST) > 10  # its letters
    page.click("#theme")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"


def test_the_list_of_sections_is_a_menu_on_phones(opened: Any, addresses: dict[str, Path]) -> None:
    page = opened(addresses["records"], DESK)
    assert page.locator("nav a", has_text="All claims").is_visible()
    page = opened(addresses["records"], PHONE)
    link = page.locator("nav a", has_text="What it cost")
    assert not link.is_visible()
    page.click("nav summary")
    link.click()
    assert not link.is_visible()
    assert page.locator("#cost").evaluate("element => element.getBoundingClientRect().top") < PHONE["height"] / 2
    assert page.locator("nav summary").bounding_box()["y"] >= 0  # it stays at hand


def test_a_chart_is_as_wide_as_a_phone_until_it_is_enlarged(opened: Any, addresses: dict[str, Path]) -> None:
    page = opened(addresses["records"], PHONE)
    button = page.locator("button.enlarge:visible").first
    width = button.evaluate("button => button.previousElementSibling.firstElementChild.getBoundingClientRect().width")
    assert width <= PHONE["width"]
    button.click()
    assert button.inner_text() == "Fit"
    wide = button.evaluate("button => button.previousElementSibling.firstElementChild.getBoundingClientRect().width")
    assert wide > PHONE["width"]
    assert page.evaluate("() => document.documentElement.scrollWidth") <= PHONE["width"]


def test_without_scripts_everything_is_there(opened: Any, addresses: dict[str, Path]) -> None:
    page = opened(addresses["small"], PHONE, script=False)
    assert page.locator("#all-claims tbody tr:visible").count() == 10
    assert not page.locator("#filter").is_visible() and not page.locator("#theme").is_visible()


def test_it_prints_in_black_on_white_without_controls(opened: Any, addresses: dict[str, Path]) -> None:
    page = opened(addresses["small"], DESK, "dark")
    page.emulate_media(media="print")
    assert page.evaluate("() => getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"
    assert page.locator("h1").evaluate("element => getComputedStyle(element).color") == "rgb(26, 26, 26)"
    for selector in ("nav", "#theme", "#filter", ".enlarge"):
        assert not page.locator(selector).first.is_visible()
