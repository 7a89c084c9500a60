"""The README's Python runs as it stands, one block after the other, on digits that need no download."""

import re
from pathlib import Path

import numpy as np

from pydl import data

README = Path(__file__).parents[2] / "README.md"


def test_the_three_styles_work_as_they_are_shown(monkeypatch, tmp_path, capsys):
    blocks = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(blocks) == 3
    digits = data.drawn_digits(n_train=1000, n_test=200)
    monkeypatch.setattr(data, "load_mnist", lambda: digits)
    monkeypatch.chdir(tmp_path)
    names = {}
    for number, block in enumerate(blocks, start=1):
        exec(compile(block, f"README block {number}", "exec"), names)
    assert names["loss"].dtype == np.float32
    assert round(names["loss"].item(), 3) == 0.004
    assert (tmp_path / "digits.npz").exists()
    assert names["history"].history["val_accuracy"][-1] > 0.2
    x_test, y_test = digits[1]
    assert names["classifier"].score(x_test.reshape(-1, 784) / 255, y_test) > 0.7
