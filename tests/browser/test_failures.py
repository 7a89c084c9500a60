"""What goes wrong, and that the page says so and recovers: Python's errors, dead workers, missing or broken files."""

import pytest

from tests.support.lab import PageError

DEATHS = {
    "it ends": "import asyncio, js; js.close(); await asyncio.sleep(60)",
    "it crashes": "import ctypes; ctypes.string_at(0xfffffff0, 100)",
}


@pytest.mark.parametrize("code", DEATHS.values(), ids=DEATHS)
def test_a_dead_worker_is_replaced_and_the_pending_call_rejects(new_lab, code):
    lab = new_lab(expected=["console error"]).open()
    with pytest.raises(PageError, match="worker"):
        lab.exec(code, limit=30)
    assert lab.exec("1 + 1", limit=60)["value"] == 2
    assert lab.run("xor")["result"]["accuracy"] == 1.0


def test_a_training_that_diverges_says_why_and_shows_no_traceback(lab):
    with pytest.raises(PageError, match="learning rate 100 is too large") as failure:
        lab.run("mnist_relu", dataset="drawn_digits", subset=1000, learning_rate=100, layers=[512] * 10)
    assert "nan" in str(failure.value) and "step" in str(failure.value)
    assert lab.page.is_hidden("#traceback")
    assert lab.run("xor", epochs=1)["stopped"] is False


def test_an_exception_in_a_lesson_shows_its_traceback_in_the_page(lab):
    lab.exec("from pydl.lessons import xor\nkept, xor.run = xor.run, None")
    try:
        with pytest.raises(PageError):
            lab.run("xor")
        lab.wait("document.querySelector('#traceback')?.innerText.includes('Traceback')")
        assert "TypeError" in lab.text("#traceback")
    finally:
        lab.exec("xor.run = kept")
    assert lab.run("xor")["result"]["accuracy"] == 1.0


BROKEN = {
    "a missing Python": ("pyodide/pyodide.asm.wasm", None),
    "a missing worker": ("worker/worker.js", None),
    "a missing bridge": ("worker/bridge.py", None),
    "a missing NumPy": ("numpy", None),
    "a corrupt NumPy": ("numpy", b"PK not a wheel"),
    "a corrupt Python": ("pyodide/pyodide.asm.wasm", b"\0asm not a module"),
}


@pytest.mark.parametrize("name, content", BROKEN.values(), ids=BROKEN)
def test_a_broken_site_gives_a_message_in_the_page_and_no_hang(new_lab, altered, name, content):
    if name == "numpy":
        name = altered.numpy_wheel()
    altered.remove(name) if content is None else altered.replace(name, content)
    lab = new_lab(altered.serve(), expected=["console error", "threw"]).open(wait=False)
    lab.wait("window.pydl !== undefined")
    with pytest.raises(PageError, match="could not start"):
        lab.ready(limit=30)
    lab.wait("document.querySelector('#error')?.innerText.trim().length > 10")
    with pytest.raises(PageError, match="could not start"):
        lab.run("xor", limit=30)
