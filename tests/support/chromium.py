"""Finding or getting a Chromium, and the Korean font its screenshots need.

Asked in this order: `PYDL_CHROMIUM`, an installed Chromium, Chrome or Edge, Playwright's own (downloaded if
need be), and, as root on Debian, apt. A browser counts only when it has really opened a page: a pointer to a
snap, or a download without its system libraries, is found here and not in the middle of the suite.
"""

import os
import shutil
import sys
from pathlib import Path

from tests.support import debian
from tests.support.process import SetupError, run, say

DOWNLOAD_LIMIT = 600  # seconds; 170 MB
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome",
         "microsoft-edge", "microsoft-edge-stable", "msedge")
LINUX = ("/usr/bin/chromium", "/usr/lib/chromium/chromium", "/opt/google/chrome/chrome",
         "/opt/microsoft/msedge/msedge", "/snap/bin/chromium")
MACOS = ("Google Chrome.app/Contents/MacOS/Google Chrome", "Chromium.app/Contents/MacOS/Chromium",
         "Microsoft Edge.app/Contents/MacOS/Microsoft Edge")
WINDOWS = ("Google/Chrome/Application/chrome.exe", "Chromium/Application/chrome.exe",
           "Microsoft/Edge/Application/msedge.exe")
KOREAN_FONTS = ("NotoSansCJK*", "NotoSansKR*", "NotoSerifCJK*", "Nanum*", "UnDotum*", "SourceHanSans*")


def provide(python):
    """Returns the path of a Chromium that starts; `python` is the one that has Playwright."""
    own = _path_of_playwrights_own(python)
    named = os.environ.get("PYDL_CHROMIUM")
    if named:
        problem = _problem(python, named)
        if problem:
            raise SetupError(f"PYDL_CHROMIUM names {named}, which does not work as a browser: {problem}\n"
                             "Correct the variable, or unset it to have one looked for.")
        return named
    looked = []
    for candidate in installed():
        problem = _problem(python, candidate)
        if not problem:
            return candidate
        looked.append(f"{candidate}: {problem}")
    looked = looked or ["none on PATH or in the usual places"]
    for source in (lambda: _playwrights_own(python, own), lambda: _from_apt(python)):
        try:
            return source()
        except SetupError as error:
            looked.append(str(error))
    raise SetupError(
        "No Chromium for the browser tests.\n"
        "Wanted: a Chromium, Chrome or Edge that starts. Looked for, in this order:\n"
        + "\n".join(f"- {entry}" for entry in looked)
        + "\nInstall Chromium or Chrome, or name one in PYDL_CHROMIUM; "
          "`python3 -m tests --no-browser` runs the other tests.")


def installed():
    """The installed Chromium-like browsers, best first, each once."""
    found = [shutil.which(name) for name in NAMES]
    if sys.platform == "win32":
        roots = [os.environ.get(name) for name in ("ProgramFiles", "ProgramFiles(x86)", "LocalAppData")]
        found += [Path(root, place) for place in WINDOWS for root in roots if root]
    elif sys.platform == "darwin":
        found += [Path(root, place) for place in MACOS
                  for root in ("/Applications", Path.home() / "Applications")]
    else:
        found += LINUX
    paths = {Path(path).resolve(): str(path) for path in reversed(found) if path and Path(path).is_file()}
    return list(reversed(paths.values()))


def provide_korean_font():
    """Sees to a font with Hangul; without one, which is said but no failure, screenshots show boxes."""
    if has_korean_font():
        return
    if not debian.may_install():
        say("  none found: screenshots will show boxes for Hangul. Install fonts-noto-cjk or the like.")
        return
    try:
        debian.install("fonts-noto-cjk")
    except SetupError as error:
        say(f"  none found: screenshots will show boxes for Hangul. {error}")


def has_korean_font():
    """macOS and Windows bring one; elsewhere fontconfig is asked, or else the font folders are searched."""
    if sys.platform in ("win32", "darwin"):
        return True
    if shutil.which("fc-list"):
        return bool(run(["fc-list", ":lang=ko", "family"], limit=60).strip())
    folders = [Path("/usr/share/fonts"), Path("/usr/local/share/fonts"),
               Path.home() / ".local/share/fonts", Path.home() / ".fonts"]
    return any(next(folder.rglob(pattern), None) for folder in folders if folder.is_dir()
               for pattern in KOREAN_FONTS)


def _problem(python, path):
    """None when this browser opens a page, else the last line of why not."""
    try:
        run([python, "-m", "tests.support.browser", path], limit=90)
    except SetupError as error:
        return str(error).strip().splitlines()[-1].strip()
    return None


def _path_of_playwrights_own(python):
    """Asks Playwright where its Chromium is or would be, and so finds out whether Playwright itself runs."""
    ask = [python, "-m", "tests.support.browser"]
    try:
        return run(ask, limit=60).strip()
    except SetupError as error:
        if "libatomic" not in str(error) or not debian.may_install():
            raise SetupError("Playwright, which drives the browser in the tests, does not start. A bare Debian lacks "
                             f"libatomic1 for it; `python3 -m tests --no-browser` does without.\n{error}") from None
    debian.install("libatomic1")
    return run(ask, limit=60).strip()


def _playwrights_own(python, path):
    if not Path(path).is_file():
        say("  none installed: asking Playwright for its own")
        try:
            run([python, "-m", "playwright", "install", "--no-shell", "chromium"], limit=DOWNLOAD_LIMIT)
        except SetupError as error:
            raise SetupError(f"Playwright's download: {_last_line(error, 'rror')}") from None
    problem = _problem(python, path)
    if problem:
        raise SetupError(f"Playwright's own, {path}: {problem}")
    return path


def _from_apt(python):
    if not debian.may_install():
        raise SetupError("apt: only used as root on Debian")
    if debian.chromium_is_a_snap():
        raise SetupError("apt: Ubuntu's chromium package only points to a snap, which cannot be used here; "
                         "Google Chrome's .deb package can")
    debian.install("chromium", "fonts-noto-cjk")
    path = shutil.which("chromium") or "chromium, which apt did not bring,"
    problem = _problem(python, path)
    if problem:
        raise SetupError(f"apt's {path}: {problem}")
    return path


def _last_line(error, word):
    """The last line of a message that holds `word`, or its last one."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return next((line for line in reversed(lines) if word in line), lines[-1])
