"""device="auto": the fastest is kept, trials leave no trace, and their figures are remembered."""

import json

import numpy as np
import pytest

import pydl
from pydl import Variable, files, jit, nn, optim
from pydl.backends import Auto, auto, device, errors, notices, trials
from tests.unit.backends.fake import Fake, FakeGPU

LARGE = np.random.default_rng(0).standard_normal((100, 100)).astype(np.float32)  # a product takes 2 million operations
FIGURES = {"numpy": 1.0, "wasm": 5.0}  # milliseconds, as the trial below pretends to find them


@pytest.fixture
def fake(monkeypatch, tmp_path):
    fake = Fake()
    monkeypatch.setitem(device._BACKENDS, "wasm", lambda: fake)
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(trials, "cache_folder", files.cache_folder)
    monkeypatch.setattr(trials, "_known", {})
    return fake


@pytest.fixture
def gpu(fake, monkeypatch):
    gpu = FakeGPU()
    monkeypatch.setitem(device._BACKENDS, "webgpu", lambda: gpu)
    return gpu


@pytest.fixture
def tried(monkeypatch):
    """The trials that were made, whose outcome is `FIGURES`."""
    made = []

    def try_out(program, names):
        made.append(program.name)
        return dict(FIGURES)

    monkeypatch.setattr(auto, "_try_out", try_out)
    return made


def product(**options):
    def product(x):
        return x @ x

    return jit(product, **options)


def test_where_there_is_one_device_nothing_is_tried(fake, tried):
    fake.here = False
    prepared = product().prepared(LARGE)
    assert (prepared.device, prepared.trial, tried) == ("numpy", {}, [])


def test_a_tiny_program_goes_to_wasm_without_a_trial(fake, tried):
    prepared = product().prepared(LARGE[:20, :20])
    assert (prepared.device, prepared.trial, tried) == ("wasm", {}, [])


def test_a_tiny_program_that_wasm_cannot_run_goes_to_numpy(fake):
    fake.refuses = ("product",)
    assert product().prepared(LARGE[:20, :20]).device == "numpy"


def test_work_is_counted_by_products_and_elements():
    two = jit(lambda x: (x @ x).reshape(-1) + 1, device="numpy").program(LARGE)
    assert two.operations == 2 * 100**3 + 2 * 100**2


@pytest.mark.parametrize("figures, chosen", [({"numpy": 1, "wasm": 2}, "numpy"), ({"numpy": 2, "wasm": 1}, "wasm")])
def test_the_fastest_is_kept_and_its_figures(figures, chosen, fake, monkeypatch, tried):
    monkeypatch.setitem(FIGURES, "numpy", figures["numpy"])
    monkeypatch.setitem(FIGURES, "wasm", figures["wasm"])
    function = product()
    prepared = function.prepared(LARGE)
    assert (prepared.device, prepared.trial) == (chosen, figures)
    np.testing.assert_allclose(function(LARGE).numpy(), LARGE @ LARGE, rtol=1e-4)


def test_another_size_of_batch_follows_without_a_trial(fake, tried):
    function = product()
    for size in (100, 99, 98):
        assert function.prepared(LARGE[:size, :size]).device == "numpy"
    assert tried == ["product"]


def test_one_choice_follows_another(fake, tried):
    leader = Auto()
    program = product(device="numpy").program(LARGE)
    assert Auto(leader).place(program).device == "numpy" and len(tried) == 1
    trials._known.clear()
    trials._path().unlink()
    leader.place(program)
    follower = Auto(leader)
    assert (follower.place(program).device, len(tried)) == ("numpy", 2)


def test_a_slow_device_loses_a_real_trial_and_is_asked_for_few_steps(fake):
    fake.seconds = 0.05
    prepared = product().prepared(LARGE)
    assert prepared.device == "numpy"
    assert prepared.trial["wasm"] >= 50 > prepared.trial["numpy"] > 0
    assert all(each.closed for each in fake.executables)
    assert fake.steps("product") == 2, "one to warm up, and one that takes as long as a run"


def test_steps_are_timed_many_at_a_time_as_a_fit_has_them(fake, monkeypatch):
    fake.seconds = 0.001
    monkeypatch.setattr(auto, "ENOUGH", 0.2)
    weight = Variable(LARGE)
    jit(lambda x, y: weight.assign(weight @ x + y), device="auto").prepared(LARGE, LARGE)
    [executable] = fake.of("<lambda>")[:1]
    counts = [count for _, count in executable.chunks]
    assert counts[:3] == [1, 1, 10] and sum(counts) > 20
    assert [feed.closed for feed in executable.feeds] == [True]


