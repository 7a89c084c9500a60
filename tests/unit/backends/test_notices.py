"""What a learner is told of a device's trouble: a sentence, once, to whoever listens."""

import pytest

from pydl.backends import errors, notices
from pydl.backends.notices import Notice

LOST = Notice("lost", "webgpu (SwiftShader)", "wasm", "the tab was in the background.")
KINDS = [errors.DeviceLost, errors.OutOfDeviceMemory, errors.InvalidOnDevice, errors.WrongNumbers]


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(notices, "_told", [])


def test_a_notice_is_a_sentence_that_says_where_it_goes_on_and_what_that_means():
    assert str(LOST) == (
        "webgpu (SwiftShader) was lost (the tab was in the background): pydl goes on with wasm from the last "
        "synchronised state; nothing is lost but a moment"
    )


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_failure_has_a_sentence(kind):
    said = str(Notice(kind.cause, "webgpu", "numpy", "the reason"))
    assert said.startswith("webgpu ") and "(the reason): pydl " in said and "with numpy" in said


def test_where_nobody_listens_it_is_a_line_on_standard_error(capsys):
    notices.tell(LOST)
    assert capsys.readouterr() == ("", f"pydl: {LOST}\n")


def test_who_listens_is_told_and_standard_error_stays_silent(capsys):
    first, second = [], []
    with notices.listening(first.append), notices.listening(second.append):
        notices.tell(LOST)
    assert first == second == [LOST]
    assert capsys.readouterr() == ("", "")
    notices.tell(LOST, notices.told())
    assert first == [LOST] and capsys.readouterr().err


def test_of_one_failure_is_told_once_and_of_the_next_one_again(capsys):
    heard = []
    with notices.listening(heard.append):
        notices.tell(LOST, 0)
        notices.tell(LOST, 0)  # by another Program, which was on the same device
        assert heard == [LOST]
        notices.tell(LOST, notices.told())  # one that was compiled later, on a device that was well again
        assert heard == [LOST, LOST]


def test_a_training_keeps_what_is_told_meanwhile_and_is_told_again_of_what_lasts(capsys):
    kept, others = [], []
    with notices.kept_in(kept):
        for _ in range(3):
            notices.tell(LOST)
    assert kept == [str(LOST)]
    with notices.kept_in(others):
        notices.tell(LOST)
    assert (kept, others) == ([str(LOST)], [str(LOST)])
    assert capsys.readouterr().err.count("was lost") == 2, "to keep it is not to show it"
