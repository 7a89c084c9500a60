"""Digits: the lesson reaches its accuracy in the page, shows what it sees, and never calls one data set another."""

import pytest

from tests.support.lab import PageError
from tests.support.tracing import main_thread_tasks

# In one run of the lesson with 10,000 training and 2,000 test images. The bar for the drawn digits is their own:
# they are another task, made to be harder.
EPOCHS = 5
BARS = {"mnist": 0.95, "drawn_digits": 0.85}
NAMES = {"mnist": "MNIST subset", "drawn_digits": "Drawn digits, not MNIST"}


@pytest.fixture(scope="module", params=["mnist", "drawn_digits"])
def trained(request, browser, shared_lab, site_facts):
    """One run of the lesson on each data set, in the shared page, with the main thread watched."""
    if request.param == "mnist" and not site_facts["data"]["mnist_subset"]:
        pytest.skip("the site was built without MNIST (none in PYDL_DATA or the cache, no mirror reached); "
                    "the same test runs on the drawn digits")
    answer, tasks = main_thread_tasks(
        browser, shared_lab.page, lambda: shared_lab.run("mnist_relu", dataset=request.param, epochs=EPOCHS))
    return request.param, answer, tasks


def test_the_lesson_reaches_its_test_accuracy_in_one_run(trained):
    dataset, answer, _ = trained
    print(f"{dataset}: test accuracy {answer['result']['test_accuracy']:.4f} in {answer['seconds']:.1f} s")
    assert answer["result"]["test_accuracy"] >= BARS[dataset]
    assert len(answer["history"]["val_accuracy"]) == EPOCHS


def test_no_task_of_the_main_thread_takes_100_ms_while_training(trained):
    tasks = trained[2]
    print(f"{len(tasks)} tasks, the longest {max(tasks):.0f} ms")
    assert len(tasks) > 100 and max(tasks) < 100


def test_the_page_names_the_data_set_that_was_used(lab, trained):
    lab.wait("document.querySelector('#results .source').innerText !== ''")
    text = lab.text("#results .source")
    assert text.startswith(NAMES[trained[0]]) and "10,000" in text and "2,000" in text


def test_a_grid_of_test_digits_marks_the_mistakes(lab, trained):
    cells = lab.page.eval_on_selector_all(
        ".digit-grid > li", "cells => cells.map(cell => [cell.title, cell.matches('[data-mistake]')])")
    assert len(cells) == 60
    for words, mistake in cells:
        assert mistake == ("read as" in words), words
    right = sum(not mistake for _, mistake in cells)
    assert right >= 50 and f"{right} of 60" in lab.text("[data-kind=digits]")


def test_a_random_digit_is_shown_with_its_label_and_prediction(lab, trained):
    text = lab.text("[data-figure=random_digit]")
    assert "Label" in text and "Prediction" in text
    assert lab.page.locator("[data-figure=random_digit] .probability").count() == 10


@pytest.fixture
def full_mnist(site_facts):
    if not site_facts["data"]["mnist"]:
        pytest.skip("the site was built without the full MNIST (none in PYDL_DATA or the cache, no mirror reached)")


def test_all_of_mnist_is_loaded_only_when_it_is_asked_for(lab, full_mnist):
    assert not [url for url in lab.requests if "/data/mnist/" in url]
    answer = lab.call("""(async () => {
        const training = new Promise((resolve) => { const off = pydl.on("fit", (fit) => { off(); resolve(fit); }); });
        const run = pydl.run("mnist_relu", {dataset: "mnist", subset: 0, epochs: 20});
        const {samples} = await Promise.race([training, run]);
        await pydl.stop();
        return {samples, stopped: (await run).stopped};
    })()""", limit=60)
    assert answer == {"samples": 60_000, "stopped": True}
    assert [url for url in lab.requests if "/data/mnist/" in url]


@pytest.mark.slow
def test_one_pass_over_all_of_mnist_reaches_96_percent(lab, full_mnist):
    assert lab.run("mnist_relu", dataset="mnist", subset=0, epochs=1)["result"]["test_accuracy"] >= 0.96


def test_a_site_without_mnist_says_so_and_offers_the_drawn_digits(new_lab, altered):
    altered.without_mnist()
    lab = new_lab(altered.serve()).open()
    lab.choose("mnist_relu")
    assert lab.page.input_value('[data-option="dataset"]') == "drawn_digits"
    assert lab.page.is_disabled('[data-option="dataset"] option[value="mnist"]')
    assert "without MNIST" in lab.text("#options")
    lab.option("epochs", "1")
    lab.click("#train")
    lab.wait("document.querySelector('#results').innerText.includes('Done')", limit=120)
    assert "Drawn digits, not MNIST" in lab.text("#results")
    with pytest.raises(PageError, match="drawn_digits") as refusal:
        lab.run("mnist_relu", dataset="mnist")
    assert "Traceback" not in str(refusal.value)
    assert lab.foreign_requests() == []
