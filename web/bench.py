"""`python3 -m web bench`: the bench page, driven in a Chromium without a window, and its report on the terminal.

The site is built into a folder that is thrown away, served on this machine by the usual server under the usual policy.
What the page cannot know is added here: the processor's name, the memory of the browser's processes, and, where
`--reference` names them, the modules of the step written in C.
"""

import argparse
import json
import os
import shutil
import sys
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from web.assets import ConsoleProgress
from web.server import open_server
from web.site import build

FOLDER = "reference"  # of the served site, for the modules written in C
VARIANTS = ("simd", "relaxed")
READY_MS = 120_000  # until Python runs in the page
FULL = {"rounds": 15, "seconds": 0.3, "models": 1000}
MISSED = 1  # the exit code where --check finds a bar that is not met
HELP = """\
Measure in a headless Chromium how fast networks train in the page, and print the tables.

It needs Playwright (pip install playwright) and a Chromium: the one that PYDL_CHROMIUM names, an installed one,
or Playwright's own (python3 -m playwright install chromium)."""


class BenchError(Exception):
    """The bench cannot run; the message is one line for the user."""


def add_options(parser: argparse.ArgumentParser):
    def count(text: str) -> int:
        if not text.isdecimal() or int(text) < 1:
            raise argparse.ArgumentTypeError(f"expected a whole number from 1, received {text!r}")
        return int(text)

    def some(text: str) -> list[str]:
        return text.split(",")

    parser.add_argument("--device", default="auto", metavar="NAMES", help="some devices, with commas (default: all)")
    parser.add_argument("--networks", type=some, metavar="NAMES", help="some networks, with commas (default: all)")
    parser.add_argument("--rounds", type=count, default=11, metavar="N", help="medians are of N rounds (default: 11)")
    parser.add_argument(
        "--seconds", type=float, default=0.1, metavar="S", help="how long a turn lasts at least (default: 0.1)"
    )
    parser.add_argument(
        "--models",
        type=count,
        default=200,
        metavar="N",
        help="models compiled and dropped, to see whether memory grows (default: 200)",
    )
    parser.add_argument("--webgpu", action="store_true", help="start the browser with WebGPU, which it hides on Linux")
    parser.add_argument("--adapter", metavar="NAME", help="with WebGPU on this one: swiftshader is played by the CPU")
    parser.add_argument("--peak", type=float, metavar="TFLOPS", help="of the GPU in float32, for the matrix product")
    parser.add_argument("--full", action="store_true", help="15 rounds of 0.3 s, 1,000 models")
    parser.add_argument(
        "--reference",
        type=Path,
        metavar="DIR",
        help="time step_simd.wasm and step_relaxed.wasm of this folder beside network 1",
    )
    parser.add_argument(
        "--variants",
        type=some,
        default=list(VARIANTS),
        metavar="NAMES",
        help=f"which of the two (default: {','.join(VARIANTS)})",
    )
    parser.add_argument(
        "--json", nargs="?", const="-", metavar="FILE", help="print the figures as JSON, or write them into a file"
    )
    parser.add_argument("--markdown", action="store_true", help="print the tables as Markdown")
    parser.add_argument("--check", action="store_true", help="exit with 1 and name every bar that is not met")


def bench(options: argparse.Namespace) -> int:
    modules = find_modules(options.reference, options.variants) if options.reference else {}
    playwright = _playwright()
    if options.full:
        vars(options).update(FULL)
    with tempfile.TemporaryDirectory(prefix="pydl-bench-") as folder:
        site = Path(folder)
        with ConsoleProgress() as progress:
            build(site, False, progress)
        (site / FOLDER).mkdir()
        for module in modules.values():
            shutil.copy(module, site / FOLDER)
        with _serving(site) as address, playwright.sync_playwright() as driver:
            try:
                return _measure(driver, address, options, modules)
            except playwright.Error as error:
                raise BenchError(_reason(error)) from None


def find_modules(folder: Path, variants: list[str]) -> dict[str, Path]:
    """{variant: file} of the modules in a folder."""
    if unknown := set(variants) - set(VARIANTS):
        raise BenchError(f"--variants: expected some of {','.join(VARIANTS)}, received {min(unknown)!r}")
    found = {variant: folder / f"step_{variant}.wasm" for variant in variants}
    found = {variant: path for variant, path in found.items() if path.is_file()}
    if not found:
        raise BenchError(f"--reference {folder}: there is no {' or '.join(f'step_{name}.wasm' for name in variants)}")
    return found


