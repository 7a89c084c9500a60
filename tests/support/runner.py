"""The command `python3 -m tests`: the stages of set-up in order, then pytest.

Each stage is quick when nothing is left to do; the first run on a bare machine takes some minutes.
"""

import argparse
import os
import subprocess
import sys
import time

from tests.support import chromium, environment, vulkan
from tests.support.process import ROOT, SetupError, run, say, stage

SITE = ROOT / ".cache" / "tests" / "site"
# NumPy's own threads spin while they wait: with two of them beside a busy browser a training of 2 s took 26 s.
ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}

DESCRIPTION = """\
Sets up everything the tests of pydl need, then runs them with pytest and prints a coverage report.

Set-up makes .venv, installs the package and the pinned test packages into it, finds or gets a Chromium (and,
as root on Debian or Ubuntu, a Vulkan driver and a Korean font), and builds the site. What is already there is
used again.
"""

EPILOG = """\
All other arguments go to pytest:
  python3 -m tests -k xor                 tests whose name holds "xor"
  python3 -m tests tests/unit             one folder
  python3 -m tests -m slow                the long trainings, which the default run leaves out
  python3 -m tests --no-browser -x        no Chromium needed; stop at the first failure

Environment: PYDL_CHROMIUM names the browser to use; PYDL_DATA a folder that holds mnist/; PYDL_ASSETS one
with run-time assets; PYDL_CACHE the cache. Exit code: pytest's, or 2 when the set-up failed.
"""


def main(arguments):
    """Runs the command; returns its exit code."""
    parser = argparse.ArgumentParser(
        prog="python3 -m tests", usage="python3 -m tests [-h] [--no-browser] [pytest arguments]",
        description=DESCRIPTION, epilog=EPILOG, formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False)
    parser.add_argument("--no-browser", action="store_true", help="leave out the tests that need a Chromium")
    options, pytest_arguments = parser.parse_known_args(arguments)
    try:
        python, settings = set_up(options.no_browser)
    except SetupError as error:
        print(f"\ntests: {error}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("\ntests: interrupted during set-up; the next run goes on from here", file=sys.stderr)
        return 130
    if options.no_browser:
        pytest_arguments.append("--no-browser")
    return run_pytest(python, pytest_arguments, settings)


def set_up(no_browser):
    """Makes the machine ready; returns the Python to use and the settings that pytest's process gets."""
    with stage("Python environment (.venv)"):
        python = environment.provide()
    with stage("Vulkan driver (llvmpipe)"):
        vulkan.provide()
    if no_browser:
        return python, {}
    with stage("Chromium"):
        path = str(chromium.provide(python))
        say(f"  {path}")
    with stage("Korean font"):
        chromium.provide_korean_font()
    with stage("site (run-time assets, wheel, page)"):
        build_site(python)
    return python, {"PYDL_CHROMIUM": path}


def build_site(python):
    """Gets the run-time assets and builds the site here, since that can take minutes the first time."""
    try:
        run([python, "-m", "web", "build", "--out", SITE], limit=1800)
    except SetupError as error:
        raise SetupError(f"The site for the browser tests could not be built.\n{error}\n"
                         "`python3 -m tests --no-browser` runs the tests that need none.") from None


def run_pytest(python, arguments, settings):
    """Runs pytest in the foreground; an interrupt goes to it, and it ends in its own time."""
    command = [python, "-m", "pytest", "--cov=pydl", "--cov=web", "--cov-report=term", *arguments]
    say(" ".join(["pytest", *arguments]))
    process = subprocess.Popen([str(part) for part in command], cwd=ROOT, env=os.environ | ONE_THREAD | settings)
    while True:
        try:
            return process.wait()
        except KeyboardInterrupt:
            time.sleep(0.1)
