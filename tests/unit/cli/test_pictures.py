"""Figures drawn with characters."""

import numpy as np

from pydl.cli.pictures import Keeper


def test_the_last_figure_of_each_kind_is_drawn(capsys):
    keeper = Keeper()
    for output in (0.25, 0.75):
        keeper("outputs", {"inputs": [[0, 1]], "targets": [1], "outputs": [output]})
    image = np.zeros((28, 28), np.uint8)
    image[3, 2:5] = 255, 128, 10
    keeper("random_digit", {"image": image, "label": 7, "prediction": 1})
    keeper("decision_surface", {"values": np.zeros((2, 2))})
    keeper.print()
    assert capsys.readouterr().out == (
        "  0 xor 1 = 1   output 0.7500\n"
        "      @@==\n"
        "  a random test digit: label 7, prediction 1\n"
    )  # fmt: skip
