"""The command line: what it prints, and that every mistake is one line and exit code 2, never a traceback."""

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

import pydl
from pydl import bench, lessons, losses
from pydl.cli import main

ROOT = Path(pydl.__file__).parents[1]
ENVIRONMENT = os.environ | {"PYTHONPATH": str(ROOT), "OPENBLAS_NUM_THREADS": "1"}
COMMAND = [sys.executable, "-m", "pydl"]


@pytest.fixture(autouse=True)
def english(monkeypatch):
    """The terminal's language, whatever this machine's is."""
    for name in ("LC_ALL", "LC_MESSAGES", "LANG"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def run(capsys):
    """Runs a command in this process: its exit code, standard output and standard error."""

    def command(*arguments):
        try:
            code = main(arguments)
        except SystemExit as ended:  # argparse's --help, --version and mistakes
            code = ended.code
        return code, *capsys.readouterr()

    return command


# ---- answers


def test_version(run):
    assert run("--version") == (0, f"pydl {pydl.__version__}\n", "")


@pytest.mark.parametrize("flag", ["-h", "--help"])
def test_help_names_the_commands(run, flag):
    code, out, error = run(flag)
    assert (code, error) == (0, "")
    for command in ("lessons", "run", "bench"):
        assert re.search(rf"^ +{command} ", out, re.MULTILINE)


def in_language(monkeypatch, way, language):
    """Asks for a language by a flag, or by the terminal's locale; the flags."""
    if way == "flag":
        return ["--language", language]
    monkeypatch.setenv("LANG", {"en": "C.UTF-8", "ko": "ko_KR.UTF-8"}[language])
    return []


@pytest.mark.parametrize("language", ["en", "ko"])
@pytest.mark.parametrize("way", ["flag", "locale"])
def test_lessons_are_listed_by_chapter_in_the_language_asked_for(run, monkeypatch, way, language):
    code, out, error = run("lessons", *in_language(monkeypatch, way, language))
    assert (code, error) == (0, "")
    lines = out.splitlines()
    places = []
    for entry in lessons.catalog():
        line = next(line for line in lines if line.split()[:1] == [entry["name"]])
        assert line.endswith(entry["title"][language])
        assert lines.index(entry["chapter"][language]) < lines.index(line)
        places.append(lines.index(line))
    assert places == sorted(places)


@pytest.mark.parametrize("arguments", [["run", "--help"], ["run", "-h"]], ids=" ".join)
def test_help_of_run_lists_the_lessons(run, arguments):
    code, out, error = run(*arguments)
    assert (code, error) == (0, "")
    assert all(f"  {name} " in out for name in lessons.NAMES)


@pytest.mark.parametrize("arguments", [["--help"], ["-h"], ["--epochs", "3", "--help"]], ids=" ".join)
def test_help_of_a_lesson_lists_its_options(run, arguments):
    code, out, error = run("run", "xor", *arguments)
    assert (code, error) == (0, "")
    assert all(lessons.texts("xor")[part]["en"] in unwrapped(out) for part in ("title", "shows", "look", "try"))
    assert all(f"--{name} " in out for name in lessons.options_for("xor"))
    assert "a whole number from 1 to 1,000,000 (default 500)" in out


def unwrapped(text):
    return " ".join(text.split())


@pytest.mark.parametrize("way", ["flag", "locale"])
@pytest.mark.parametrize("name", lessons.NAMES)
def test_help_of_every_lesson_is_there_in_korean(run, monkeypatch, way, name):
    flags = in_language(monkeypatch, way, "ko")
    code, out, error = run("run", name, *flags, "--help")
    assert (code, error) == (0, "")
    entry = lessons.describe(name)
    assert entry["shows"]["ko"] in unwrapped(out)
    for option in entry["options"]:
        assert f"--{option['name']} " in out
        assert option["help"]["ko"] in out


def test_defaults_are_shown_as_they_would_be_typed(run):
    assert "(default as it suits the place)" in run("run", "mnist_relu", "--help")[1]
    assert "(default 256,256)" in run("run", "mnist_relu", "--help")[1]
    assert "true or false (default true)" in run("run", "multiple_regression", "--help")[1]
    assert "(default empty)" in run("run", "multiple_regression", "--help")[1]
    assert max(map(len, run("run", "csv_in_out", "--help")[1].splitlines())) < 160, "a text of many lines is cut"


def test_a_lesson_is_run_with_its_options(run):
    code, out, error = run("run", "xor", "--epochs", "4", "--learning-rate", "0.1", "--seed=3", "--layers", "4,4")
    assert (code, error) == (0, "")
    expected = lessons.run("xor", epochs=4, learning_rate=0.1, seed=3, layers=(4, 4))
    assert out.count("epoch ") == 4
    for name, value in expected["result"].items():
        assert re.search(rf"^{name} +{value:.4f}$", out, re.MULTILINE)
    assert "0, 1 -> 1   output " in out
    assert "The cost after every epoch" in out


def test_a_lesson_draws_its_plots_and_tables_in_the_language_asked_for(run):
    for language, words in {
        "en": ["Walking down the cost", "weight W", "* cost of W", "step", "slope", "Result"],
        "ko": ["비용 곡선을 걸어 내려가기", "가중치 W", "* W의 비용", "스텝", "기울기", "결과", "에포크별 비용"],
    }.items():
        code, out, error = run("run", "cost_curve", "--language", language, "--epochs", "3")
        assert (code, error) == (0, "")
        assert all(word in out for word in words)
        assert re.search(r"^steps +3$", out, re.MULTILINE)
        assert re.search(r"^ +2 +3\.8800 +38\.7072 +26\.8800$", out, re.MULTILINE)


@pytest.mark.parametrize("flags", [["--scaling", "false"], ["--scaling=no"]], ids=" ".join)
def test_a_switch_is_switched_off(run, flags):
    code, out, error = run("run", "multiple_regression", *flags)
    assert (code, out) == (2, "")
    assert "the loss became" in error


def test_a_switch_alone_is_switched_on(run):
    for flags in (["--scaling", "--epochs", "3"], ["--epochs", "3", "--scaling"]):
        code, out, error = run("run", "multiple_regression", *flags)
        assert (code, error) == (0, "")
        assert out.count("epoch ") >= 3


def test_a_lesson_draws_a_digit(run):
    arguments = ["--dataset", "drawn_digits", "--subset", "100", "--epochs", "1", "--layers", "16"]
    code, out, error = run("run", "mnist_relu", *arguments)
    assert (code, error) == (0, "")
    assert re.search(r"^  a random test digit: label \d, prediction \d$", out, re.MULTILINE)
    assert re.search(r"^ +[ .:\-=+*#%@]*@", out, re.MULTILINE)
    assert re.search(r"^test_accuracy +[01]\.\d{4}$", out, re.MULTILINE)


BENCH = ["bench", "--device", "numpy", "--networks", "relu-mlp", "--rounds", "1", "--seconds", "0.001", "--models", "0"]


def test_bench_prints_contestants_and_their_ratio(run):
    code, out, error = run(*BENCH)
    assert (code, error) == (0, "")
    assert re.search(r"^  numpy +[\d.]+ \([\d,]+\)$", out, re.MULTILINE)
    assert re.search(r"relu-mlp, numpy to NumPy, by hand: \d+\.\d\d times as long", out)


def test_bench_prints_markdown(run):
    code, out, error = run(*BENCH, "--markdown")
    assert (code, error) == (0, "")
    assert "| ms per training step (images per second) | relu-mlp |\n| --- | ---: |\n| numpy | " in out


def test_bench_prints_json_or_writes_it_into_a_file(run, tmp_path):
    code, out, error = run(*BENCH, "--json")
    assert (code, error) == (0, "")
    figures = json.loads(out)
    assert set(figures["networks"]["relu-mlp"]["contestants"]) >= {"numpy", "NumPy, by hand"}
    assert (figures["rounds"], figures["devices"]) == (1, ["numpy"])
    code, out, error = run(*BENCH, "--json", str(tmp_path / "figures.json"))
    assert (code, error) == (0, "") and "ms per training step" in out
    assert set(json.loads((tmp_path / "figures.json").read_text())) == set(figures)


def test_bench_names_the_bars_that_it_misses(run):
    code, out, error = run(*BENCH, "--check")
    assert code == 1 and "ms per training step" in out
    assert "pydl: missed: a step of cnn on wasm: not measured, at most 50 ms\n" in error


@pytest.mark.slow
def test_a_training_step_takes_at_most_1_3_times_a_hand_written_one():
    figures = bench.Bench("numpy", ["relu-mlp"], rounds=15).measure("relu-mlp")
    assert figures["networks"]["relu-mlp"]["ratios"][0]["ratio"] <= 1.3


# ---- mistakes

MISTAKES = {
    "": ["required", "COMMAND"],
    "fly": ["'fly'", "lessons", "run", "bench"],
    "--fly": ["COMMAND"],
    "lessons xor": ["xor"],
    "lessons --language fr": ["--language", "'fr'"],
    "run": lessons.NAMES,
    "run nor": ["unknown lesson 'nor'", *lessons.NAMES],
    "run xor --language fr": ["--language", "'fr'"],
    "run xor --language": ["--language"],
    "run multiple_regression --scaling maybe": ["option scaling", "true or false", "'maybe'"],
    "run multiple_regression --file": ["option file", "value is missing"],
    "run multiple_regression --file nowhere.csv": ["nowhere.csv"],
    "run xor --width 3": ["no option width", "layers, activation"],
    "run xor --epochs many": ["option epochs", "a whole number from 1 to 1,000,000", "'many'"],
    "run xor --epochs 0": ["option epochs", "'0'"],
    "run xor --seed -1": ["option seed", "'-1'"],
    "run xor --layers 5,,5": ["option layers", "as in 256,256", "'5,,5'"],
    "run xor --activation gallop": ["one of sigmoid, tanh, relu", "'gallop'"],
    "run xor --device tpu": ["option device", "'tpu'"],
    "run xor --learning_rate nan": ["option learning_rate", "'nan'"],
    "run xor --epochs": ["option epochs", "value is missing"],
    "run xor --epochs --seed 3": ["option epochs", "value is missing"],
    "run xor epochs 3": ["--option value", "'epochs'"],
    "run xor --epochs 3 --epochs=4": ["epochs is given twice"],
    "run mnist_relu --subset 60001": ["option subset", "'60001'"],
    "bench --rounds 0": ["--rounds", "above 0", "'0'"],
    "bench --peak much": ["--peak", "TFLOP/s above 0", "'much'"],
    "bench --seconds x": ["--seconds", "'x'"],
    "bench --models -1": ["--models", "'-1'"],
    "bench --networks relu-mlp,resnet": ["'resnet'", "relu-mlp, dropout-mlp, cnn, deep-xor"],
    "bench --device tpu": ["unknown device 'tpu'", "'numpy'"],
    "bench --fast": ["--fast"],
}


@pytest.mark.parametrize("arguments", MISTAKES)
def test_a_mistake_is_one_line_and_exit_code_2(run, arguments):
    code, out, error = run(*arguments.split())
    assert (code, out) == (2, "")
    assert error.startswith("pydl: ")
    assert error.count("\n") == 1
    assert error.endswith("\n")
    for part in MISTAKES[arguments]:
        assert part in error


def test_a_loss_that_is_not_a_number_is_one_line(run, monkeypatch):
    monkeypatch.setattr(losses.BinaryCrossentropy, "call", lambda self, y_true, y_pred: (y_pred - 1e9).log())
    code, out, error = run("run", "xor")
    assert (code, out) == (2, "")
    assert re.fullmatch(r"pydl: the loss became nan at epoch 1, step 1 of 1\. Likely cause: .*\n", error)


def test_a_corrupt_data_file_is_one_line(run, monkeypatch, tmp_path):
    folder = tmp_path / "mnist"
    folder.mkdir()
    (folder / "train-images-idx3-ubyte.gz").write_bytes(b"not a gzip file at all")
    monkeypatch.setenv("PYDL_DATA", str(tmp_path))
    monkeypatch.setenv("PYDL_CACHE", str(tmp_path / "cache"))
    code, out, error = run("run", "mnist_relu")
    assert (code, out) == (2, "")
    assert error.startswith("pydl: ")
    assert error.count("\n") == 1
    assert "train-images-idx3-ubyte" in error


def test_mistakes_show_no_traceback_in_a_process_of_their_own():
    command = [*COMMAND, "run", "xor", "--epochs", "many"]
    ended = subprocess.run(command, capture_output=True, text=True, env=ENVIRONMENT)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("pydl: option epochs")
    assert ended.stderr.count("\n") == 1


def test_a_terminal_without_korean_letters_is_no_reason_to_fail():
    narrow = ENVIRONMENT | {"PYTHONIOENCODING": "ascii"}
    ended = subprocess.run([*COMMAND, "lessons", "--language", "ko"], capture_output=True, text=True, env=narrow)
    assert (ended.returncode, ended.stderr) == (0, "")
    assert "  XOR: ?" in ended.stdout


# ---- Ctrl-C


@pytest.mark.skipif(os.name != "posix", reason="signals are sent as POSIX has them")
def test_ctrl_c_ends_the_training_with_a_message():
    arguments = ["run", "xor", "--epochs", "100000"]
    process = subprocess.Popen(
        [*COMMAND, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    try:
        assert process.stdout.readline().startswith("epoch ")
        process.send_signal(signal.SIGINT)
        _, error = process.communicate(timeout=20)
    finally:
        process.kill()
    assert process.returncode == 130
    assert re.fullmatch(r"\npydl: training was stopped after \d+ finished epochs\n", error)


def test_ctrl_c_elsewhere_ends_with_a_message_too(run, monkeypatch):
    def measure(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(bench.Bench, "measure", measure)
    code, out, error = run("bench")
    assert (code, out) == (130, "")
    assert error == "\npydl: interrupted\n"


def test_the_signal_handler_is_put_back(run):
    signal.signal(signal.SIGINT, signal.default_int_handler)
    run("run", "xor", "--epochs", "1")
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_a_stop_asked_for_before_does_not_stop_the_next_run(run):
    pydl.train.control.request_stop()
    assert run("run", "xor", "--epochs", "1")[0] == 0


def test_a_first_ctrl_c_asks_for_a_stop_and_a_second_insists(run, monkeypatch):
    def impatient(name, **options):
        signal.raise_signal(signal.SIGINT)
        assert pydl.train.control.stop_requested()
        signal.raise_signal(signal.SIGINT)

    monkeypatch.setattr(lessons, "run", impatient)
    assert run("run", "xor")[0] == 130


def test_a_reader_that_goes_away_is_no_error():
    process = subprocess.Popen(
        [*COMMAND, "lessons"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=ENVIRONMENT
    )
    process.stdout.close()
    assert process.wait(60) == 141
    assert process.stderr.read() == ""
    process.stderr.close()
