"""Which clip a session folder belongs to, so that the folder can be opened by itself."""

import json
import re
from dataclasses import fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args, get_origin, get_type_hints

from neuhmr.clip.atomic import atomic_path
from neuhmr.clip.open_request import OpenRequest
from neuhmr.errors import ClipError
from neuhmr.files.json_text import read_json
from workbench.core.open_paths import VIDEO_SUFFIXES

if TYPE_CHECKING:
    from workbench.engine.interface import Footage

FILE_NAME = "clip.json"
_PERSON = "person-"
"""Begins the name of one person's folder."""
_KINDS = get_type_hints(OpenRequest)
"""Of everything that a clip can be opened with."""


def folder_for_person(folder: Path, footage: "Footage") -> Path:
    """Give each of several people in a clip's pose file a session folder inside the clip's.

    Args:
        folder: the clip's, or one person's inside of it.
        footage: the clip, as it is open.
    """
    if not footage.people:
        return folder
    base = folder.parent if folder.name.startswith(_PERSON) else folder
    return base / (_PERSON + re.sub(r"[^\w+-]", "_", footage.person))


def remember_clip(folder: Path, request: OpenRequest) -> None:
    """Write which files were opened.

    Raises:
        OutputError: it cannot be written.
    """
    content: dict[str, Any] = {}
    for field in fields(OpenRequest):
        value = getattr(request, field.name)
        content[field.name] = str(value.resolve()) if isinstance(value, Path) else value
    with atomic_path(folder / FILE_NAME) as partial:
        partial.write_text(json.dumps(content, indent=1), encoding="utf-8")


def request_in(folder: Path) -> OpenRequest:
    """Read which files to open for a session folder.

    Raises:
        ClipError: the folder holds no session, or its clip is gone.
    """
    path = folder / FILE_NAME
    if not path.is_file():
        return OpenRequest(clip=_clip_beside(folder))
    remedy = "name the video instead of the folder"
    data = read_json(path, ClipError, "the files of a session", remedy)
    try:
        request = OpenRequest(**_values(data))
    except (TypeError, ValueError) as error:
        raise ClipError(
            f"{path} does not name the files of a session ({error}); {remedy}."
        ) from error
    if not request.clip.exists():
        raise ClipError(
            f"{request.clip} is gone, the video of the session {folder} was expected there; move "
            "it back, or open it where it is now with --session."
        )
    return request


def _values(data: Any) -> dict[str, Any]:
    """Check the kind of everything that is named; what is not known is left out."""
    if not isinstance(data, dict):
        raise ValueError("it is no table")
    given = {name: data[name] for name in _KINDS if data.get(name) is not None}
    return {name: _value(name, value) for name, value in given.items()}


def _value(name: str, value: Any) -> Any:
    """Take a value of the kind that `OpenRequest` has there."""
    kind = _KINDS[name]
    kinds = get_args(kind) or (kind,)
    if Path in kinds and isinstance(value, str):
        return Path(value)
    if get_origin(kind) is Literal:
        is_right = value in kinds
    elif float in kinds:
        is_right = isinstance(value, (int, float)) and not isinstance(value, bool)
    else:
        is_right = type(value) in kinds
    if not is_right:
        raise ValueError(f"{name} is {value!r}")
    return value


def _clip_beside(folder: Path) -> Path:
    """Find the video that a folder such as `turn.neuhmr` is named after."""
    names = [folder.with_suffix(suffix) for suffix in VIDEO_SUFFIXES]
    found = [name for name in names if folder.suffix == ".neuhmr" and name.is_file()]
    if not found:
        raise ClipError(
            f"{folder} is a folder without a session, a video or a session's folder was expected; "
            "name the video."
        )
    return found[0]
