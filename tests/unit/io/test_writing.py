"""A file appears whole or not at all: whatever goes wrong while it is written, the old one stays."""

import os

import numpy as np
import pytest

from pydl import files
from pydl.io import FileError, load_checkpoint, save_checkpoint
from tests.unit.io.files import FORMATS, assert_same, some_arrays


class FullDisk:
    """A file on a disk that has room for so many bytes."""

    def __init__(self, file, room):
        self.file, self.room = file, room

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.file.close()

    def write(self, part):
        self.room -= len(part)
        if self.room < 0:
            raise OSError(28, "No space left on device")
        return self.file.write(part)

    def __getattr__(self, name):
        return getattr(self.file, name)


@pytest.mark.parametrize("format", FORMATS)
@pytest.mark.parametrize("room", [0, 100, 400])
def test_a_full_disk_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, format, room):
    path = tmp_path / f"model{format}"
    save_checkpoint(path, some_arrays())
    monkeypatch.setattr(files, "open", lambda *how: FullDisk(open(*how), room), raising=False)  # noqa: SIM115
    with pytest.raises(FileError, match=f"model{format}: cannot be written .No space left on device"):
        save_checkpoint(path, {"other": np.zeros(500)})
    assert os.listdir(tmp_path) == [path.name]
    assert_same(load_checkpoint(path)[0], some_arrays())


@pytest.mark.parametrize("format", FORMATS)
def test_an_interrupt_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, format):
    path = tmp_path / f"model{format}"
    save_checkpoint(path, some_arrays())

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        save_checkpoint(path, {"other": np.zeros(5)})
    assert os.listdir(tmp_path) == [path.name]
    assert_same(load_checkpoint(path)[0], some_arrays())


def test_what_cannot_be_written_touches_no_file(tmp_path):
    path = tmp_path / "model.npz"
    save_checkpoint(path, some_arrays())
    with pytest.raises(FileError):
        save_checkpoint(path, {"good": np.zeros(3), "bad": np.array(["text"])})
    assert_same(load_checkpoint(path)[0], some_arrays())


def test_places_that_cannot_be_written_or_read_are_one_line_each(tmp_path):
    with pytest.raises(FileError, match="none.a.npz: cannot be written .No such file or directory"):
        save_checkpoint(tmp_path / "none" / "a.npz", {})
    with pytest.raises(FileError, match="a.npz: cannot be read .No such file or directory"):
        load_checkpoint(tmp_path / "a.npz")
    with pytest.raises(FileError, match="cannot be read"):
        load_checkpoint(tmp_path)
    with open(__file__, encoding="utf-8") as text, pytest.raises(FileError, match="expected a file opened for bytes"):
        load_checkpoint(text)
