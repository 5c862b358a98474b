"""Files of arrays as plain dictionaries, lists and arrays, whatever container they are in."""

import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np

from neuhmr.clip.file_kinds import describe_file, require_file
from neuhmr.errors import NeuhmrError
from neuhmr.safe_pickle import load_pickle, read_pickle


def load_data(path: Path, error: type[NeuhmrError]) -> Any:
    """Load a pickle, joblib, npz, npy, torch or JSON file.

    Raises:
        NeuhmrError: of class `error`; the file is missing, damaged or of another kind.
    """
    require_file(path, error, "a file of poses")
    head = path.read_bytes()[:64].lstrip()
    if zipfile.is_zipfile(path):
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            if any(name.endswith("/data.pkl") for name in names):
                import torch

                return _plain(torch.load(path, map_location="cpu", weights_only=True))
            return {name.removesuffix(".npy"): _member(archive.read(name)) for name in names}
    if head.startswith(b"\x93NUMPY"):
        return _member(path.read_bytes())
    if head[:1] in (b"{", b"["):
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except ValueError as problem:
            raise error(f"{path} is not valid JSON ({problem}); make it again.") from problem
    kind = describe_file(path)
    if kind not in ("a Python pickle", "a file of unknown kind"):
        raise error(
            f"{path} is {kind}, a file of poses (npz, npy, pkl, pth, json) was expected; give "
            "what the estimator wrote."
        )
    return read_pickle(path, error)


def _member(data: bytes) -> Any:
    import io

    try:
        return np.load(io.BytesIO(data), allow_pickle=False)
    except ValueError:
        return load_pickle(data)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(child) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(child) for child in value]
    return value.numpy() if hasattr(value, "numpy") else value
