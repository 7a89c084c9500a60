"""The one place where Python meets the page: the worker imports this module and calls its `Bridge`.

Calls come in as plain values and JSON and go out as JSON; meanwhile `post(name, text, arrays)` sends events: `text` is
JSON, `arrays` holds the NumPy arrays of a figure by name, flat. Nothing here is asynchronous and nothing imports the
browser, so the whole module runs on a desktop with a `post` that takes notes.
"""

import ast
import contextlib
import inspect
import io
import json
import linecache
import math
import platform
import time
import traceback

import numpy as np

import pydl
from pydl import backends, callbacks, data, lessons
from pydl.backends import notices
from pydl.train import NonFiniteError, TrainingStopped, control

EVENT_GAP = 0.1  # seconds between events: about ten a second keep the curves alive and the page idle
FIGURE_GAP = 0.25  # a figure costs the page more
PAUSE_GAP = 0.05  # how often a fit looks up where only a pause lets the page be heard
ARRAY_LIMIT = 100_000  # elements of an array that `execute` hands out as JSON; a larger one as its repr
NOTHING_SEEN = 0, {}  # of an epoch that has just begun
# The learner's own mistakes: their message says what to do, and a traceback would only lead into our code.
PLAIN_ERRORS = (lessons.LessonError, data.DataError, NonFiniteError, backends.DeviceError, backends.ExecutionError)


