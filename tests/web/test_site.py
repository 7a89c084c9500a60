"""The site builder: what the site holds, that a build writes no more than what changed, and whose folder it
takes.
"""

import json
import os
import time

import pytest

from web.site import SiteError, build, policy
from web.site.output import MARKER, sync

WHEEL = "pyodide/pydl_lab-1.2.3-py3-none-any.whl"


@pytest.fixture
def made_up(project, fake_assets, mnist_folder):
    """The root of a project with everything that a build needs; MNIST is there."""
    return project


@pytest.fixture
def out(tmp_path):
    return tmp_path / "dist"


def names_in(folder) -> set[str]:
    return {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} - {MARKER}


def times_in(folder) -> dict:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*") if path.is_file()}


def facts(out) -> dict:
    return json.loads((out / "site.json").read_text(encoding="utf-8"))


def test_the_site_has_everything_in_its_place(made_up, out):
    build(out)
    kinds = [f"{part}-{kind}" for part in ("train", "t10k") for kind in ("images-idx3", "labels-idx1")]
    assert names_in(out) == {
        "index.html",
        "bench.html",
        "js/main.js",
        "worker/bridge.py",
        "favicon.svg",
        "site.json",
        "NOTICES.txt",
        "LICENSE.txt",
        "vendor/uplot/uPlot.esm.js",
        "vendor/uplot/uPlot.min.css",
        "vendor/comlink/comlink.mjs",
        "pyodide/pyodide.mjs",
        "pyodide/pyodide.asm.mjs",
        "pyodide/pyodide.asm.wasm",
        "pyodide/python_stdlib.zip",
        "pyodide/pyodide-lock.json",
        "pyodide/numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl",
        "pyodide/micropip-0.11.1-py3-none-any.whl",
        WHEEL,
        *(f"data/{folder}/{kind}-ubyte.gz" for folder in ("mnist", "mnist-subset") for kind in kinds),
    }


def test_site_json_tells_the_page_what_it_has(made_up, out):
    build(out)
    told = facts(out)
    assert (told["version"], told["allow_network"], told["pyodide"]) == ("1.2.3", False, "314.0.7")
    assert told["numpy"] == {
        "version": "2.4.6",
        "origin": "made up",
        "file": "numpy-2.4.6-cp314-cp314-pyemscripten_2026_0_wasm32.whl",
    }
    assert told["data"]["mnist"] is told["data"]["mnist_subset"] is True
    assert told["data"]["mnist_authors"] == "Yann LeCun, Corinna Cortes, Christopher J. C. Burges"
    assert told["data"]["mnist_licence"] == "CC BY-SA 3.0"
    assert told["data"]["bytes"]["mnist_subset"] == sum(
        path.stat().st_size for path in (out / "data" / "mnist-subset").iterdir()
    )
    assert [row["name"] for row in told["components"]] == ["Pyodide", "NumPy", "micropip", "uPlot", "Comlink", "MNIST"]
    assert all(set(row) == {"name", "version", "licence", "origin", "homepage"} for row in told["components"])


def test_notices_carry_every_licence(made_up, out):
    build(out)
    text = (out / "NOTICES.txt").read_text(encoding="utf-8")
    for part in (
        "Pyodide 314.0.7: MPL-2.0",
        "Mozilla Public License",
        "the licence of numpy",
        "this is uplot-LICENSE.txt",
        "this is comlink-LICENSE.txt",
        "Yann LeCun",
        "CC BY-SA 3.0",
    ):
        assert part in text


def test_without_mnist_the_site_is_built_and_says_so(made_up, out, mnist_folder):
    for path in mnist_folder.iterdir():
        path.unlink()
    result = build(out)
    assert len(result.notes) == 1 and "drawn digits" in result.notes[0]
    assert facts(out)["data"]["mnist"] is facts(out)["data"]["mnist_subset"] is False
    assert not (out / "data").exists() and "LeCun" not in (out / "NOTICES.txt").read_text(encoding="utf-8")


def test_a_second_build_writes_nothing(made_up, out):
    first = build(out)
    before = times_in(out)
    second = build(out)
    assert set(first.written) == names_in(out) and first.removed == []
    assert (second.written, second.removed) == ([], []) and times_in(out) == before


@pytest.mark.parametrize(
    "source, changed",
    [
        ("web/page/js/main.js", {"js/main.js", "site.json"}),
        ("static/favicon.svg", {"favicon.svg", "site.json"}),
        ("pydl/cli/__init__.py", {WHEEL, "pyodide/pyodide-lock.json", "site.json"}),
        ("LICENSE", {"LICENSE.txt", WHEEL, "pyodide/pyodide-lock.json", "site.json"}),
    ],
)
def test_a_changed_source_changes_what_is_made_of_it(made_up, out, source, changed):
    build(out)
    version, path = facts(out)["build"], made_up / source
    times = path.stat().st_atime_ns, path.stat().st_mtime_ns
    text = path.read_text()
    path.write_text(text[:-2] + "# "[: len(text[-2:])])  # same size, same time: only the content tells
    os.utime(path, ns=times)
    assert set(build(out).written) == changed
    assert facts(out)["build"] != version


