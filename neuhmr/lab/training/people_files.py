"""The files of people to train or validate on."""

from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import SmplModel
from neuhmr.errors import DatasetError
from neuhmr.lab.people.training_person import TrainingPerson, read_training_person

_Prepared = TypeVar("_Prepared")


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


def prepared_people(
    folder: Path,
    prepare: Callable[[TrainingPerson, SmplModel], _Prepared],
    limit: int | None = None,
) -> list[_Prepared]:
    """Read the people of a folder, and prepare each with the body model.

    Raises:
        DatasetError: the folder holds none.
    """
    paths, model = people_files(folder, limit), load_body_model()
    return [prepare(read_training_person(path), model) for path in paths]
