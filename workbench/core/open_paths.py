"""Which files a page may name to be opened, and where files that it sends are kept."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.open_request import OpenRequest
from workbench.errors import WorkbenchError

Role = Literal["clip", "poses", "masks", "camera", "truth"]
VIDEO_SUFFIXES = (".mp4", ".mov", ".mkv", ".avi", ".webm", ".m4v")
_MAX_LISTED = 200
_UPLOADS = "uploads"
_MOST_KEPT = 1000


@dataclass(frozen=True)
class OpenPaths:
    """Paths as users of this launch may type them."""

    anywhere: bool
    """Whether any file of this machine may be named: only where nobody else's machine can ask."""

    def find(self, text: str, clip: Path | None) -> Path:
        """Turn what was typed into a path; relative ones start at the clip's folder.

        Raises:
            WorkbenchError: nothing was typed, there is nothing there, or it is out of bounds.
        """
        if not text.strip():
            raise WorkbenchError("No path was given; type the path of a file first.")
        folder = Path.cwd() if clip is None else clip.parent
        path = folder / Path(text.strip()).expanduser()
        if not self.anywhere and not path.resolve().is_relative_to(folder.resolve()):
            raise WorkbenchError(
                f"{path} is outside of {folder}, and other machines may reach this window; move "
                "the file there, or start without --allow-remote."
            )
        if not path.exists():
            raise WorkbenchError(f"{path} does not exist; check the path.")
        return path


def request_with(request: OpenRequest | None, role: Role, path: Path) -> OpenRequest:
    """Ask for the same as before with another file in one role.

    Another clip asks for nothing else of what was there before.

    Raises:
        WorkbenchError: nothing is open that the file could belong to.
    """
    if role == "clip":
        return OpenRequest(clip=path)
    if request is None:
        raise WorkbenchError("No clip is open that this file could belong to; open one first.")
    if role == "poses":
        return replace(request, poses=path, person=None, poses_as=None)
    if role == "masks":
        return replace(request, masks=path, invert_masks=False, grow_masks=0)
    return replace(request, **{role: path})


def other_clips(path: Path) -> tuple[str, ...]:
    """List the names of other videos beside a clip."""
    try:
        names = sorted(
            entry.name
            for entry in path.parent.iterdir()
            if entry.suffix.lower() in VIDEO_SUFFIXES and entry.is_file() and entry != path
        )
    except OSError:
        return ()
    return tuple(names[:_MAX_LISTED])


def keep_upload(folder: Path, name: str, content: bytes) -> Path:
    """Write a file that a page sent into the session's folder, over nothing that is there.

    Args:
        folder: of the session.
        name: a plain one, see `upload_guard`.
        content: of the file.

    Raises:
        OutputError: it cannot be written.
        WorkbenchError: there are too many already.
    """
    place = folder / _UPLOADS
    try:
        place.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkbenchError(f"{place} cannot be made ({error.strerror}).") from error
    wished = Path(name)
    for number in range(1, _MOST_KEPT):
        path = place / (name if number == 1 else f"{wished.stem}-{number}{wished.suffix}")
        if not path.exists() and not path.is_symlink():
            with atomic_path(path) as partial:
                partial.write_bytes(content)
            return path
    raise WorkbenchError(f"{place} holds {_MOST_KEPT} files of that name; remove some.")
