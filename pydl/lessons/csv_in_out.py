"""Files in and out: numbers are read from a CSV file, learned from, and answered with a file of predictions.

A CSV or TXT file is a table: a row a line, fields between commas, semicolons, tabs or spaces, perhaps names in the
first row. Real files have gaps and mistakes; what cannot be read is refused with the line and the column where it
stands.
"""

import tempfile
from pathlib import Path
from typing import Annotated

import numpy as np

import pydl
from pydl import data, nn, optim

from .figures import plot, table
from .options import Device, Epochs, LearningRate, OneOf, Outcome, Range, Seed

FIGURES = ["table:read", "table:written", "plot:predictions", "table:refused"]
CURVES = ["loss"]

GRADES = """\
# hours of study a week, hours of sleep a night, days absent, and the grade
study;sleep;absent;grade
8.9;6.6;3;94
3.8;5.5;5;60
4.4;?;5;63
7.7;5.0;5;79
5.5;5.0;6;65
4.0;4.7;3;64
3.4;6.3;4;64
4.6;6.5;5;63
;5.6;3;62
4.0;8.5;1;75
6.0;6.5;2;80
5.1;6.7;4;72
3.9;7.6;NA;61
1.3;5.7;4;51
6.6;5.6;3;78
6.7;8.3;2;90
"""
MISTAKES = {  # files that nobody should learn from
    "word": "study;grade\n8.9;94\n3.8;sixty\n",
    "fields": "study;grade\n8.9;94\n3.8;60;1\n",
    "missing": "study;grade\n8.9;94\n;60\n",
    "comma": "study;grade\n8,9;94\n3,8;60\n",
}
DELIMITERS = {"auto": None, "comma": ",", "semicolon": ";", "tab": "\t", "space": " "}
HEADERS: dict[str, bool | str] = {"auto": "auto", "yes": True, "no": False}


def run(
    csv: str = GRADES,
    file: str = "",
    delimiter: Annotated[str, OneOf(*DELIMITERS)] = "auto",
    header: Annotated[str, OneOf(*HEADERS)] = "auto",
    missing: Annotated[str, OneOf("mean", "drop", "error")] = "mean",
    output: str = "",
    learning_rate: LearningRate = 0.1,
    epochs: Epochs = 200,
    seed: Seed = 777,
    device: Device = "auto",
    dataset: Annotated[str, OneOf("grades")] = "grades",
    subset: Annotated[int, Range(0, 1_000_000)] = 0,
) -> Outcome:
    # In: every field a number, or an error that says where it is none.
    source = file or csv.encode()
    name = file or "grades.csv"
    grades = data.read_csv(source, DELIMITERS[delimiter], header=HEADERS[header], missing=missing, name=name)
    table("read", grades.names, grades.values[:20].tolist())

    x, y = grades.split(-1)
    rows = slice(subset or None)
    scaled = data.StandardScaler().fit(x[rows]).transform(x)

    # One layer with one unit is a multiple regression; compile and fit do what was written by hand before.
    pydl.seed(seed)
    model = nn.Sequential([nn.Dense(1)])
    model.compile(optimizer=optim.SGD(learning_rate), loss="mean_squared_error")
    history = model.fit(scaled[rows], y[rows], batch_size=32, epochs=epochs, verbose=0, device=device)
    predictions = model.predict(scaled).ravel()

    # Out, and in again: what was written is what is read, to the last bit.
    answers = data.Table((*grades.names, "prediction"), np.column_stack([grades.values, predictions]))
    again = written_and_read(answers, output)
    table("written", again.names, again.values[:20].tolist())
    ends = np.array([y.min(), y.max()])
    plot("predictions", ends, {"right": ends}, points=np.column_stack([y, predictions]))

    table("refused", ["mistake", "message"], [[mistake, refusal(text)] for mistake, text in MISTAKES.items()])

    result = {
        "loss": float(((predictions - y) ** 2).mean()),
        "rows": len(grades),
        "columns": len(grades.names),
        "rows_read_again": len(again),
        "unchanged": int(np.array_equal(again.values, answers.values)),
    }
    return {"history": history.history, "result": result}


def written_and_read(answers: data.Table, output: str) -> data.Table:
    """Writes a table to a file (one that is gone afterwards, unless `output` names it), and reads it."""
    with tempfile.TemporaryDirectory() as folder:
        path = output or Path(folder) / "predictions.csv"
        data.write_csv(path, answers)
        return data.read_csv(path)


def refusal(text: str) -> str:
    """What is said of a file with a mistake."""
    try:
        data.read_csv(text.encode(), name="grades.csv")
    except data.DataError as error:
        return str(error)
    return ""
