"""Wiring: server, session, threads and panels. Nothing else happens here."""

from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

from neuhmr.clip.open_request import OpenRequest
from neuhmr.clip.sidecars import clip_folder
from workbench.core.editing import Editing
from workbench.core.export_paths import ExportFolders
from workbench.core.fix_looks import FixLooks
from workbench.core.joint_figures import JointRuler
from workbench.core.looks import Looks
from workbench.core.notices import Notices
from workbench.core.open_paths import OpenPaths
from workbench.core.page_link import PageLink
from workbench.core.playback import Playback
from workbench.core.session import Session, SessionState
from workbench.core.session_keeper import SessionKeeper
from workbench.core.tasks import Tasks
from workbench.engine.interface import Engine
from workbench.panels.anchors_panel import AnchorsPanel
from workbench.panels.avatar_panel import AvatarPanel
from workbench.panels.clip_panel import ClipPanel
from workbench.panels.commands import add_commands
from workbench.panels.compare_panel import ComparePanel
from workbench.panels.export_panel import ExportPanel
from workbench.panels.fix_panel import FixPanel
from workbench.panels.joint_list import JointList
from workbench.panels.keypoints_panel import KeypointsPanel
from workbench.panels.matches_panel import MatchesPanel
from workbench.panels.notices_panel import NoticesPanel
from workbench.panels.open_panel import OpenPanel
from workbench.panels.picture_panel import PicturePanel
from workbench.panels.refine_panel import RefinePanel
from workbench.panels.settings_panel import SettingsPanel
from workbench.panels.status_panel import StatusPanel
from workbench.panels.timeline_panel import TimelinePanel
from workbench.panels.versions_panel import VersionsPanel
from workbench.panels.view_panel import CHANNEL as VIEW
from workbench.panels.view_panel import ViewPanel
from workbench.panels.visibility_panel import VisibilityPanel
from workbench.scene.backdrop import BackdropView
from workbench.scene.bodies import BodiesView
from workbench.scene.camera_frustum import CameraView
from workbench.scene.camera_rig import CameraRig
from workbench.scene.depth_errors import DepthErrorsView
from workbench.scene.fix_gizmo import FixGizmo
from workbench.scene.orbit_watch import OrbitWatch
from workbench.scene.orientation_sphere import OrientationSphereView, middle_of_person
from workbench.scene.skeleton_view import SkeletonView, TrajectoryView
from workbench.scene.sphere_clicks import SphereClicks
from workbench.scene_writer import Panel, Parts, SceneWriter
from workbench.server.server import SecuredServer, start_server

TITLE = "NeuHMR workbench"
RIGHT_WIDTH_PX = 348
"""Of the stages' dock; with the left column, more than half of 1280 px stays for the 3D view."""


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
        self.notices = Notices()
        self.playback = Playback()
        keeper = SessionKeeper(self.notices, self._session_folder_of)
        self.tasks = Tasks(self.session, engine, self.notices, self.playback, keeper)
        self.editing = Editing(self.tasks, self._session_folder_of)
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
        self.link = link = PageLink(gui, notices)
        ruler = JointRuler()
        rig = CameraRig(self.server.viser, self.session)
        picture, timeline = PicturePanel(gui, link), TimelinePanel(link, tasks)
        joints = JointList(link, tasks, ruler)
        joints.listen(self.server.viser.scene)
        status = StatusPanel(link, tasks, lambda: len(self.server.viser.get_clients()))
        # What is put into a tab is there only while the tab is open.
        link.open_channels(VIEW)
        tabs = self._build_tabs(link)
        link.add_presses({
            **status.presses(), **timeline.presses(), **tabs.view.presses(),
            "frame person": lambda _event: rig.frame_person(),
        })  # fmt: skip
        gui.main_panel.dock_right()
        gui.main_panel.set_width(RIGHT_WIDTH_PX)
        add_commands(gui, link, tasks, notices, rig.frame_person, self.editing)
        scene = self.server.viser.scene
        sphere = OrientationSphereView(scene)
        gizmo = FixGizmo(scene, self.editing.fixing, notices, lambda: self.session.state)
        orbit, dots = OrbitWatch(self.server.viser, tasks), SphereClicks(scene, tasks)
        parts = Parts(
            picture=picture,
            drawn={
                "bodies": BodiesView(scene).draw,
                "camera": CameraView(self.server.viser).draw,
                "backdrop": BackdropView(scene).draw,
                "skeleton": SkeletonView(scene, ruler).draw,
                "depth errors": DepthErrorsView(scene).draw,
                "trajectory": TrajectoryView(scene).draw,
                "handles": gizmo.draw,
                "sphere": lambda state: sphere.draw(state, middle_of_person(state)),
                "head": timeline.show_head,
            },
            ticked={
                "fix": FixLooks(tasks).tick,
                "clicks": joints.tick,
                "viewpoints": rig.tick,
                "orbit": orbit.tick,
                "dots": dots.tick,
            },
            live=[status, NoticesPanel(link, notices)],
            panels=[picture, timeline, joints, *tabs.panels],
        )
        return SceneWriter(
            self.server.viser, self.session, self.playback, Looks(self.session, tasks), notices,
            parts,
        )  # fmt: skip

    def _build_tabs(self, link: PageLink) -> "_Tabs":
        """Build the stages' tabs, in the order of the bar at the top."""
        gui, tasks, notices = self.server.viser.gui, self.tasks, self.notices
        group = gui.add_tab_group()
        built: list[Panel] = []
        with group.add_tab("Clip"):
            paths = OpenPaths(anywhere=not self.server.gate.allow_remote)
            built += [
                ClipPanel(gui, tasks, notices),
                OpenPanel(gui, tasks, notices, paths, self._session_folder_of),
            ]
        for name, panel in (
            ("Avatar", AvatarPanel),
            ("Anchors", AnchorsPanel),
            ("Refine", RefinePanel),
            ("Visibility", VisibilityPanel),
            ("Matches", MatchesPanel),
            ("Keypoints", KeypointsPanel),
        ):
            with group.add_tab(name):
                built.append(panel(gui, tasks, notices))
        with group.add_tab("Settings"):
            built.append(SettingsPanel(gui, self.editing, notices))
        with group.add_tab("Fix"):
            built.append(FixPanel(gui, self.editing, notices))
        with group.add_tab("Versions"):
            built.append(VersionsPanel(gui, self.editing, notices))
        with group.add_tab("Compare"):
            built.append(ComparePanel(gui, self.editing, notices))
        with group.add_tab("View"):
            view = ViewPanel(gui, link, tasks, notices)
        with group.add_tab("Export"):
            built.append(ExportPanel(gui, tasks, self._engine, notices, self._folders_of))
        return _Tabs(view, [*built, view])


@dataclass(frozen=True)
class _Tabs:
    """The tabs' panels."""

    view: ViewPanel
    panels: list[Panel]
