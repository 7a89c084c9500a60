"""Languages, themes and sizes: everything is said in both languages, and a picture of each is left to be looked at."""

import itertools
import json
import re

import pytest

LESSONS = ("xor", "mnist_relu", "activations")
SIZES = {"phone": (390, 844), "laptop": (1366, 768), "old-projector": (1024, 768), "projector": (1920, 1080)}
HANGUL = re.compile("[가-힣]")

VISIBLE_TEXTS = """[...document.querySelectorAll("body *")].filter((element) =>
    element.checkVisibility() && [...element.childNodes].some((node) => node.nodeType === 3 && node.data.trim())
).map((element) => element.innerText.trim())"""


def speak(lab, language):
    lab.page.locator("#language").select_option(language)
    lab.wait(f"document.documentElement.lang === {json.dumps(language)}")


@pytest.fixture(scope="module")
def trained_lab(shared_lab):
    """The shared page, put back to English and the system's colours afterwards."""
    yield shared_lab
    shared_lab.page.set_viewport_size({"width": 1280, "height": 800})
    speak(shared_lab, "en")
    shared_lab.page.locator("#theme").select_option("")


@pytest.mark.parametrize("lesson", LESSONS)
def test_both_languages_are_complete(lab, trained_lab, lesson):
    lab.choose(lesson)
    said = {}
    for language in ("en", "ko"):
        speak(lab, language)
        lab.page.wait_for_timeout(100)
        said[language] = lab.call(VISIBLE_TEXTS)
        wrong = [text for text in said[language]
                 if re.search(r"undefined|\bnull\b|NaN|\[object|^[a-z]+\.[a-z.-]+$", text)]
        assert not wrong, f"{language}: {wrong}"
    assert not [text for text in said["en"] if HANGUL.search(text) and text != "한국어"]
    prose = [text for text in said["ko"] if len(re.findall("[A-Za-z]{2,}", text)) > 5 and not HANGUL.search(text)]
    assert not prose, f"not in Korean: {prose}"


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_a_theme_changes_the_page_at_once_and_is_kept(new_lab, theme):
    lab = new_lab(color_scheme="dark" if theme == "light" else "light").open(wait=False)
    lightness = """(() => {
        const {backgroundColor} = getComputedStyle(document.documentElement);
        const [red, green, blue] = backgroundColor.match(/[\\d.]+/g).map(Number);
        return (red + green + blue) / 3;
    })()"""
    before = lab.call(lightness)
    lab.page.locator("#theme").select_option(theme)
    after = lab.call(lightness)
    assert (before > 128) != (after > 128)
    lab.page.reload()
    assert lab.call(lightness) == after


def test_the_browsers_language_is_spoken_at_first(new_lab):
    lab = new_lab(locale="ko-KR").open(wait=False)
    lab.wait("document.documentElement.lang === 'ko'")
    assert HANGUL.search(lab.text("#train"))


def test_about_names_the_numpy_that_runs_and_every_licence(lab, site_facts):
    lab.click("#about-button")
    text = lab.text("#about")
    assert site_facts["numpy"]["version"] in text and site_facts["numpy"]["origin"] in text
    for component in site_facts["components"]:
        assert component["name"] in text and component["licence"] in text
    lab.page.keyboard.press("Escape")
    assert not lab.page.is_visible("#about")


@pytest.mark.parametrize("lesson", LESSONS)
def test_pictures_of_every_look_for_a_person_to_see(lab, trained_lab, artifacts, lesson):
    options = {"dataset": "drawn_digits", "subset": 1000, "epochs": 2} if lesson == "mnist_relu" else {}
    lab.run(lesson, **options)
    for language, theme, size in itertools.product(("en", "ko"), ("light", "dark"), SIZES):
        width, height = SIZES[size]
        lab.page.set_viewport_size({"width": width, "height": height})
        speak(lab, language)
        lab.page.locator("#theme").select_option(theme)
        lab.page.wait_for_timeout(150)
        lab.screenshot(artifacts / f"{lesson}-{language}-{theme}-{size}.png")
        assert lab.call("document.scrollingElement.scrollWidth <= innerWidth"), f"too wide: {language}, {size}"
