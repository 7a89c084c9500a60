"""The first visit: what the browser is sent, what it asks for, and what it says meanwhile."""

import urllib.request

import pytest

from tests.support.lab import BOOT_LIMIT

POLICY = {
    "script-src": "'self' 'wasm-unsafe-eval'",
    "connect-src": "'self'",
    "worker-src": "'self' blob: data:",
}


def headers_of(url):
    with urllib.request.urlopen(url, timeout=10) as answer:
        return answer.headers


@pytest.mark.parametrize("path", ["", "worker/worker.js"])
def test_the_policy_comes_as_a_header_with_the_page_and_with_the_workers_script(server, path):
    headers = headers_of(server + path)
    directives = headers["Content-Security-Policy"].split(";")
    policy = dict(directive.strip().split(" ", 1) for directive in directives)
    assert {name: policy[name] for name in POLICY} == POLICY
    assert "unsafe-inline" not in str(policy) and "'unsafe-eval'" not in str(policy)
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Cross-Origin-Embedder-Policy"] == "require-corp"


def test_a_cold_load_asks_no_other_origin_and_says_nothing_on_the_console(new_lab):
    lab = new_lab().open()
    assert lab.complaints() == []
    asked = {url.removeprefix(lab.url) for url in lab.requests}
    assert any("pyodide.asm.wasm" in path for path in asked), sorted(asked)
    assert not [path for path in asked if path.startswith("data/")], "data sets are loaded when asked for"


def test_the_page_is_isolated_so_that_stop_can_interrupt_python(lab):
    assert lab.call("crossOriginIsolated") is True


def test_a_reload_works_and_boots_again(new_lab):
    lab = new_lab().open()
    lab.page.reload()
    lab.ready(BOOT_LIMIT)
    assert lab.exec("6 * 7")["value"] == 42


def test_code_from_a_string_is_refused_in_the_page(new_lab):
    lab = new_lab(expected=["Content Security Policy"]).open(wait=False)
    lab.call("""(() => {
        const script = document.createElement("script");
        script.textContent = "window.injected = 1";
        document.head.append(script);
    })()""")
    assert lab.call("window.injected") is None