class Bridge:
    """Answers the worker's calls, one at a time.

    Args:
        post: called with an event's name, its JSON and its arrays.
        fetch: called with a path below the site's data folder; bytes, or None where the site has no such file.
        wait: finishes a coroutine or a promise; None where the browser cannot.
        clock: seconds, for tests.
    """

    def __init__(self, post, fetch=None, wait=None, clock=time.perf_counter):
        self.post, self.fetch, self.wait, self.clock = post, fetch, wait, clock
        self.names = {"__name__": "__main__"}  # what `execute` defines lives here
        self.executed = 0
        self.reporter = None
        if fetch:
            data.register_source(self.read)

    def describe(self):
        """What the page needs to know before it can offer anything."""
        return dump(
            {
                "version": pydl.__version__,
                "python": platform.python_version(),
                "numpy": np.__version__,
                "devices": self.devices(),
                "lessons": lessons.catalog(),
            }
        )

    def devices(self):
        return list(pydl.devices())

    def run(self, name, options):
        """Run a lesson; `options` is JSON. A stopped run answers with the history so far."""
        start = self.clock()
        with self.watching() as reporter:
            try:
                answer = lessons.run(name, **json.loads(options)) | {"stopped": False}
            except TrainingStopped as stop:
                answer = {"history": stop.history, "result": last_of(stop.history), "stopped": True}
            except KeyboardInterrupt:
                reporter.send_epochs()
                answer = {"history": reporter.history, "result": last_of(reporter.history), "stopped": True}
            except Exception as error:
                return dump({"error": describe_error(error)})
        return answered(answer | reporter.pace | reporter.place() | {"seconds": self.clock() - start})

    def execute(self, code):
        """Run Python code; its names live on to the next call. The last expression is the value."""
        answer = {"value": None, "stdout": "", "error": None}
        with self.watching() as reporter:
            try:
                value = self.evaluate(code)
                try:
                    dump(value)
                except (TypeError, ValueError, RecursionError):  # not JSON's kind of thing, or it contains itself
                    value = repr(value)
                answer["value"] = value
            except (Exception, KeyboardInterrupt, SystemExit) as error:
                answer["error"] = trace(error)
        return answered(answer | {"stdout": reporter.printed.getvalue()})

    def evaluate(self, code):
        self.executed += 1
        filename = f"<exec {self.executed}>"
        linecache.cache[filename] = (len(code), None, code.splitlines(keepends=True), filename)
        tree = compile(code, filename, "exec", flags=ast.PyCF_ONLY_AST)
        last = ast.Expression(tree.body.pop().value) if tree.body and isinstance(tree.body[-1], ast.Expr) else None
        value = None
        for part, mode in ((tree, "exec"), (last, "eval")):
            if part is not None:
                compiled = compile(part, filename, mode, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
                value = eval(compiled, self.names)
                if inspect.iscoroutine(value) and compiled.co_flags & inspect.CO_COROUTINE:
                    if self.wait is None:
                        value.close()
                        raise RuntimeError(
                            "await at top level needs a browser with JSPI (Chrome or Edge 137, "
                            "Firefox 153, Safari 27, or newer)"
                        )
                    value = self.wait(value)
        return value if last else None

    @contextlib.contextmanager
    def watching(self):
        """Everything inside is reported to the page: each fit, each figure, each printed line."""
        self.reporter = reporter = Reporter(self.post, self.clock)
        control.reset()
        with (
            callbacks.observing(reporter),
            lessons.listening(reporter.figure),
            notices.listening(reporter.notice),
            contextlib.redirect_stdout(reporter.stream),
            contextlib.redirect_stderr(reporter.stream),
        ):
            try:
                yield reporter
            finally:
                reporter.finish()
                self.reporter = None

    def read(self, path):
        """A data file of the site, for `pydl.data`."""
        self.post("status", dump({"phase": "data", "what": path}), {})
        found = self.fetch(path)
        if found is None:
            return None
        found = found if isinstance(found, bytes) else found.to_bytes()  # a JavaScript array
        self.post("status", dump({"phase": "data", "what": path, "loaded": len(found), "total": len(found)}), {})
        return found

    def interrupt(self, *_):
        """The page asks to stop. A fit ends at its next batch; anything else, or a second request, at once."""
        if self.reporter and self.reporter.fitting and not control.stop_requested():
            control.request_stop()
        else:
            raise KeyboardInterrupt

    def pause_with(self, next_task, asked_to_stop):
        """Let every fit look up now and then, for as long as the page's messages take to be heard."""

        def pause():
            self.wait(next_task())
            if asked_to_stop():
                self.interrupt()

        control.set_pause(pause, every=PAUSE_GAP)


class Reporter(callbacks.Callback):
    """Sends what happens in one call to the page, at most about ten times a second, and loses nothing:
    epochs that pass between two events travel together in the next one.

    The hooks may be called at every step, of which a fit may have 200,000: they only take notes (0.6 microseconds an
    epoch on a desktop), and what is sent is made when it is time to. A fit that runs many steps at a time tells of them
    together."""

    every_batch = False

    def __init__(self, post, clock):
        super().__init__()
        self.post, self.clock = post, clock
        self.fitting = False
        self.history, self.figures, self.figure_turns = {}, {}, {}
        self.printed, self.unprinted = io.StringIO(), []
        self.stream = Stream(self)
        self.posted = self.output_posted = -math.inf
        self.epoch = self.steps = 0
        self.unsent, self.ended = [], 0  # logs of epochs that have ended, and the last of these
        self.together, self.gathered = {}, 0  # such logs as columns, of epochs before those, and how many these are
        self.seen = NOTHING_SEEN  # batches of this epoch, and their means, at the last event
        self.pace = {"steps_per_second": None, "gflops": None}  # of the last fit, as of its last event

    def on_train_begin(self, logs=None):
        self.send_epochs()  # of a fit before this one that was broken off
        self.fitting = True
        self.steps = 0
        self.pace = dict.fromkeys(self.pace)
        self.history = {}  # of the fit under way
        self.batches = 0  # steps of this epoch
        self.start = self.clock()
        self.send(
            "fit",
            {name: self.params.get(name) for name in ("epochs", "steps", "batch_size", "samples")}
            | self.place()
            | {"trial": self.params.get("trial") or {}},
        )

    def on_train_end(self, logs=None):
        self.send_epochs()
        self.pace |= {name: self.params[name] for name in self.pace if self.params.get(name)}  # without warming up
        self.fitting = False

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch
        self.batches = 0
        self.seen = NOTHING_SEEN

    def on_train_batch_end(self, batch, logs=None):
        self.steps += batch + 1 - self.batches
        self.batches = batch + 1
        if self.clock() - self.posted < EVENT_GAP:
            return
        if self.unsent:
            self.send_epochs()
        else:
            self.send_batch(batch, numbers(logs))

    def on_epoch_end(self, epoch, logs=None):
        self.unsent.append(logs or {})
        self.ended = epoch
        told = self.seen[0]
        if 0 < told < self.params["steps"]:  # the rest of an epoch that has been told of so far
            self.send_batch(self.params["steps"] - 1, {name: float(logs[name]) for name in self.seen[1]})
        if told or self.clock() - self.posted >= EVENT_GAP:
            self.send_epochs()

    def on_epochs_end(self, first_epoch, logs):
        self.gather()
        for name, values in logs.items():
            self.together.setdefault(name, []).extend(values)
        self.gathered += len(logs["loss"])
        self.steps += len(logs["loss"])
        self.epoch = self.ended = first_epoch + len(logs["loss"]) - 1
        if self.clock() - self.posted >= EVENT_GAP:
            self.send_epochs()

    def gather(self):
        """Puts the notes of single epochs into columns."""
        epochs, self.unsent = self.unsent, []
        self.gathered += len(epochs)
        for name in dict.fromkeys(name for logs in epochs for name in logs):
            values = [float(logs[name]) for logs in epochs if name in logs]
            self.together.setdefault(name, []).extend(values)

    def send_batch(self, batch, logs):
        """`logs` are means since the epoch began, which lag behind; `recent` is the mean since the last event."""
        before, means = self.seen
        self.seen = now, _ = batch + 1, logs
        recent = {name: (value * now - means.get(name, 0.0) * before) / (now - before) for name, value in logs.items()}
        self.send("batch", self.progress() | {"batch": batch, "logs": logs, "recent": recent})

    def send_epochs(self):
        count = self.gathered + len(self.unsent)
        if not count:
            return
        logs = numbers(self.unsent[-1]) if self.unsent else last_of(self.together)
        self.gather()
        history, self.together, self.gathered = self.together, {}, 0
        for name, values in history.items():
            self.history.setdefault(name, []).extend(values)
        self.send(
            "epoch",
            self.progress() | {"epoch": self.ended, "first": self.ended + 1 - count, "logs": logs, "history": history},
        )

    def progress(self):
        """Where in the training we are; epochs and batches count from 0, as callbacks do."""
        seconds = self.clock() - self.start
        rate = self.steps / seconds if seconds > 0 else None
        operations = self.params.get("operations")
        self.pace = {"steps_per_second": rate, "gflops": rate * operations / 1e9 if rate and operations else None}
        return {
            "epoch": self.epoch,
            "epochs": self.params.get("epochs"),
            "steps": self.params.get("steps"),
            **self.place(),
            "trial": self.params.get("trial") or {},
            "seconds": seconds,
            **self.pace,
        }

    def place(self):
        """What computes now: after a failure it is another device."""
        return {"device": self.params.get("device", "numpy"), "adapter": self.params.get("adapter", "")}

    def notice(self, notice):
        """A device has failed, and another one goes on."""
        told = {name: getattr(notice, name) for name in ("cause", "device", "to", "detail")}
        self.post("notice", dump(told | {"message": str(notice), "devices": list(pydl.devices())}), {})

    def figure(self, kind, content):
        """Time is cut into turns, and of each picture one figure is sent a turn: those shown together stay together."""
        picture = kind, content.get("name")
        self.figures[picture] = content
        turn = self.clock() // FIGURE_GAP
        if self.figure_turns.get(picture) != turn:
            self.figure_turns[picture] = turn
            self.send_figure(picture)

    def send_figure(self, picture):
        content = self.figures.pop(picture)
        if picture[0] == "plot":
            content = content | {name: np.asarray(content[name], float) for name in ("x", "values")}
        arrays = {name: value for name, value in content.items() if isinstance(value, np.ndarray)}
        plain = {name: value for name, value in content.items() if name not in arrays}
        self.send(
            "figure",
            {"kind": picture[0]} | plain,
            {name: np.ascontiguousarray(array).reshape(-1) for name, array in arrays.items()},
        )

    def wrote(self, text):
        self.printed.write(text)
        self.unprinted.append(text)
        if self.clock() - self.output_posted >= EVENT_GAP:
            self.send_output()

    def send_output(self):
        if self.unprinted:
            self.output_posted = self.clock()
            text, self.unprinted = "".join(self.unprinted), []
            self.post("output", dump({"text": text}), {})

    def send(self, name, content, arrays=None):
        if name != "figure":
            self.posted = self.clock()
        self.post(name, flagged(content), arrays or {})

    def finish(self):
        """Whatever still waits is sent: the last epoch, the last figure of each picture, the last line."""
        self.fitting = False
        self.send_epochs()
        for picture in list(self.figures):
            self.send_figure(picture)
        self.send_output()


class Stream(io.TextIOBase):
    """What is printed, for `Reporter.wrote`."""

    def __init__(self, reporter):
        super().__init__()
        self.reporter = reporter

    def writable(self):
        return True

    def write(self, text):
        self.reporter.wrote(str(text))
        return len(text)


def dump(value):
    """JSON of `value`, NaN and infinity as null; TypeError for what JSON cannot hold."""
    try:
        return json.dumps(value, ensure_ascii=False, allow_nan=False, default=unwrapped)
    except ValueError:  # a number that JSON does not know, or a value that contains itself
        return json.dumps(plain(value), ensure_ascii=False, allow_nan=False)


def flagged(content):
    """JSON of a dict, which says so where it holds NaN or infinity."""
    try:
        return json.dumps(content, ensure_ascii=False, allow_nan=False, default=unwrapped)
    except ValueError:
        return dump(content | {"nonfinite": True} if has_nonfinite(content) else content)


def answered(answer):
    return f'{{"ok": {flagged(answer)}}}'


def unwrapped(value):
    """A NumPy number or array in types that JSON knows."""
    if isinstance(value, np.generic) or (isinstance(value, np.ndarray) and value.size <= ARRAY_LIMIT):
        return value.tolist()
    raise TypeError(f"{type(value).__name__} is none of JSON's types")


def plain(value):
    """`value` in the types that JSON knows, without NaN and infinity."""
    if isinstance(value, (np.generic, np.ndarray)):
        value = unwrapped(value)
    if isinstance(value, float) and not math.isfinite(value):
        return None
    if isinstance(value, dict):
        return {name: plain(item) for name, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(item) for item in value]
    return value


def has_nonfinite(value):
    if isinstance(value, dict):
        return any(map(has_nonfinite, value.values()))
    if isinstance(value, (list, tuple)):
        return any(map(has_nonfinite, value))
    if isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind in "fc":
        return not np.isfinite(value).all()
    return isinstance(value, float) and not math.isfinite(value)


def numbers(logs):
    return {name: float(value) for name, value in (logs or {}).items()}


def last_of(history):
    return {name: values[-1] for name, values in history.items() if values}


def describe_error(error):
    """An error as the page shows it."""
    plain = isinstance(error, PLAIN_ERRORS)
    return {
        "type": type(error).__name__,
        "message": str(error) or type(error).__name__,
        "traceback": None if plain else trace(error),
    }


def trace(error):
    """The traceback without this module's own frames."""
    summary = traceback.TracebackException.from_exception(error)
    seen = summary
    while seen is not None:
        kept = [frame for frame in seen.stack if frame.filename != __file__]
        seen.stack = traceback.StackSummary.from_list(kept)
        seen = seen.__cause__ or (None if seen.__suppress_context__ else seen.__context__)
    return "".join(summary.format())
