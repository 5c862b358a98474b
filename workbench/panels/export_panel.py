"""The Export tab: take the result away."""

from collections.abc import Callable
from pathlib import Path

import viser

from neuhmr.formats.writing.formats import FORMATS, Format, Gaps, Up, WriteOptions
from workbench.core import markup
from workbench.core.export_paths import ExportFolders
from workbench.core.notices import Notices
from workbench.core.session import SessionState
from workbench.core.tasks import Tasks
from workbench.engine.exchange import ExportKind, ExportRequest
from workbench.engine.interface import Engine
from workbench.errors import WorkbenchError

KIND_WORDS: dict[ExportKind, str] = {
    **{name: written.label for name, written in FORMATS.items()},
    "mesh": "Mesh of the present frame (GLB)",
    "overlay": "Video with the body drawn over it (mp4)",
}

UPS: dict[str, Up | None] = {"the format's custom": None, "y": "y", "z": "z"}
GAPS: dict[str, Gaps] = {"mark or fill": "auto", "fill": "fill", "refuse": "refuse"}
MAX_FPS = 1000.0
_NO_FOLDERS: tuple[str, ...] = ("-",)


class ExportPanel:
    """Format, folder, name, and what was written so far."""

    def __init__(
        self,
        gui: viser.GuiApi,
        tasks: Tasks,
        engine: Engine,
        notices: Notices,
        folders_of: Callable[[Path], ExportFolders],
    ) -> None:
        self._tasks = tasks
        self._folders_of = folders_of
        self._folders = ExportFolders({})
        self._kinds: dict[str, ExportKind] = {
            KIND_WORDS[kind]: kind for kind in engine.export_kinds()
        }
        self._named_for: object = None
        self._text = gui.add_html("")
        self._kind = gui.add_dropdown(
            "Format", tuple(self._kinds), hint="What to write. The first one reads back losslessly."
        )
        self._folder = gui.add_dropdown(
            "Folder", _NO_FOLDERS, hint="Where to write; start with --out DIR to add a folder."
        )
        self._name = gui.add_text(
            "Name", "refined", hint="File name without ending. Existing files are never replaced."
        )
        self._is_guarded = gui.add_checkbox(
            "Guard", True,
            hint="Write the initial pose where the refined one explains the frame worse.",
        )  # fmt: skip
        self._up = gui.add_dropdown(
            "Up axis", tuple(UPS), hint="Which axis points up, in formats that are in the world."
        )
        self._gaps = gui.add_dropdown(
            "Frames without pose", tuple(GAPS),
            hint="What becomes of them: marked where the format can, else interpolated.",
        )  # fmt: skip
        self._fps = gui.add_number(
            "Frames a second", 0.0, min=0.0, max=MAX_FPS, step=0.01,
            hint="Resample to this rate; 0 keeps the clip's own.",
        )  # fmt: skip
        self._export = gui.add_button(
            "Export",
            disabled=True,
            icon=viser.Icon.DOWNLOAD,
            color="blue",
            hint="Write the refined poses, or the initial ones where nothing was refined yet.",
        )
        self._written = gui.add_html("")
        self._export.on_click(notices.guard(lambda _event: self._start()))

    def _start(self) -> None:
        kind = self._kinds.get(self._kind.value)
        if kind is None:
            raise WorkbenchError("That format is not offered; choose one from the list.")
        path = self._folders.place(self._folder.value, self._name.value, kind)
        self._tasks.export(
            ExportRequest(
                kind=kind,
                path=path,
                frame=self._tasks.session.state.view.frame,
                options=self._options(kind),
            ),
            is_guarded=bool(self._is_guarded.value),
        )

    def _options(self, kind: ExportKind) -> WriteOptions:
        """Read what is asked of a format; what it cannot have is not asked."""
        written = format_of(kind)
        up = UPS.get(self._up.value)
        return WriteOptions(
            up=up if written is not None and up in written.ups else None,
            fps=float(self._fps.value) or None,
            gaps=GAPS.get(self._gaps.value, "auto"),
        )

    def _show_options(self, kind: ExportKind | None) -> None:
        written = None if kind is None else format_of(kind)
        self._up.disabled = written is None or len(written.ups) < 2
        self._gaps.disabled = self._fps.disabled = written is None

    def refresh(self, state: SessionState) -> None:
        """Show the state."""
        self._export.disabled = state.best is None
        if state.footage is not None and state.footage is not self._named_for:
            self._named_for = state.footage
            self._folders = self._folders_of(state.footage.path)
            self._folder.options = self._folders.labels
            self._name.value = f"{state.footage.path.stem}.refined"
        which = (
            "refined poses" if state.refined is not None else "initial poses, as nothing is refined"
        )
        if state.refined is not None and self._is_guarded.value:
            which += ", except where they explain a frame worse than the initial ones"
        folder = self._folders.by_label.get(self._folder.value)
        kind = self._kinds.get(self._kind.value)
        self._show_options(kind)
        if folder is None or kind is None:
            self._text.content = markup.paragraph("Open a clip first; its poses can be exported.")
        else:
            self._text.content = markup.paragraph(f"Writes the {which}, to {folder}.")
        written = [("Written", path) for path in state.exported]
        remarks = [("", remark) for remark in state.export_remarks]
        self._written.content = (
            markup.facts([*written[:1], *remarks, *written[1:]]) if written else ""
        )


def format_of(kind: ExportKind) -> Format | None:
    """Look up a format that holds motions; None for meshes and videos."""
    return None if kind in ("mesh", "overlay") else FORMATS[kind]
