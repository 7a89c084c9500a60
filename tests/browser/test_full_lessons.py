"""Every lesson whole in the page, with its own defaults and with the settings of its quoted figures, and its time.

The times are left as a table in `tests/artifacts`; the README's is taken from there.
"""

import json
import math

import pytest

from pydl import lessons
from tests.support.full_lessons import FULL

pytestmark = pytest.mark.slow

LIMIT = 900  # seconds for one lesson
NEEDS_MNIST = {name for name in lessons.NAMES if "subset" in lessons.options_for(name) and "mnist" in name}
NEEDS_MNIST |= {"softmax_regression"}
RUN = """(async () => {
    const printed = [];
    let trial = {};
    const watch = (event) => { trial = event.trial; };
    const offs = [pydl.on("output", ({text}) => printed.push(text)), pydl.on("fit", watch), pydl.on("epoch", watch)];
    try {
        const answer = await pydl.run(%s, %s);
        return {...answer, trial, printed: printed.join("")};
    } finally {
        offs.forEach((off) => off());
    }
})()"""
# With the page's defaults, which are 10,000 images of MNIST: the accuracy on the 2,000 for the test.
READ = {
    "softmax_regression": 0.88, "mnist_relu": 0.94, "mnist_softmax_vs_relu": 0.85, "mnist_dnn": 0.90,
    "mnist_keras": 0.80, "mnist_dropout": 0.94, "mnist_cnn": 0.97, "mnist_ensemble": 0.95,
}  # fmt: skip


@pytest.fixture(scope="module")
def times(artifacts):
    """The seconds of every lesson, written down as they come: a run of some lessons changes those only."""
    path = artifacts / "full_lessons.json"
    known = json.loads(path.read_text()) if path.exists() else {}

    def note(name, settings, answer):
        result = answer["result"]
        reached = {key: result[key] for key in ("test_accuracy", "accuracy", "loss") if result.get(key) is not None}
        row = {"seconds": round(answer["seconds"], 2), "device": answer["device"], "trial": answer["trial"], **reached}
        known.setdefault(name, {})[settings] = row
        print(f"{name}, {settings}: {row}")
        path.write_text(json.dumps(known, indent=1) + "\n")
        path.with_suffix(".md").write_text(markdown(known))

    return note


def markdown(known):
    """The table: a lesson to a line, its times in seconds."""
    lines = ["| lesson | the page's defaults | whole |", "|---|---|---|"]
    for name in sorted(known, key=lambda name: lessons.NAMES.index(name.partition(",")[0])):
        cells = []
        for settings in ("defaults", "full"):
            row = known[name].get(settings)
            accuracy = row and row.get("test_accuracy")
            cells.append("" if not row else f"{row['seconds']:.1f} s" + (f", {accuracy:.2%}" if accuracy else ""))
        lines.append(f"| `{name}` | {' | '.join(cells)} |")
    return "\n".join(lines) + "\n"


def ran(lab, lesson, options, site_facts):
    if lesson in NEEDS_MNIST and not site_facts["data"]["mnist"]:
        pytest.skip("the site was built without the full MNIST (none in PYDL_DATA or the cache, no mirror reached)")
    return lab.call(RUN % (json.dumps(lesson), json.dumps(options)), limit=LIMIT)


@pytest.mark.parametrize("lesson", lessons.NAMES)
def test_the_pages_own_defaults_give_what_the_desktop_gives(lab, site_facts, times, lesson):
    answer = ran(lab, lesson, {}, site_facts)
    times(lesson, "defaults", answer)
    assert answer["stopped"] is False
    if lesson in NEEDS_MNIST:
        assert answer["result"]["test_accuracy"] >= READ[lesson]
        return
    if lesson == "xor_deep":
        assert answer["result"]["loss"] < 0.001
        return
    here = {"device": "numpy"} if "device" in lessons.options_for(lesson) else {}
    there = lessons.run(lesson, **here)["result"]
    for name, value in there.items():
        if isinstance(value, float) and math.isfinite(value):
            assert answer["result"][name] == pytest.approx(value, rel=0.02, abs=2e-3), name


@pytest.mark.parametrize("name", FULL)
def test_a_lesson_reaches_its_full_result_in_the_page(lab, site_facts, times, name):
    lesson, options, check = FULL[name]
    answer = ran(lab, lesson, options, site_facts)
    times(name, "full", answer)
    check(answer, answer["printed"])
