"""The build backend: what a wheel holds, that pip takes it, and that the same sources give the same bytes."""

import base64
import csv
import hashlib
import io
import subprocess
import sys
import tarfile
import time
import zipfile
from email import message_from_bytes
from pathlib import Path

import pytest

from web import wheel

REPOSITORY = Path(__file__).resolve().parents[2]


def entries(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def test_a_wheel_holds_the_package_its_data_and_nothing_else(project, tmp_path):
    name = wheel.build_wheel(str(tmp_path))
    assert name == "pydl_lab-1.2.3-py3-none-any.whl"
    assert set(entries(tmp_path / name)) == {
        "pydl/__init__.py", "pydl/cli/__init__.py", "pydl/lessons/texts/ko.json",
        *(f"pydl_lab-1.2.3.dist-info/{file}" for file in
          ("METADATA", "WHEEL", "RECORD", "entry_points.txt", "licenses/LICENSE"))}


def test_metadata_says_what_pyproject_says(project, tmp_path):
    folder = wheel.prepare_metadata_for_build_wheel(str(tmp_path))
    message = message_from_bytes((tmp_path / folder / "METADATA").read_bytes())
    expected = {
        "Metadata-Version": "2.4", "Name": "pydl-lab", "Version": "1.2.3", "Summary": "A laboratory",
        "License-Expression": "MIT", "License-File": "LICENSE", "Requires-Python": ">=3.11",
        "Keywords": "learning,education", "Author": "Ann", "Author-email": "Bo <bo@example.org>",
        "Project-URL": "Home, https://example.org", "Provides-Extra": "test",
        "Description-Content-Type": "text/markdown; charset=UTF-8"}
    assert {key: message[key] for key in expected} == expected
    assert message.get_all("Requires-Dist") == [
        "numpy>=2.0", 'pytest; extra == "test"', "tomli; (python_version < '3.11') and extra == \"test\""]
    assert message.get_payload(decode=True).decode() == "# Read me, 한국어\n"
    assert (tmp_path / folder / "entry_points.txt").read_text() == "[console_scripts]\npydl = pydl.cli:main\n"


def test_record_lists_every_file_with_its_hash_and_size(project, tmp_path):
    files = entries(tmp_path / wheel.build_wheel(str(tmp_path)))
    record = "pydl_lab-1.2.3.dist-info/RECORD"
    rows = {row[0]: row[1:] for row in csv.reader(io.StringIO(files[record].decode()))}
    assert rows.pop(record) == ["", ""]
    assert rows == {
        name: ["sha256=" + base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode(),
               str(len(content))]
        for name, content in files.items() if name != record}


@pytest.mark.parametrize("make", ["build_wheel", "build_sdist", "build_editable"])
def test_the_same_sources_give_the_same_bytes(project, tmp_path, make):
    packed = []
    for turn in ("first", "second"):
        (tmp_path / turn).mkdir()
        packed.append((tmp_path / turn / getattr(wheel, make)(str(tmp_path / turn))).read_bytes())
        (project / "pydl/__init__.py").touch()
        time.sleep(0.01)
    assert packed[0] == packed[1]


def test_an_sdist_holds_what_a_wheel_is_built_from(project, tmp_path):
    name = wheel.build_sdist(str(tmp_path))
    with tarfile.open(tmp_path / name) as archive:
        names = set(archive.getnames())
    assert name == "pydl_lab-1.2.3.tar.gz"
    assert {f"pydl_lab-1.2.3/{file}" for file in (
        "PKG-INFO", "pyproject.toml", "README.md", "LICENSE", "pydl/__init__.py",
        "pydl/lessons/texts/ko.json", "web/page/index.html")} <= names
    assert not [name for name in names if any(part in name for part in ("node_modules", "__pycache__", "/."))]


def test_a_package_without_a_version_is_named(project):
    (project / "pydl/__init__.py").write_text("x = 1\n")
    with pytest.raises(ValueError, match="no __version__"):
        wheel.wheel_bytes()


def pip(*arguments: str):
    command = [sys.executable, "-m", "pip", "--no-input", "--disable-pip-version-check", *arguments]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_pip_builds_the_real_wheel_in_isolation_and_installs_it(tmp_path):
    pytest.importorskip("pip")
    pip("wheel", "--no-deps", "--wheel-dir", str(tmp_path), str(REPOSITORY))
    [path] = tmp_path.glob("*.whl")
    name, content = wheel.wheel_bytes()
    assert (path.name, path.read_bytes()) == (name, content), "pip and the site builder differ"
    names = set(entries(path))
    assert {name.split("/")[0].split("-")[0] for name in names} == {"pydl", "pydl_lab"}
    texts = {text.relative_to(REPOSITORY).as_posix() for text in REPOSITORY.glob("pydl/lessons/texts/*.json")}
    assert texts and {"pydl/py.typed", *texts} <= names
    pip("install", "--no-deps", "--no-index", "--target", str(tmp_path / "there"), str(path))
    assert (tmp_path / "there" / "pydl" / "__init__.py").is_file()


def test_an_editable_install_leads_to_the_checkout(tmp_path):
    pytest.importorskip("pip")
    pip("install", "--no-deps", "--no-index", "--target", str(tmp_path), "--editable", str(REPOSITORY))
    [pth] = tmp_path.glob("*.pth")
    assert Path(pth.read_text().strip()) == REPOSITORY
