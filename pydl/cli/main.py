"""What the command line understands, and how it answers: results on standard output, one line for a mistake, exit 2.

It reads arguments by what a lesson says of its options, runs it, and leaves the words to the modules beside it.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
from collections.abc import Collection, Sequence
from types import FrameType
from typing import NoReturn

import pydl
from pydl import lessons
from pydl.backends import DeviceError
from pydl.bench import BenchError
from pydl.callbacks import observing
from pydl.data import DataError
from pydl.train import NonFiniteError, ProgressBar, TrainingStopped, control

from . import bench, listing, pictures

HELP = {"-h", "--help"}


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs a command; returns its exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal that cannot show a letter gets a question mark
            stream.reconfigure(errors="replace")
    options = _parser().parse_args(arguments)
    try:
        code: int = options.command(options)
        sys.stdout.flush()  # here, where a reader that has gone is an error that can be caught
        return code
    except BrokenPipeError:  # `| head` has read enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # nothing more to say, at the exit neither
        return 141  # as a program that SIGPIPE ended
    except (lessons.LessonError, DataError, DeviceError, BenchError, NonFiniteError) as error:
        print(f"pydl: {error}", file=sys.stderr)
        return 2
    except TrainingStopped as stopped:
        print(f"\npydl: {stopped}", file=sys.stderr)
        return 130
    except KeyboardInterrupt:
        print("\npydl: interrupted", file=sys.stderr)
        return 130


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.exit(2, f"pydl: {message} (`{self.prog} --help` says more)\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m pydl", description="pydl: a deep-learning laboratory")
    parser.add_argument("--version", action="version", version=f"pydl {pydl.__version__}")
    commands = parser.add_subparsers(title="commands", required=True, metavar="COMMAND")

    spoken = _Parser(prog="python -m pydl", add_help=False, allow_abbrev=False)
    spoken.add_argument("--language", choices=listing.LANGUAGES, default=listing.language_here())

    ladder = commands.add_parser("lessons", help="list the lessons, chapter by chapter", parents=[spoken])
    ladder.set_defaults(command=_list)

    run = commands.add_parser("run", help="run a lesson: run LESSON --option value", parents=[spoken], add_help=False)
    run.add_argument("-h", "--help", action="store_true")
    run.add_argument("lesson", nargs="?", help="its name; `lessons` lists them")
    run.add_argument("options", nargs=argparse.REMAINDER)
    run.set_defaults(command=_run, spoken=spoken)

    measuring = commands.add_parser("bench", help="time the training of four networks on every device")
    bench.add_options(measuring)
    measuring.set_defaults(command=bench.run)
    return parser


def _list(options: argparse.Namespace) -> int:
    print(listing.ladder(options.language))
    return 0


def _run(options: argparse.Namespace) -> int:
    name = options.lesson
    if options.help:
        print(f"{listing.WORDS['usage'][options.language]}\n")
        return _list(options)
    if name is None:
        raise lessons.LessonError(f"run: which lesson? The lessons are {', '.join(lessons.NAMES)}")
    known = lessons.options_for(name)
    options, words = options.spoken.parse_known_args(options.options, options)  # --language behind the lesson, too
    if HELP & set(words):
        print(listing.explanation(name, options.language))
        return 0
    chosen = _pairs(words, switches={option.name for option in known.values() if option.type == "bool"})
    keeper = pictures.Keeper(lessons.texts(name).get("figures"), options.language)
    control.reset()
    before = signal.signal(signal.SIGINT, _interrupt)
    try:
        with observing(ProgressBar()), lessons.listening(keeper):
            outcome = lessons.run(name, **chosen)
    finally:
        signal.signal(signal.SIGINT, before)
    if curves := listing.cost_chart(outcome["history"], options.language):
        print(curves)
    keeper.print()
    print(listing.outcome(outcome["result"], options.language))
    return 0


def _interrupt(number: int, frame: FrameType | None) -> None:
    """The first Ctrl-C ends the training at the next step, a second one ends the program."""
    if control.stop_requested():
        raise KeyboardInterrupt
    control.request_stop()


def _pairs(words: Sequence[str], switches: Collection[str] = ()) -> dict[str, str]:
    """--learning-rate 0.1 --seed=7 as {"learning_rate": "0.1", "seed": "7"}; a switch alone is switched on."""
    pairs: dict[str, str] = {}
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if not word.startswith("--"):
            raise lessons.LessonError(f"expected --option value, received {word!r}")
        name, equals, value = word[2:].partition("=")
        name = name.replace("-", "_")
        if not equals:
            given = bool(rest) and not rest[0].startswith("--")
            if not given and name not in switches:
                raise lessons.LessonError(f"option {name}: a value is missing after {word}")
            value = rest.pop(0) if given else "true"
        if name in pairs:
            raise lessons.LessonError(f"option {name} is given twice")
        pairs[name] = value
    return pairs
