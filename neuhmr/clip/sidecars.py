"""Where the files that belong to a video lie.

Beside `clip.mp4`: `clip.poses.npz`, `clip.masks.npz`, `clip.camera.json`, `clip.truth.npz`; then in
the clip's own folder, which is `clip.neuhmr` beside it or, where nothing can be written there, a
folder in the user's home.
"""

import hashlib
import os
from pathlib import Path
from typing import Literal

SidecarKind = Literal["poses", "masks", "camera", "truth"]
_SUFFIXES: dict[str, str] = {
    "poses": ".poses.npz", "masks": ".masks.npz", "camera": ".camera.json", "truth": ".truth.npz"
}  # fmt: skip
_HOME_FOLDER = ".neuhmr"


def sidecar_path(clip_path: Path, kind: SidecarKind) -> Path:
    """Name the file that belongs to a clip: the one that exists, else where to write it.

    A new sidecar goes beside the video, or into `clip_folder` where that is read-only.
    """
    existing = find_sidecar(clip_path, kind)
    if existing is not None:
        return existing
    named = _named(clip_path)
    beside = named.with_name(named.stem + _SUFFIXES[kind])
    return beside if _is_writable(beside.parent) else clip_folder(clip_path) / beside.name


def find_sidecar(clip_path: Path, kind: SidecarKind) -> Path | None:
    """Find a sidecar that exists: beside the video first, then in its folders."""
    clip_path = _named(clip_path)
    name = clip_path.stem + _SUFFIXES[kind]
    folders = (clip_path.parent, _folder_beside(clip_path), _folder_at_home(clip_path))
    return next((folder / name for folder in folders if _exists(folder / name)), None)


def clip_folder(clip_path: Path) -> Path:
    """Name the folder for everything else that belongs to a clip; it need not exist yet."""
    beside = _folder_beside(clip_path)
    place = beside if beside.is_dir() else beside.parent
    return beside if _is_writable(place) else _folder_at_home(clip_path)


def resume_path(out: Path) -> Path:
    """Name the file beside a result that keeps an unfinished run."""
    return out.with_name(out.name + ".resume.safetensors")


def foreign_pose_sidecars(clip_path: Path) -> list[Path]:
    """List pose files of other tools beside a video (`clip.poses.*`)."""
    clip_path = _named(clip_path)
    pattern = f"{clip_path.stem}.poses."
    names = sorted(clip_path.parent.glob("*.poses.*"))
    return [p for p in names if p.name.startswith(pattern) and p.suffix != ".npz" and p.is_file()]


def _named(clip_path: Path) -> Path:
    """Give the present folder its name, where that is the clip."""
    return clip_path if clip_path.name not in ("", "..") else clip_path.resolve()


def _folder_beside(clip_path: Path) -> Path:
    named = _named(clip_path)
    return named.with_name(f"{named.stem}.neuhmr")


def _folder_at_home(clip_path: Path) -> Path:
    # Clips of the same name in different folders must not share theirs.
    digest = hashlib.sha256(os.fsencode(clip_path.resolve())).hexdigest()[:8]
    return Path.home() / _HOME_FOLDER / f"{_named(clip_path).stem}-{digest}"


def _exists(path: Path) -> bool:
    try:
        return path.is_file()
    except OSError:  # The clip's name is so long that no file can have its name and more.
        return False


def _is_writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)