@pytest.mark.parametrize("number", [np.float32(2), LARGE[:7]])
def test_what_cannot_be_fed_is_called_step_by_step(number, fake):
    fake.seconds = 0.001
    step = jit(lambda x, number: x @ x * number.sum())
    assert set(step.prepared(LARGE, number).trial) == {"numpy", "wasm"}
    assert not fake.executables[0].feeds and fake.executables[0].calls >= 3


def test_a_loss_that_is_no_number_in_the_trial_is_no_obstacle(fake):
    weight = Variable(LARGE)
    step = jit(lambda x: weight.assign(weight @ x * 1e9) or weight.sum())
    assert set(step.prepared(LARGE).trial) == {"numpy", "wasm"}


# ---- with a GPU


def test_a_tiny_program_does_not_even_ask_for_a_gpu(fake, gpu, tried):
    assert product().prepared(LARGE[:20, :20]).device == "wasm"
    fake.here = False
    assert product().prepared(LARGE[:20, :20]).device == "numpy"
    assert (gpu.asked, tried) == (0, [])


def test_a_gpu_that_is_the_fastest_is_chosen_and_all_figures_are_shown(fake, gpu, capsys, monkeypatch):
    fake.seconds, gpu.seconds = 0.02, 1e-9
    monkeypatch.setattr(auto, "HOPELESS", 1e9)
    monkeypatch.setitem(device._BACKENDS, "numpy", lambda: fake)  # NumPy is hard to be faster than, with itself
    model = wide()
    history = model.fit(LARGE, LARGE, batch_size=32)
    assert (history.device, history.adapter) == ("webgpu", "Toy 3000")
    assert min(history.trial, key=history.trial.get) == "webgpu" and set(history.trial) == {"numpy", "wasm", "webgpu"}
    assert capsys.readouterr().out.startswith("device: webgpu (Toy 3000), ")


@pytest.mark.parametrize("kind", [errors.DeviceLost, errors.OutOfDeviceMemory, errors.WrongNumbers])
@pytest.mark.parametrize("event, after", [("compile", 0), ("feed", 0), ("step", 0), ("step", 2), ("ran", 1)])
def test_a_gpu_that_fails_in_the_trial_is_passed_over_without_a_word(event, after, kind, fake, gpu):
    gpu.fail(event, after, kind("in the trial"))
    heard = []
    with notices.listening(heard.append):
        prepared = product().prepared(LARGE)
    assert gpu.gone and not heard
    assert prepared.device in ("numpy", "wasm") and set(prepared.trial) == {"numpy", "wasm"}


@pytest.mark.parametrize("factor, believed", [(1.05, False), (np.float32(np.nan), False), (1.0001, True)])
def test_a_device_that_computes_something_else_than_numpy_is_never_chosen(factor, believed, fake, gpu):
    gpu.lies = np.float32(factor)
    assert ("webgpu" in product().prepared(LARGE).trial) == believed
    assert ("webgpu" in product().prepared(LARGE).trial) == believed, "nor is it when the trial is remembered"


def test_what_was_measured_holds_for_that_gpu_only(fake, gpu, tried):
    for name, trials_made in (("Toy 3000", 1), ("Toy 3000", 1), ("Toy 4000", 2), ("Toy 3000", 2)):
        gpu.name = name
        product().prepared(LARGE)
        assert len(tried) == trials_made


def test_a_gpu_that_does_not_support_another_program_leaves_that_to_wasm(fake, gpu, monkeypatch):
    monkeypatch.setattr(auto, "_try_out", lambda program, names: {"numpy": 3.0, "wasm": 2.0, "webgpu": 1.0})
    gpu.refuses = ("_evaluate_step",)
    model = wide()
    assert model.fit(LARGE, LARGE, verbose=0, validation_split=0.2).device == "webgpu"
    assert model.compiled("evaluate", "auto").device == "wasm"


def test_a_device_that_cannot_run_the_program_is_passed_over_and_nothing_is_run(fake):
    fake.refuses = ("product",)
    prepared = product().prepared(LARGE)
    assert (prepared.device, prepared.trial) == ("numpy", {})


def test_a_device_that_breaks_off_in_the_trial_is_passed_over(fake):
    fake.fails = ("product", 0)
    assert product().prepared(LARGE).device == "numpy"


