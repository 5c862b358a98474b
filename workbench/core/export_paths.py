"""Where exports may go: into a few known folders, under a plain name, over nothing else's file."""

from dataclasses import dataclass, field
from pathlib import Path

from neuhmr.formats.writing.formats import FORMATS
from workbench.engine.exchange import ExportKind
from workbench.errors import WorkbenchError

SUFFIXES: dict[ExportKind, str] = {
    **{name: written.suffix for name, written in FORMATS.items()},
    "mesh": ".mesh.glb",
    "overlay": ".mp4",
}
MAX_NAME_LENGTH = 100
_FORBIDDEN = set('/\\:*?"<>|')


@dataclass(frozen=True)
class ExportFolders:
    """The folders of this session, by what the user calls them."""

    by_label: dict[str, Path]
    _promised: set[Path] = field(default_factory=set)
    """Given out already: an export that waits for its turn has not written its file yet."""

    @staticmethod
    def of(clip: Path, session: Path, out: Path | None) -> "ExportFolders":
        """List the clip's folder, the session's folder, and the one given with --out."""
        folders = {} if out is None else {"the --out folder": out.resolve()}
        folders["beside the clip"] = clip.resolve().parent
        folders["session folder"] = session.resolve()
        return ExportFolders(folders)

    @property
    def labels(self) -> tuple[str, ...]:
        """What the user can choose."""
        return tuple(self.by_label)

    def place(self, label: str, name: str, kind: ExportKind) -> Path:
        """Choose a path that holds nothing yet.

        Raises:
            WorkbenchError: an unknown folder, or a name that is more than a name.
        """
        if label not in self.by_label:
            raise WorkbenchError("That folder is not offered; choose one from the list.")
        if kind not in SUFFIXES:
            raise WorkbenchError("That format is not offered; choose one from the list.")
        folder = self.by_label[label]
        stem = checked_name(name)
        try:
            folder.mkdir(exist_ok=True)
        except OSError as error:
            raise WorkbenchError(
                f"{folder} cannot be made ({error.strerror}); choose another folder."
            ) from error
        path = _free_path(folder, stem, SUFFIXES[kind], self._promised)
        self._promised.add(path)
        return path


def checked_name(name: str) -> str:
    """Accept a plain file name.

    Raises:
        WorkbenchError: a path, a hidden file, or characters that some system forbids.
    """
    stem = name.strip()
    is_plain = (
        0 < len(stem) <= MAX_NAME_LENGTH
        and stem.isprintable()
        and not _FORBIDDEN & set(stem)
        and not stem.startswith(".")
        and not stem.endswith(".")
    )
    if not is_plain:
        raise WorkbenchError(
            f'"{stem[:40]}" is no plain file name, expected letters, digits, spaces and -_. only; '
            "choose the folder from the list."
        )
    return stem


def _free_path(folder: Path, stem: str, suffix: str, promised: set[Path]) -> Path:
    path = folder / f"{stem}{suffix}"
    number = 2
    while path in promised or path.exists() or path.is_symlink():
        path = folder / f"{stem}-{number}{suffix}"
        number += 1
    return path