def test_a_removed_source_leaves_the_site(made_up, out):
    build(out)
    (made_up / "web/page/worker/bridge.py").unlink()
    assert build(out).removed == ["worker/bridge.py"]
    assert not (out / "worker").exists()


def test_a_damaged_output_is_made_good(made_up, out):
    build(out)
    (out / "js/main.js").write_text("export const answer = 41;\n")
    (out / "pyodide/pyodide.mjs").unlink()
    assert set(build(out).written) == {"js/main.js", "pyodide/pyodide.mjs"}


def test_a_new_version_replaces_the_old_wheel(made_up, out):
    build(out)
    (made_up / "pydl/__init__.py").write_text('__version__ = "1.3.0"\n')
    result = build(out)
    assert result.removed == [WHEEL]
    assert "pyodide/pydl_lab-1.3.0-py3-none-any.whl" in result.written


def test_the_page_carries_the_policy_that_the_server_sends(made_up, out):
    for allow_network in (False, True):
        build(out, allow_network=allow_network)
        sent = policy.headers(allow_network)["Content-Security-Policy"].split("; ")
        for page in ("index.html", "bench.html"):
            head = (out / page).read_text(encoding="utf-8").partition("</head>")[0]
            assert '<meta http-equiv="Content-Security-Policy"' in head.partition("<meta charset")[0]
            written = head.partition('content="')[2].partition('"')[0].split("; ")
            assert [rule for rule in sent if not rule.startswith("frame-ancestors")] == written
        assert facts(out)["allow_network"] is allow_network
        assert ("connect-src 'self' https:" in written) is allow_network


def test_the_policy_lets_no_script_be_made_from_text():
    assert policy.DIRECTIVES["script-src"].split() == ["'self'", "'wasm-unsafe-eval'"]
    assert policy.DIRECTIVES["default-src"] == "'none'"


def test_a_foreign_folder_is_refused_and_left_as_it_was(made_up, out):
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(SiteError, match="files that the builder did not make"):
        build(out)
    assert names_in(out) == {"thesis.txt"}


def test_a_file_in_the_folders_place_is_refused(made_up, out):
    out.write_text("a file")
    with pytest.raises(SiteError, match="it is a file"):
        build(out)


def test_files_that_others_put_beside_ours_stay(made_up, out):
    build(out)
    (out / "CNAME").write_text("lab.example.org")
    (made_up / "static/favicon.svg").unlink()
    build(out)
    assert (out / "CNAME").exists() and not (out / "favicon.svg").exists()


def test_a_marker_cannot_lead_out_of_the_folder(tmp_path, out):
    (tmp_path / "precious").write_text("keep")
    sync(out, {"a": b"1"})
    with open(out / MARKER, "a") as marker:
        marker.write(f"../precious\n{tmp_path / 'precious'}\n")
    sync(out, {"b": b"2"})
    assert names_in(out) == {"b"} and (tmp_path / "precious").exists()


def test_a_build_that_was_cut_off_is_taken_up_again(out, monkeypatch):
    replace, calls = os.replace, []

    def cut_off(source, target):
        calls.append(target)
        if len(calls) == 3:
            raise KeyboardInterrupt
        replace(source, target)

    monkeypatch.setattr(os, "replace", cut_off)
    with pytest.raises(KeyboardInterrupt):
        sync(out, {"a": b"1", "b": b"2", "index.html": b"3"})
    assert (out / "a").read_bytes() == b"1" and not (out / "b").exists()
    left = [path for path in out.iterdir() if path.name.startswith(".new-")]
    assert len(left) == 1
    os.utime(left[0], (time.time() - 3600,) * 2)
    sync(out, {"a": b"1", "b": b"2", "index.html": b"3"})
    assert names_in(out) == {"a", "b", "index.html"}


def test_a_file_may_become_a_folder_and_back(out):
    sync(out, {"x": b"1", "y/z": b"2"})
    sync(out, {"x/inside": b"1", "y": b"2"})
    assert names_in(out) == {"x/inside", "y"}


def test_what_names_other_files_is_written_last(out):
    written, _ = sync(out, {"site.json": b"1", "index.html": b"2", "z.js": b"3", "a.js": b"4"})
    assert written == ["a.js", "z.js", "index.html", "site.json"]


def test_a_page_without_a_head_is_refused(made_up, out):
    (made_up / "web/page/index.html").unlink()
    with pytest.raises(SiteError, match="index.html is missing"):
        build(out)


def test_a_folder_that_cannot_be_written_is_named(out, monkeypatch):
    def full(source, target):
        raise OSError(28, "No space left on device", str(source))

    monkeypatch.setattr(os, "replace", full)
    with pytest.raises(SiteError, match="No space left on device"):
        sync(out, {"a": b"1"})
