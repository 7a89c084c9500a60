"""Figures drawn with characters: the last of each, with the lesson's words in one language."""

import numpy as np
import pytest

from pydl.cli.pictures import Keeper

TEXTS = {
    "cost": {"title": {"en": "The cost", "ko": "비용"}, "x": {"en": "epochs", "ko": "에포크"},
             "lines": {"a": {"en": "first", "ko": "첫째"}}},
    "found": {"title": {"en": "Found", "ko": "결과"}, "columns": {"what": {"en": "how", "ko": "방법"}},
              "cells": {"gd": {"en": "gradient descent", "ko": "경사 하강법"}}},
}  # fmt: skip


def test_the_last_figure_of_each_kind_is_drawn(capsys):
    keeper = Keeper()
    for output in (0.25, 0.75):
        keeper("outputs", {"inputs": [[0, 1]], "targets": [1], "outputs": [output]})
    image = np.zeros((28, 28), np.uint8)
    image[3, 2:5] = 255, 128, 10
    keeper("random_digit", {"image": image, "label": 7, "prediction": 1})
    keeper("digits", {"images": np.zeros((2, 28, 28))})  # too many for a terminal
    keeper.print()
    assert capsys.readouterr().out == (
        "\n"
        "  0, 1 -> 1   output 0.7500\n"
        "\n"
        "      @@==\n"
        "  a random test digit: label 7, prediction 1\n"
    )  # fmt: skip


def test_what_is_said_beside_a_picture_is_said_in_korean_too(capsys):
    keeper = Keeper(language="ko")
    keeper("outputs", {"inputs": [[0, 1]], "targets": [1], "outputs": [0.75]})
    keeper("random_digit", {"image": np.zeros((28, 28), np.uint8), "label": 7, "prediction": 1})
    keeper.print()
    out = capsys.readouterr().out
    assert "  0, 1 -> 1   출력 0.7500\n" in out
    assert "  무작위로 고른 테스트 숫자: 정답 7, 예측 1\n" in out


def test_a_surface_has_its_high_x2_at_the_top(capsys):
    values = np.zeros((9, 9), np.float32)
    values[8, :5] = 1  # x2 is highest, x1 low
    keeper = Keeper()
    keeper("decision_surface", {"size": 9, "values": values.reshape(-1)})
    keeper.print()
    assert capsys.readouterr().out.splitlines() == ["", "  @@@@@@", "", ""]


def plot(name, values):
    return {"name": name, "x": np.arange(3), "lines": ["a", "b"], "values": np.array(values), "log": False}


def test_plots_are_kept_apart_by_their_names(capsys):
    keeper = Keeper(TEXTS)
    keeper("plot", plot("cost", [[900, 900, 900], [0, 0, 0]]))
    keeper("plot", plot("other", [[1, 2, 3], [3, 2, 1]]))
    keeper("plot", plot("cost", [[5, 6, 7], [4, 4, 4]]))
    keeper.print()
    out = capsys.readouterr().out
    assert out.index("The cost") < out.index("other")
    assert "* first   + b" in out
    assert "epochs" in out
    assert "900" not in out


@pytest.mark.parametrize("language, expected", [
    ("en", "\nFound\n  how                    W   share\n  ----------------  ------  ------\n"
           "  gradient descent  1.5000  12.50%\n  other\n"),
    ("ko", "\n결과\n  방법              W   share\n  -----------  ------  ------\n"
           "  경사 하강법  1.5000  12.50%\n  other\n"),
])  # fmt: skip
def test_a_table_is_aligned_in_either_language(capsys, language, expected):
    keeper = Keeper(TEXTS, language)
    keeper("table", {"name": "found", "columns": ["what", "W", "share"], "percent": ["share"],
                     "rows": [["gd", 1.5, 0.125], ["other", None, None]]})  # fmt: skip
    keeper.print()
    assert capsys.readouterr().out == expected
