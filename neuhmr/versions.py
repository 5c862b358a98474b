"""Versions of Python and of the packages that results depend on."""

import platform
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "neuhmr-workbench"
PACKAGES = (DISTRIBUTION, "torch", "numpy", "spconv", "timm", "mediapipe")


def versions() -> dict[str, str]:
    """List the versions that results may depend on; packages that are missing are left out."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
