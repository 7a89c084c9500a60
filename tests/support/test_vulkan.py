"""The Vulkan driver that set-up sees to."""

import pytest

from tests.support import debian, vulkan
from tests.support.process import SetupError


@pytest.fixture
def bare(monkeypatch, tmp_path):
    """A Linux without a driver; what is installed is noted."""
    installed = []
    for name in vulkan.NAMED:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(vulkan.sys, "platform", "linux")
    monkeypatch.setattr(vulkan, "FOLDERS", (str(tmp_path), str(tmp_path / "missing")))
    monkeypatch.setattr(debian, "may_install", lambda: True)
    monkeypatch.setattr(debian, "install", lambda *packages: installed.extend(packages))
    return installed


def test_a_driver_that_is_there_is_used(bare, tmp_path):
    (tmp_path / "lvp_icd.json").write_text("{}")
    vulkan.provide()
    assert bare == []


def test_root_on_debian_gets_llvmpipe(bare):
    vulkan.provide()
    assert "mesa-vulkan-drivers" in bare


def test_elsewhere_it_is_said_that_tests_will_be_skipped(bare, monkeypatch, capsys):
    monkeypatch.setattr(debian, "may_install", lambda: False)
    vulkan.provide()
    assert bare == [] and "will be skipped" in capsys.readouterr().out


def test_an_installation_that_fails_is_said_and_no_failure(bare, monkeypatch, capsys):
    def refuse(*packages):
        raise SetupError("no connection")

    monkeypatch.setattr(debian, "install", refuse)
    vulkan.provide()
    assert "will be skipped. no connection" in capsys.readouterr().out


@pytest.mark.parametrize("platform", ["darwin", "win32"])
def test_macos_and_windows_bring_their_own(bare, monkeypatch, platform):
    monkeypatch.setattr(vulkan.sys, "platform", platform)
    vulkan.provide()
    assert bare == []
