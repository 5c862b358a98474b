"""Packages that only the laboratory needs: this distribution's extra `lab`."""

from collections.abc import Iterator
from contextlib import contextmanager

from neuhmr.errors import MissingDependencyError


@contextmanager
def lab_extra(use: str, otherwise: str = "") -> Iterator[None]:
    """Say what to install where an import inside fails.

    Args:
        use: what the import is for, in the words of a user.
        otherwise: what else can be done, as ", or ...".

    Raises:
        MissingDependencyError: a package of the extra is missing.
    """
    try:
        yield
    except ImportError as error:
        package = (error.name or str(error)).partition(".")[0]
        raise MissingDependencyError(
            f"{use} needs {package}, which is not installed; run "
            f"pip install 'neuhmr-workbench[lab]'{otherwise}."
        ) from error