def test_a_trial_leaves_no_trace(fake):
    weight, count = Variable(LARGE.copy()), Variable(0, dtype="int32")

    def step(x, labels):
        weight.assign(weight @ weight + x + labels.astype("float32").sum())
        count.assign(count + 1)
        return x.sum()

    generator = pydl.random.default.counter.item()
    state = np.random.get_state()[1].tobytes()
    jit(step, device="numpy").prepared(LARGE, np.zeros(3, np.int32))  # to trace it counts as an assign
    versions = weight._version, count._version
    function = jit(step)
    function.prepared(LARGE, np.zeros(3, np.int32))
    assert fake.steps("step") > 0
    np.testing.assert_array_equal(weight.numpy(), LARGE)
    assert (count.item(), weight._version, count._version) == (0, *(2 * version for version in versions))
    assert pydl.random.default.counter.item() == generator and np.random.get_state()[1].tobytes() == state


def wide():
    pydl.seed(0)
    model = nn.Sequential([nn.Dense(300, "relu"), nn.Dropout(0.5), nn.Dense(100)], input_shape=(100,))
    model.compile(optim.Adam(0.01), "mse")
    return model


def test_a_fit_that_tries_devices_learns_what_one_on_the_chosen_device_learns(fake):
    histories = []
    for where in ("auto", "numpy"):
        model = wide()
        fitted = model.fit(LARGE, LARGE, batch_size=32, epochs=2, verbose=0, device=where, validation_split=0.2)
        histories.append((fitted.history, [w.tobytes() for w in model.get_weights()]))
        if where == "auto":
            assert fitted.device in ("numpy", "wasm") and set(fitted.trial) == {"numpy", "wasm"}
    assert histories[0] == histories[1], "the fake computes with NumPy"


def test_fit_says_what_was_chosen_and_by_what_figures(fake, tried, capsys):
    for verbose in (1, 2):
        seen = wide().fit(LARGE, LARGE, batch_size=32, verbose=verbose)
        assert (seen.device, seen.trial) == ("numpy", FIGURES)
        assert capsys.readouterr().out.startswith("device: numpy, 1.00 ms per step (wasm 5.00)\nepoch 1/1 ")


def test_an_evaluation_goes_where_the_training_goes_and_a_prediction_where_it_likes(fake, tried):
    model = wide()
    model.fit(LARGE, LARGE, batch_size=32, verbose=0, validation_split=0.2)
    model.predict(LARGE)
    assert tried == ["_train_step", "_predict_step"]
    assert model.compiled("evaluate", "auto").device == model.compiled("predict", "auto").device == "numpy"


# ---- remembered


def test_a_trial_is_made_once_for_a_program_in_this_process_and_in_the_next(fake, tried):
    for _ in range(2):
        product().prepared(LARGE)
    assert tried == ["product"]
    trials._known.clear()  # as another process has it
    assert product().prepared(LARGE).trial == FIGURES
    assert tried == ["product"]
    product().prepared(LARGE[:90, :90])
    assert tried == ["product"] * 2, "another shape is another Program"


DAMAGED = {
    "empty": lambda content: "",
    "half": lambda content: content[: len(content) // 2],
    "another kind": lambda content: "[1, 2]",
    "deep": lambda content: "[" * 100_000,
    "another version": lambda content: content.replace(pydl.__version__, "0.0.0"),
    "another machine": lambda content: json.dumps(json.loads(content) | {"machine": "elsewhere"}),
    "no trials": lambda content: json.dumps(json.loads(content) | {"trials": 3}),
    "texts as figures": lambda content: content.replace("5.0", '"fast"'),
    "no figures": lambda content: content.replace("5.0", "NaN"),
}


@pytest.mark.parametrize("name", DAMAGED)
def test_a_file_that_does_not_fit_is_made_anew(name, fake, tried):
    product().prepared(LARGE)
    path = trials._path()
    path.write_text(DAMAGED[name](path.read_text()))
    trials._known.clear()
    assert product().prepared(LARGE).trial == FIGURES
    assert tried == ["product"] * 2
    trials._known.clear()
    product().prepared(LARGE)
    assert tried == ["product"] * 2, "the file is good again"


def test_a_folder_that_cannot_be_written_is_no_error(fake, tried, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "file" / "cache"))
    assert product().prepared(LARGE).device == "numpy"


def test_what_is_remembered_is_bounded(fake, monkeypatch):
    monkeypatch.setattr(trials, "LIMIT", 5)
    programs = [product(device="numpy").program(LARGE[:n, :n]) for n in range(1, 9)]
    for program in programs:
        trials.keep(program, ["numpy", "wasm"], FIGURES)
    assert len(trials._known) == len(json.loads(trials._path().read_text())["trials"]) == 5
    assert trials.recall(programs[-1], ["wasm", "numpy"]) == FIGURES
    assert trials.recall(programs[0], ["wasm", "numpy"]) is None
