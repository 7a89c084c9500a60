"""The browser the tests drive: how Chromium is started, here once for set-up's check and for the suite.

`python -m tests.support.browser PATH` starts the browser at PATH, opens a page in it, and prints its version;
without PATH it prints where Playwright's own would be.
"""

import sys

# Quiet and repeatable: no first-run pages, no calls home. Playwright itself passes --no-sandbox, without
# which Chromium refuses to start as root.
FLAGS = ["--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update",
         "--disable-sync", "--force-color-profile=srgb"]
# A GPU that the CPU plays: the same on every machine.
WEBGPU = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"]


def launch(playwright, path, webgpu=False):
    """Starts the full browser (not its headless shell, which lacks some interfaces) without a window."""
    flags = [*FLAGS, *(WEBGPU if webgpu else []), "--headless=new"]
    return playwright.chromium.launch(executable_path=path, headless=True, args=flags)


def main(path=None):
    """Prints what is asked for, or one line of why it does not work; the exit code says which."""
    from playwright.sync_api import sync_playwright

    try:
        with sync_playwright() as playwright:
            print(_try(playwright, path) if path else playwright.chromium.executable_path)
    except Exception as error:  # Playwright's own Node may fail too, before there is a browser to ask
        lines = [line.strip() for line in str(error).splitlines() if line.strip()]
        telling = [line for line in lines if "error while loading" in line or "snap" in line]
        print((telling or lines)[0])
        return 1
    return 0


def _try(playwright, path):
    browser = launch(playwright, path)
    browser.new_page().evaluate("1 + 1")
    version = browser.version
    browser.close()
    return version


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
