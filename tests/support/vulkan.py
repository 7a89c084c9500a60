"""A Vulkan driver for the tests of the desktop's GPU: a real one, or Mesa's llvmpipe, which the CPU plays."""

import os
import sys
from pathlib import Path

from tests.support import debian
from tests.support.process import SetupError, say

FOLDERS = ("/usr/share/vulkan/icd.d", "/usr/local/share/vulkan/icd.d", "/etc/vulkan/icd.d")  # each driver has a file
NAMED = ("VK_DRIVER_FILES", "VK_ICD_FILENAMES")  # environment variables that name drivers elsewhere


def provide():
    """Sees to a driver; without one, which is said but no failure, the tests that need a GPU are skipped."""
    if has_driver():
        return
    if not debian.may_install():
        say("  none found: the tests of the desktop's GPU will be skipped. Mesa's Vulkan drivers bring llvmpipe.")
        return
    try:
        debian.install("mesa-vulkan-drivers", "libvulkan1")
    except SetupError as error:
        say(f"  none found: the tests of the desktop's GPU will be skipped. {error}")


def has_driver():
    """macOS and Windows bring Metal and Direct3D; elsewhere a driver stands in one of a few folders."""
    if sys.platform in ("win32", "darwin") or any(os.environ.get(name) for name in NAMED):
        return True
    return any(next(Path(folder).glob("*.json"), None) for folder in FOLDERS)