def _playwright():
    try:
        from playwright import sync_api
    except ImportError:
        raise BenchError(
            "`bench` drives a browser with Playwright, which this Python does not have: "
            f"{sys.executable} -m pip install playwright"
        ) from None
    return sync_api


@contextmanager
def _serving(site: Path):
    server = open_server(site, port=0)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield server.url
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def find_chromium() -> str | None:
    """The Chromium that PYDL_CHROMIUM names, or an installed one; None for Playwright's own."""
    return os.environ.get("PYDL_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


def flags(options: argparse.Namespace) -> list[str]:
    """What the browser is started with: WebGPU needs to be asked for on Linux, and where there is no window."""
    found = ["--headless=new"]
    if options.webgpu or options.adapter:
        found += ["--enable-unsafe-webgpu", "--enable-features=Vulkan"]
    if options.adapter:
        found.append(f"--use-webgpu-adapter={options.adapter}")
    return found


def _measure(driver, address: str, options: argparse.Namespace, modules: dict[str, Path]) -> int:
    path = find_chromium()
    browser = driver.chromium.launch(executable_path=path, headless=True, args=flags(options))
    page = browser.new_page()
    page.goto(f"{address}bench.html")
    page.wait_for_function("() => window.bench", timeout=READY_MS)
    wanted = {name: getattr(options, name) for name in ("device", "networks", "rounds", "seconds", "models", "peak")}
    wanted["references"] = {variant: f"{FOLDER}/{module.name}" for variant, module in modules.items()}
    parts = page.evaluate("(options) => bench.begin(options)", wanted)
    processes = []
    for number, part in enumerate(parts, start=1):
        _say(f"{number} of {len(parts)}: {part}")
        page.evaluate("(part) => bench.measure(part)", part)
        if part.startswith("memory"):
            processes.append(process_memory(browser))
    _say("")
    known = {"machine": f"{os.cpu_count()} cores of {processor()}, headless Chromium {browser.version.split('.')[0]}"}
    page.evaluate("(facts) => bench.note(facts)", known | {"process_bytes": processes})
    reports = {form: page.evaluate("(form) => bench.report(form)", form) for form in ("text", "markdown", "json")}
    missed = page.evaluate("() => bench.missed()")
    browser.close()
    if options.json == "-":
        print(json.dumps(json.loads(reports["json"]), indent=1))
    else:
        print(reports["markdown" if options.markdown else "text"])
    if options.json not in (None, "-"):
        _write(Path(options.json), reports["json"])
    if options.check:
        for line in missed:
            print(f"pydl: missed: {line}", file=sys.stderr)
    return MISSED if options.check and missed else 0


def _write(path: Path, text: str):
    try:
        path.write_text(f"{text}\n", encoding="utf-8")
    except OSError as error:
        raise BenchError(f"cannot write {path}: {error.strerror}") from None


def _say(words: str):
    """How far it is, on a terminal."""
    if sys.stderr.isatty():
        print(f"\r\033[K{words}", end="", file=sys.stderr, flush=True)


def _reason(error: Exception) -> str:
    """The first line of what Playwright says; of a browser that is not there, what to do."""
    text = str(error)
    if "Executable doesn't exist" in text:
        return f"there is no Chromium: {sys.executable} -m playwright install chromium, or name one in PYDL_CHROMIUM"
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[0] if lines else type(error).__name__


def processor() -> str:
    """The processor's name, as Linux gives it; elsewhere its kind."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    except (OSError, StopIteration):
        import platform

        return platform.machine()


def process_memory(browser) -> int | None:
    """Bytes that the browser's pages hold, workers included; None where the system does not say (not Linux)."""
    processes = browser.new_browser_cdp_session().send("SystemInfo.getProcessInfo")["processInfo"]
    try:
        pages = [
            int(Path(f"/proc/{process['id']}/statm").read_text().split()[1])
            for process in processes
            if process["type"] == "renderer"
        ]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE")
    except (OSError, ValueError):
        return None
