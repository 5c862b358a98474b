"""The real engine: the library's pipeline behind the window's verbs."""

from dataclasses import replace

from neuhmr.clip.open_request import OpenRequest
from neuhmr.devices import choose_device
from neuhmr.formats.reading.choice import ids_by_frames
from neuhmr.opening import open_clip_files
from neuhmr.progress import OnProgress
from neuhmr.refine.settings import RefineConfig, preset
from workbench.engine.exchange import ExportKind
from workbench.engine.export import export_kinds
from workbench.engine.footage import NeuhmrFootage, show_clip
from workbench.engine.people import people_of, several_people


class NeuhmrEngine:
    """Fulfils `workbench.engine.interface.Engine`."""

    def __init__(self, device: str = "auto", config: RefineConfig | None = None) -> None:
        """Choose a device.

        Raises:
            NeuhmrError: there is no such device.
        """
        self._device = choose_device(device)
        self._config = config or preset("fast")

    @property
    def device(self) -> str:
        """Where tensors live."""
        return str(self._device)

    def open(self, request: OpenRequest, on_progress: OnProgress) -> NeuhmrFootage:
        """Read a clip and whatever lies beside it.

        Of several people whose poses a file holds, the one seen in most frames is shown first.
        """
        found, said = several_people(request), ()
        if found is not None and request.person is None:
            request = replace(request, person=ids_by_frames(found)[0])
            said = (
                f"the file holds {len(found.persons)} people, and person {request.person} is "
                "shown; press Choose in the picture on the Clip tab and click on another",
            )
        opened = open_clip_files(request, on_progress)
        opened = replace(opened, remarks=(*said, *opened.remarks))
        people = None if found is None else people_of(found, opened, request)
        return show_clip(opened, request, self._device, "from file", people)

    def default_config(self) -> RefineConfig:
        """What the sliders start from."""
        return self._config

    def export_kinds(self) -> tuple[ExportKind, ...]:
        """What can be written."""
        return export_kinds()
