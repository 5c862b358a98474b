"""Poses of any tool for a clip that is being opened."""

from collections.abc import Callable
from pathlib import Path

from neuhmr.clip.motion_arrays import MotionArrays
from neuhmr.clip.sidecars import SidecarKind
from neuhmr.clip.video import Video
from neuhmr.formats.reading.choice import Choice
from neuhmr.formats.reading.read import read_poses
from neuhmr.formats.reading.rest_body import RestBody


class ClipPoses:
    """Reads the poses and the truth of a clip onto one body, and keeps what is to be said."""

    def __init__(
        self,
        body: RestBody,
        person: str | None = None,
        fit: Callable[[MotionArrays], MotionArrays] | None = None,
    ) -> None:
        """Begin without remarks.

        Args:
            body: to move poses onto.
            person: whose poses, where a file holds several people's.
            fit: makes the body fit the points that came with poses.
        """
        self._body = body
        self._person = person
        self._fit = fit
        self._remarks: dict[str, None] = {}

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was assumed, dropped or filled in, each once."""
        return tuple(self._remarks)

    def read(self, path: Path, kind: SidecarKind, video: Video) -> MotionArrays:
        """Read one of the clip's files.

        Raises:
            PoseFileError: it cannot be used, or it is not clear whose poses are meant.
        """
        choice = Choice(
            body=self._body,
            person=self._person,
            takes_only_one=kind == "truth",
            clip_fps=video.fps,
            image_size=(video.height, video.width),
        )
        content = read_poses(path, choice)
        if self._fit is not None and kind == "poses":
            content = self._fit(content)
        self._remarks |= dict.fromkeys(content.remarks)
        return content
