"""Everything the page and the lessons say, they say in English and in Korean."""

import json
import re

import pytest

from pydl import lessons
from tests.page.conftest import PAGE
from tests.support.process import ROOT

HANGUL = re.compile("[가-힣]")
NAMES_ALIKE = {"dataset.mnist"}  # the same word in both languages
LESSON_TEXTS = sorted((ROOT / "pydl" / "lessons" / "texts").glob("*.json"))


def table(language):
    def once(pairs):
        keys = [key for key, _ in pairs]
        assert len(keys) == len(set(keys)), f"{language}.json has a key twice"
        return dict(pairs)

    return json.loads((PAGE / "texts" / f"{language}.json").read_text(encoding="utf-8"), object_pairs_hook=once)


EN, KO = table("en"), table("ko")


def gaps(text):
    return sorted(re.findall(r"\{(\w+)\}", text))


def test_both_languages_have_the_same_keys():
    assert EN.keys() == KO.keys()


@pytest.mark.parametrize("key", EN)
def test_a_text_is_translated_and_has_the_same_gaps(key):
    assert gaps(EN[key]) == gaps(KO[key])
    assert EN[key].strip() and KO[key].strip()
    assert not HANGUL.search(EN[key])
    if key not in NAMES_ALIKE and re.search("[A-Za-z]", re.sub(r"\{\w+\}", "", EN[key])):
        assert HANGUL.search(KO[key]), f"{key} is not in Korean: {KO[key]}"


def test_every_text_is_used_and_every_used_one_exists():
    sources = [path.read_text(encoding="utf-8") for path in [*PAGE.glob("js/*.js"), *PAGE.glob("*.html")]]
    # A key stands in quotes, or begins with what stands before a gap: t(`status.${phase}`).
    quoted = {key for source in sources for key in re.findall(r'["`]([a-z][\w.-]*)["`]', source)}
    begun = {start for source in sources for start in re.findall(r"t\(`([a-z.]+)\$\{", source)}
    unused = [key for key in EN if key not in quoted and not any(key.startswith(start) for start in begun)]
    assert not unused
    marked = {key for source in sources for key in re.findall(r'data-(?:text|label)="([^"]+)"', source)}
    assert marked <= EN.keys()


def pairs_of(value, path=""):
    """Every {"en", "ko"} in a tree, with its place."""
    if isinstance(value, dict) and set(value) & {"en", "ko"}:
        yield path, value
    elif isinstance(value, dict):
        for key, item in value.items():
            yield from pairs_of(item, f"{path}.{key}")


@pytest.mark.parametrize("path", LESSON_TEXTS, ids=lambda path: path.stem)
def test_a_lessons_texts_are_in_both_languages(path):
    found = list(pairs_of(json.loads(path.read_text(encoding="utf-8")), path.stem))
    assert found
    for place, text in found:
        assert set(text) == {"en", "ko"}, place
        assert text["en"].strip() and not HANGUL.search(text["en"]), place
        assert HANGUL.search(text["ko"]) or is_a_symbol(place, text), place


def is_a_symbol(place, text):
    """Names on pictures and of choices, such as ReLU or H = Wx + b, are the same in every language."""
    return text["en"] == text["ko"] and len(text["en"]) <= 24 and re.search(r"\.(figures|choices)\.", place)


def test_every_lesson_and_every_option_has_its_texts():
    for lesson in lessons.catalog():
        for part in ("title", "shows", "look", "try"):
            assert set(lesson[part]) == {"en", "ko"}, (lesson["name"], part)
        for figure in lesson["figures"]:
            kind, _, name = figure.partition(":")
            words = lesson["figure_texts"].get(figure) or lesson["figure_texts"].get(name, {})
            needed = {"plot": {"title", "caption", "x", "y"}, "table": {"title", "caption"}}.get(kind, set())
            assert needed <= words.keys(), (lesson["name"], figure)
        for option in lesson["options"]:
            assert set(option["label"]) == set(option["help"]) == {"en", "ko"}, (lesson["name"], option["name"])
