"""Writing npz files whole or not at all."""

import io
from pathlib import Path

import numpy as np

from neuhmr.clip.atomic import atomic_path


def write_npz(
    path: Path, is_compressed: bool = False, /, **arrays: np.ndarray | float | int
) -> None:
    """Write arrays by their names.

    They are packed in memory: a zip file that breaks off while the disk fills up complains once
    more when it is dropped, where nobody can hear it.

    Raises:
        OutputError: the file cannot be written.
    """
    packed = io.BytesIO()
    save = np.savez_compressed if is_compressed else np.savez
    save(packed, **arrays)  # pyright: ignore[reportArgumentType]
    with atomic_path(path) as partial:
        partial.write_bytes(packed.getbuffer())
