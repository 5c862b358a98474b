"""Wiring: server, session, threads and panels. Nothing else happens here."""

from pathlib import Path
from types import TracebackType

from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.sidecars import clip_folder
from workbench.core.export_paths import ExportFolders
from workbench.core.looks import Looks
from workbench.core.notices import Notices
from workbench.core.playback import Playback
from workbench.core.session import Session, SessionState
from workbench.core.session_keeper import SessionKeeper
from workbench.core.tasks import Tasks
from workbench.engine.interface import Engine
from workbench.panels.anchors_panel import AnchorsPanel
from workbench.panels.avatar_panel import AvatarPanel
from workbench.panels.clip_panel import ClipPanel
from workbench.panels.commands import add_commands
from workbench.panels.export_panel import ExportPanel
from workbench.panels.joints_panel import JointsPanel
from workbench.panels.keypoints_panel import KeypointsPanel
from workbench.panels.refine_panel import RefinePanel
from workbench.panels.settings_panel import SettingsPanel
from workbench.panels.status_panel import StatusPanel
from workbench.panels.video_panel import VideoPanel
from workbench.scene_writer import Panel, SceneWriter
from workbench.server.server import SecuredServer, start_server

TITLE = "NeuHMR workbench"
RIGHT_WIDTH_PX = 456
_NARROW_TABS = "<style>[role=tab] { padding-inline: 6px !important; }</style>"
"""So that all tabs of the right dock stand in one row."""


class Workbench:
    """A running workbench; a context manager that ends all threads."""

    def __init__(
        self,
        engine: Engine,
        session_folder: Path | None = None,
        host: str = "127.0.0.1",
        port: int = 8080,
        allow_remote: bool = False,
        out: Path | None = None,
    ) -> None:
        self._session_folder, self._out = session_folder, out
        self.server: SecuredServer = start_server(host, port, TITLE, allow_remote)
        self.session = Session(SessionState(device=engine.device))
        self.notices = Notices(self.server.viser)
        self.playback = Playback()
        keeper = SessionKeeper(self.notices, self._session_folder_of)
        self.tasks = Tasks(self.session, engine, self.notices, self.playback, keeper)
        self._engine = engine
        self._style_window()
        self.writer = self._build_window()

    def open(self, request: OpenRequest) -> None:
        """Start the threads and open a clip."""
        self.tasks.worker.start()
        self.writer.start()
        self.tasks.open(request)

    def stop(self) -> None:
        """End all threads and free the port."""
        self.tasks.stop()
        self.writer.stop()
        self.server.stop()

    def _folders_of(self, clip: Path) -> ExportFolders:
        return ExportFolders.of(clip, self._session_folder_of(clip), self._out)

    def _session_folder_of(self, clip: Path) -> Path:
        return self._session_folder or clip_folder(clip)

    def __enter__(self) -> "Workbench":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    def _style_window(self) -> None:
        server = self.server.viser
        server.gui.configure_theme(
            dark_mode=True, show_logo=False, show_share_button=False, brand_color=(77, 171, 247)
        )
        server.scene.set_up_direction("-y")
        server.scene.configure_default_lights(cast_shadow=False)
        server.scene.configure_environment_map(None)
        # Without an environment map, sides that face away from the default lights are black.
        server.scene.add_light_ambient("/lights/ambient", intensity=0.45)
        server.scene.add_light_hemisphere(
            "/lights/sky", sky_color=(225, 235, 255), ground_color=(120, 110, 100), intensity=0.6
        )

    def _build_window(self) -> SceneWriter:
        gui, tasks, notices = self.server.viser.gui, self.tasks, self.notices
        video = VideoPanel(gui, tasks, notices)
        panels: list[Panel] = [StatusPanel(gui, tasks, notices)]
        gui.add_html(_NARROW_TABS)
        tabs = gui.add_tab_group()
        with tabs.add_tab("Clip"):
            panels.append(ClipPanel(gui, tasks, notices))
        with tabs.add_tab("Avatar"):
            panels.append(AvatarPanel(gui, tasks, notices))
        with tabs.add_tab("Anchors"):
            panels.append(AnchorsPanel(gui, tasks, notices))
        with tabs.add_tab("Refine"):
            panels.append(RefinePanel(gui, tasks, notices))
        with tabs.add_tab("Joints"):
            panels.append(JointsPanel(gui, tasks, notices))
        with tabs.add_tab("Keypoints"):
            panels.append(KeypointsPanel(gui, tasks, notices))
        with tabs.add_tab("Settings"):
            panels.append(SettingsPanel(gui, tasks, notices))
        with tabs.add_tab("Export"):
            panels.append(ExportPanel(gui, tasks, self._engine, notices, self._folders_of))
        gui.main_panel.dock_right()
        gui.main_panel.set_width(RIGHT_WIDTH_PX)
        add_commands(gui, tasks, notices)
        return SceneWriter(
            self.server.viser,
            self.session,
            self.playback,
            Looks(self.session, self.tasks),
            self.notices,
            video,
            panels,
        )
