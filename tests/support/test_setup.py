"""The command `python3 -m tests` itself, as far as it can be tested from inside."""

import ast
import shutil
import subprocess
import sys
import time

import pytest

from tests.support import chromium, debian, environment
from tests.support.process import ROOT, SetupError, run
from tests.support.runner import main


def test_help_explains_itself_and_where_other_arguments_go(capsys):
    with pytest.raises(SystemExit) as ending:
        main(["--help"])
    assert ending.value.code == 0
    text = capsys.readouterr().out
    assert "--no-browser" in text and "-m slow" in text and "go to pytest" in text


@pytest.mark.parametrize("name", ["__main__.py", "__init__.py"])
def test_an_old_python_can_read_far_enough_to_say_that_it_is_old(name):
    ast.parse((ROOT / "tests" / name).read_text(), feature_version=(3, 4))


def test_a_failed_command_becomes_one_message_with_the_end_of_its_output():
    with pytest.raises(SetupError, match=r"exit code 3(.|\n)*the reason"):
        run([sys.executable, "-c", "print('the reason'); raise SystemExit(3)"], limit=30)


def test_a_command_that_hangs_is_ended_with_the_programs_it_started():
    hanging = "import subprocess, sys; subprocess.run([sys.executable, '-c', 'import time; time.sleep(60)'])"
    start = time.monotonic()
    with pytest.raises(SetupError, match="took longer than 1 s"):
        run([sys.executable, "-c", hanging], limit=1)
    assert time.monotonic() - start < 10


def test_a_missing_program_is_named():
    with pytest.raises(SetupError, match="no-such-program"):
        run(["no-such-program", "--version"], limit=5)


def test_a_browser_named_in_the_environment_must_work(monkeypatch):
    pytest.importorskip("playwright")
    monkeypatch.setenv("PYDL_CHROMIUM", sys.executable)
    with pytest.raises(SetupError, match="PYDL_CHROMIUM names"):
        chromium.provide(sys.executable)


def test_without_any_browser_the_message_says_where_it_was_looked_for_and_what_to_do(monkeypatch):
    def unreachable(python, path):
        raise SetupError("Playwright's download: no connection")

    monkeypatch.delenv("PYDL_CHROMIUM", raising=False)
    monkeypatch.setattr(chromium, "installed", list)
    monkeypatch.setattr(chromium, "_path_of_playwrights_own", lambda python: "nowhere")
    monkeypatch.setattr(chromium, "_playwrights_own", unreachable)
    monkeypatch.setattr(debian, "may_install", lambda: False)
    with pytest.raises(SetupError) as failure:
        chromium.provide(sys.executable)
    message = str(failure.value)
    for part in ("none on PATH", "no connection", "only used as root", "PYDL_CHROMIUM", "--no-browser"):
        assert part in message, message


def test_ubuntus_pointer_to_a_snap_is_not_installed(monkeypatch):
    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "family", lambda: {"ubuntu", "debian"})
    with pytest.raises(SetupError, match="snap"):
        chromium._from_apt(sys.executable)


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_what_is_named_venv_but_is_something_else_is_left_alone(monkeypatch, tmp_path, kind):
    venv = tmp_path / ".venv"
    if kind == "folder":
        (venv / "notes").mkdir(parents=True)
    elif kind == "file":
        venv.write_text("mine")
    else:
        venv.symlink_to(tmp_path / "gone")
    monkeypatch.setattr(environment, "VENV", venv)
    with pytest.raises(SetupError, match="Move it away"):
        environment._make()
    assert venv.exists() or venv.is_symlink()


@pytest.mark.slow
def test_a_broken_environment_is_made_anew(monkeypatch, tmp_path):
    venv = tmp_path / ".venv"
    python = venv / environment.PYTHON.relative_to(environment.VENV)
    monkeypatch.setattr(environment, "VENV", venv)
    monkeypatch.setattr(environment, "PYTHON", python)
    environment._make()
    assert environment._works()
    python.unlink()
    python.symlink_to(tmp_path / "gone")
    assert not environment._works()
    environment._make()
    assert environment._works()


def test_the_ci_command_is_a_sound_bash_script():
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("no bash here")
    subprocess.run([bash, "-n", ROOT / ".ci" / "run"], check=True)
