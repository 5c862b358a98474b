"""The files of people to train or validate on."""

from pathlib import Path

from neuhmr.errors import DatasetError


def people_files(folder: Path, limit: int | None = None) -> list[Path]:
    """List the people of a folder by name, at most `limit` of them.

    Raises:
        DatasetError: the folder holds none.
    """
    paths = sorted(folder.glob("person_*.npz"))[:limit]
    if not paths:
        raise DatasetError(
            f"{folder} holds no training people; make some with `neuhmr people {folder} "
            "--preset train`"
        )
    return paths
