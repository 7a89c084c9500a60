"""Debian and Ubuntu: whether packages may be installed here, installing them, and what Ubuntu's differ in."""

import os
import platform
import shutil

from tests.support.process import SetupError, run, say


def family():
    """The names of this system and its ancestors, as in {"ubuntu", "debian"}; empty where none are given."""
    try:
        release = platform.freedesktop_os_release()
    except OSError:
        return set()
    return {release.get("ID", ""), *release.get("ID_LIKE", "").split()}


def may_install():
    """Only root on Debian or a descendant installs packages; nobody is asked for a password."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return root and "debian" in family() and shutil.which("apt-get") is not None


def chromium_is_a_snap():
    """Ubuntu's package is a pointer to a snap, which does not install in a container."""
    return "ubuntu" in family()


def install(*packages):
    """Installs packages with apt; the caller has asked `may_install`."""
    say(f"  apt-get install {' '.join(packages)}")
    quiet = {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=120", "-o", "Acquire::Retries=3"]
    try:
        run([*apt, "update"], limit=300, environment=quiet)
        run([*apt, "install", "--no-install-recommends", *packages], limit=1200, environment=quiet)
    except SetupError as error:
        raise SetupError(f"apt could not install {' '.join(packages)}.\n{error}") from None
