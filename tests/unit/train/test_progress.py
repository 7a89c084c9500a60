"""The progress bar: redrawn in place on a terminal, a few plain lines elsewhere."""

import io
import re

import numpy as np
import pytest

from pydl import nn
from pydl.jit.compiled import Rows
from pydl.train import ProgressBar, progress

X, Y = np.ones((6, 2), np.float32), np.ones((6, 1), np.float32)


class Terminal(io.StringIO):
    def isatty(self):
        return True


def shown(stream, epochs, monkeypatch=None):
    if monkeypatch:
        monkeypatch.setattr(progress, "_REDRAW", 0.0)  # after every batch
        monkeypatch.setattr(Rows, "chunk", 0.0)  # of which one runs at a time
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    model.fit(X, Y, batch_size=2, epochs=epochs, verbose=0, callbacks=[ProgressBar(stream)])
    return stream.getvalue()


def test_on_a_terminal_one_line_per_epoch_is_redrawn(monkeypatch):
    text = shown(Terminal(), 2, monkeypatch)
    lines = text.split("\n")
    assert len(lines) == 3
    assert lines[2] == ""
    for number, line in enumerate(lines[:2], 1):
        drawings = line.split("\r\x1b[K")[1:]
        assert len(drawings) == 4, "three batches and the end of the epoch"
        pattern = rf"epoch {number}/2 \[=*\.*\] \d+\.\d\d ms/step  loss \d\.\d{{4}}  accuracy [01]\.\d{{4}}"
        assert all(re.fullmatch(pattern, drawing) for drawing in drawings), drawings
        assert [drawing.count("=") for drawing in drawings] == [8, 16, 24, 24]


def test_a_terminal_keeps_one_line_of_many_epochs():
    text = shown(Terminal(), 50)
    assert text.count("\n") == 1
    assert text.endswith("\n")


def test_a_terminal_is_not_redrawn_more_often_than_it_can_be_read():
    assert shown(Terminal(), 1).count("\r") <= 2


def test_elsewhere_plain_lines_are_written():
    lines = shown(io.StringIO(), 3).splitlines()
    assert len(lines) == 3
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(rf"epoch {number}/3 \d+\.\d\d ms/step  loss \d\.\d{{4}}  accuracy [01]\.\d{{4}}", line)


@pytest.mark.parametrize("epochs", [1, 19, 20, 21, 39, 41, 100, 101])
def test_elsewhere_there_are_never_more_than_twenty_lines_and_the_last_is_there(epochs):
    lines = shown(io.StringIO(), epochs).splitlines()
    assert 1 <= len(lines) <= 20
    assert re.match(rf"epoch +{epochs}/{epochs} ", lines[-1])


def test_verbose_writes_to_standard_output(capsys):
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, Y, verbose=0)
    assert capsys.readouterr().out == ""
    model.fit(X, Y)
    assert capsys.readouterr().out.startswith("epoch 1/1 ")


def test_verbose_2_writes_a_line_for_every_epoch(capsys):
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse", metrics=["accuracy"])
    model.fit(X, Y, epochs=30, verbose=2, validation_data=(X, Y))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 30
    values = "  ".join(rf"{name} \d+\.\d{{4}}" for name in ("loss", "accuracy", "val_loss", "val_accuracy"))
    for number, line in enumerate(lines, 1):
        assert re.fullmatch(rf"epoch {number:>2}/30 \d+\.\d\d s  \d+\.\d\d ms/step  {values}", line), line


def test_any_other_verbosity_is_refused():
    model = nn.Sequential([nn.Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="verbose 0, 1, 2 or 'auto', received 3"):
        model.fit(X, Y, verbose=3)
