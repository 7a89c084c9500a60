"""CSV in and out: what is read, what is refused, and what is written."""

import re

import numpy as np
import pytest

from pydl import data, lessons
from pydl.data import DataError


def test_gaps_are_filled_with_the_mean_of_their_column(watch):
    outcome, shown = watch("csv_in_out")
    table = shown["table:read"][-1]
    assert table["columns"] == ["study", "sleep", "absent", "grade"]
    study = np.array(table["rows"])[:, 0]
    assert study[8] == pytest.approx(np.delete(study, 8).mean(), rel=1e-5)
    assert outcome["result"]["rows"] == outcome["result"]["rows_read_again"] == 16
    assert outcome["result"]["columns"] == 4


def test_the_model_learns_the_grades():
    result = lessons.run("csv_in_out")["result"]
    assert result["loss"] < 12, "the grades vary by 125"
    assert result["unchanged"] == 1


def test_rows_with_gaps_can_be_dropped_or_refused():
    assert lessons.run("csv_in_out", missing="drop")["result"]["rows"] == 13
    with pytest.raises(DataError, match=re.escape("grades.csv, line 5, column 2 (sleep)")):
        lessons.run("csv_in_out", missing="error")


def test_predictions_are_written_to_a_file_and_can_be_read(tmp_path, watch):
    path = tmp_path / "predictions.csv"
    outcome, shown = watch("csv_in_out", output=str(path))
    table = data.read_csv(path)
    assert table.names == ("study", "sleep", "absent", "grade", "prediction")
    assert table.values.tolist() == shown["table:written"][-1]["rows"]
    errors = table.column("prediction") - table.column("grade")
    assert np.mean(errors**2) == pytest.approx(outcome["result"]["loss"], rel=1e-4)
    assert outcome["result"]["loss"] > 1


@pytest.mark.parametrize("mistake, part", [
    ("word", "line 3, column 2 (grade): expected a number, received 'sixty'"),
    ("fields", "line 3: expected 2 fields as in line 1, received 3"),
    ("missing", "line 3, column 1 (study)"),
    ("comma", "line 2, column 1 (study)"),
])  # fmt: skip
def test_every_mistake_is_refused_with_its_place(watch, mistake, part):
    _, shown = watch("csv_in_out", epochs=1)
    assert part in dict(shown["table:refused"][-1]["rows"])[mistake]


def test_a_text_of_ones_own_takes_the_place_of_the_grades():
    text = "1 2\n2 4\n3 6\n4 8\n"
    result = lessons.run("csv_in_out", csv=text, header="no", delimiter="space")["result"]
    assert (result["rows"], result["columns"]) == (4, 2)
    assert result["loss"] < 1e-3
    with pytest.raises(DataError, match=r"grades\.csv, line 2, column 2"):
        lessons.run("csv_in_out", csv="1;2\n3;x\n")


def test_a_file_of_ones_own_is_read(tmp_path):
    path = tmp_path / "mine.csv"
    path.write_text("a,b\n1,1\n2,3\n3,5\n")
    assert lessons.run("csv_in_out", file=str(path))["result"]["rows"] == 3
