"""Plots and tables, from whatever code shows them: drawn, read by the pointer, redrawn with more data, safe."""

import pytest

PLOT = """
import numpy as np
from pydl.lessons import show
x = np.linspace(-2, 2, 201)
values = np.stack([x ** 2, np.where(x < 0, np.nan, x)])
show("plot", name="trial", lines=["square", "half"], x=x, values=values, points=[[-1, 1], [1, 1]], walk=True)
"""
TABLE = """
from pydl.lessons import show
show("table", name="trial", columns=["name", "share", "count", "right"], percent=["share"],
     rows=[["ReLU", 0.976, 1000, True], ["<b>softmax</b>", None, 0.5, False]])
"""


@pytest.fixture
def shown(lab):
    """Runs code in the page and gives the picture that it shows."""
    lab.choose("xor")

    def show(code, figure):
        answer = lab.exec(code)
        assert answer["error"] is None, answer["error"]
        picture = lab.page.locator(f'[data-figure="{figure}"]')
        picture.wait_for()
        lab.page.wait_for_timeout(100)
        return picture

    return show


def test_a_plot_has_a_legend_with_every_line_and_its_newest_value(shown):
    picture = shown(PLOT, "plot:trial")
    entries = [text.split() for text in picture.locator(".legend-line").all_inner_texts()]
    assert entries == [["square", "4"], ["half", "2"]]
    assert "square: from 4 to 4" in picture.locator(".plot").get_attribute("aria-label")


def test_the_pointer_reads_a_plot_and_a_gap_has_no_value(shown):
    picture = shown(PLOT, "plot:trial")
    area = picture.locator(".u-over")
    box = area.bounding_box()
    area.hover(position={"x": box["width"] / 4, "y": 20})
    entries = [text.split() for text in picture.locator(".legend-line").all_inner_texts()]
    assert entries == [["square", "1"], ["half", "–"]]
    assert picture.locator(".axis-name.x").inner_text() == "x = -1"


def test_pressing_a_line_in_the_legend_hides_it_and_it_stays_hidden(shown):
    picture = shown(PLOT, "plot:trial")
    line = picture.locator(".legend-line").first
    line.press("Enter")
    assert line.get_attribute("aria-pressed") == "false"
    shown(PLOT.replace("x ** 2", "x ** 4"), "plot:trial")
    assert line.get_attribute("aria-pressed") == "false"
    line.press("Enter")
    assert line.get_attribute("aria-pressed") == "true"


def test_a_plot_on_a_logarithmic_axis_marks_powers_of_ten_and_leaves_out_zero(shown):
    picture = shown("from pydl.lessons import show\n"
                    "show('plot', name='log', lines=['a'], x=[0, 1, 2], values=[[1, 1e-6, 0]], log=True)", "plot:log")
    assert picture.locator(".legend-line").inner_text().split() == ["a", "1e-6"]


def test_a_plot_of_nothing_yet_waits(shown):
    picture = shown("from pydl.lessons import show\nshow('plot', name='none', lines=['a'], x=[], values=[[]])",
                    "plot:none")
    assert "drawn while the lesson runs" in picture.inner_text()


def test_a_table_aligns_and_formats_its_cells(shown):
    picture = shown(TABLE, "table:trial")
    rows = [row.split("\t") for row in picture.locator("tr").all_inner_texts()]
    assert [cell.split() for cell in rows[1]] == [["ReLU"], ["97.60%"], ["1,000"], ["✓", "yes"]]
    assert [cell.split() for cell in rows[2]] == [["<b>softmax</b>"], ["–"], ["0.5"], ["✕", "no"]]
    align = "element => getComputedStyle(element).textAlign"
    assert picture.locator("tbody th").first.evaluate(align) == "left"
    assert picture.locator("td").first.evaluate(align) == "right"


def test_pictures_of_the_code_go_when_another_lesson_is_chosen(lab, shown):
    shown(TABLE, "table:trial")
    lab.choose("mnist_relu")
    assert lab.page.locator("[data-figure='table:trial']").count() == 0


def test_the_charts_show_the_fit_under_way_and_at_the_end_every_network(lab):
    """A lesson that trains two networks, made here of XOR's own run."""
    lab.exec("""
from pydl.lessons import xor
kept = xor.run
def run(**options):
    first = kept(**options | {"epochs": 30})["history"]
    second = kept(**options | {"epochs": 20})
    return second | {"history": second["history"] | {f"first_{name}": values for name, values in first.items()}}
run.__signature__, run.__annotations__ = __import__("inspect").signature(kept), kept.__annotations__
xor.run = run
""")
    try:
        fits = lab.call("""(async () => {
            const fits = [], off = pydl.on("fit", () => fits.push(document.querySelector("#chart-cost").innerText));
            await pydl.run("xor");
            off();
            return fits;
        })()""")
        assert len(fits) == 2
        lab.wait("document.querySelector('#results').innerText.includes('Done')")
        lab.page.wait_for_timeout(100)
        assert [text.split("\n")[0] for text in lab.page.locator("#chart-cost .legend-line").all_inner_texts()] == [
            "Training", "first, training"]
        lab.page.locator("#numbers").evaluate("(details) => { details.open = true; }")
        lab.page.locator("#numbers th").first.wait_for()
        assert "first: Training cost" in lab.text("#numbers thead")
        assert lab.text("#numbers tbody tr:last-child th") == "30"
    finally:
        lab.page.locator("#numbers").evaluate("(details) => { details.open = false; }")
        lab.exec("xor.run = kept")
