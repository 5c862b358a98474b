"""Finding and reading SMPL-format body-model files."""

import hashlib
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from neuhmr.body.open_body import OPEN_BODY_PATH
from neuhmr.body.smpl_arrays import SmplArrays, UnusableArrays, check_body
from neuhmr.errors import BodyModelError
from neuhmr.files.loading import load_data
from neuhmr.files.npz_files import read_npz
from neuhmr.files.zip_archive import is_archive

if TYPE_CHECKING:
    from neuhmr.body.smpl_model import SmplModel

GENDERS = ("neutral", "male", "female")

REMEDY = (
    "register and download SMPL at https://smpl.is.tue.mpg.de and pass its .pkl file with "
    "--body-model, or leave the option out to use the open body"
)

OPEN_BODY_KEYS = {
    *("v_template", "shapedirs", "faces", "parents", "name", "weight_joints", "weight_values"),
    *("J_regressor_rows", "J_regressor_cols", "J_regressor_values"),
}
"""What tells the open body's compact file from one with SMPL's arrays."""

_MOST_WEIGHTS = 10_000_000
"""Vertices times joints; SMPL-X has 580,000."""


def load_body_model(path: Path | None = None, gender: str = "neutral") -> "SmplModel":
    """Load a body model as tensors; see `load_body_arrays`.

    Raises:
        BodyModelError: nothing usable is there.
    """
    import torch  # Not above: who needs the arrays alone does without it.

    from neuhmr.body.smpl_model import SmplModel

    arrays = load_body_arrays(path, gender)
    values: dict[str, Any] = {field.name: getattr(arrays, field.name) for field in fields(arrays)}
    for name, value in values.items():
        if isinstance(value, np.ndarray):
            values[name] = torch.from_numpy(value)
    return SmplModel(**values)


def load_body_arrays(path: Path | None = None, gender: str = "neutral") -> SmplArrays:
    """Load the arrays of a body model; without a path, of the embedded open body.

    Official pickles are read as they were downloaded, without chumpy and without running code.

    Args:
        path: an SMPL `.pkl` or `.npz` file, or a folder with files named as SMPL or smplx name
            them.
        gender: "neutral", "male" or "female"; chooses the file in a folder.

    Raises:
        BodyModelError: nothing usable is there.
    """
    if gender not in GENDERS:
        raise BodyModelError(
            f'The gender of a body model is "neutral", "male" or "female", not "{gender}".'
        )
    source = OPEN_BODY_PATH if path is None else path.expanduser()
    if source.is_dir():
        source = find_model_file(source, gender)
    data = read_model_file(source)
    digest = hashlib.sha256(source.read_bytes()).hexdigest()[:16]
    name = str(data["name"]) if "name" in data else source.stem
    try:
        return check_body(data, name, digest)
    except UnusableArrays as problem:
        raise BodyModelError(
            f"{source} is not a body model of the SMPL format: it {problem}; {REMEDY}."
        ) from problem


def find_model_file(folder: Path, gender: str) -> Path:
    """Find the file of one gender in a folder laid out as SMPL's download or as smplx wants it.

    Raises:
        BodyModelError: none of the known names is there.
    """
    letter = {"neutral": "neutral", "male": "m", "female": "f"}[gender]
    names = [f"SMPL_{gender.upper()}.{ending}" for ending in ("pkl", "npz")]
    names += [
        f"{prefix}_{letter}_lbs_10_207_0_v{version}.pkl"
        for version in ("1.1.0", "1.0.0")
        for prefix in ("basicmodel", "basicModel")
    ]
    for place in (folder, folder / "smpl", folder / "models", folder / "smpl" / "models"):
        for name in names:
            if (place / name).is_file():
                return place / name
    raise BodyModelError(
        f"{folder} holds no SMPL model of gender {gender} (looked for {names[0]} and "
        f"{names[2]}, also in the folders smpl and models below it); {REMEDY}."
    )


def read_model_file(path: Path) -> Mapping[str, Any]:
    """Read the arrays of a body-model file by their names, npz or pickle, without running code.

    Raises:
        BodyModelError: the file is missing, damaged or holds something else.
    """
    if not path.exists():
        raise BodyModelError(f"There is no body model at {path}; {REMEDY}.")
    data: Any
    if is_archive(path):
        # Some hold arrays of objects beside what is needed.
        expected = "the npz file of a body model"
        data = read_npz(path, BodyModelError, expected, REMEDY, leaves_out_objects=True)
    else:
        data = load_data(path, BodyModelError)
    if not isinstance(data, dict):
        raise BodyModelError(
            f"{path} holds a {type(data).__name__} and not the arrays of a body model; {REMEDY}."
        )
    if not data.keys() >= OPEN_BODY_KEYS:
        return data
    try:
        return _unpack_open_body(data)
    except (ValueError, IndexError, TypeError, AttributeError) as problem:
        raise BodyModelError(
            f"{path} contradicts itself ({problem}), a body model was expected; {REMEDY}."
        ) from problem


def _unpack_open_body(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """Bring the open body's compact arrays into the form of SMPL's own files.

    Raises:
        ValueError, IndexError, TypeError, AttributeError: they do not fit together.
    """
    vertices, joints = len(data["v_template"]), len(data["parents"])
    if vertices * joints > _MOST_WEIGHTS:
        raise ValueError(f"{vertices} vertices and {joints} joints")
    regressor = np.zeros((len(data["parents"]), vertices), np.float32)
    rows, columns = data["J_regressor_rows"], data["J_regressor_cols"]
    regressor[rows, columns] = data["J_regressor_values"]
    weights = np.zeros((vertices, len(data["parents"])), np.float32)
    np.put_along_axis(weights, data["weight_joints"].astype(np.int64), data["weight_values"], 1)
    return {
        "v_template": data["v_template"],
        "shapedirs": data["shapedirs"],
        "J_regressor": regressor,
        "weights": weights,
        "f": data["faces"],
        "kintree_table": np.stack([data["parents"], np.arange(len(data["parents"]))]),
        "name": data["name"],
    }
