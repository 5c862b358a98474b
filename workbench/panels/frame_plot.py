"""A line over the frames of a clip, on two axes, with a mark at the frame that is shown."""

from collections.abc import Mapping

import numpy as np
import viser
from jaxtyping import Float

LEFT_COLOR, RIGHT_COLOR = "#4dabf7", "#ffd43b"
_NOW = "#ffffff"
_LABELS = "#a3adb8"
_GRID = {"stroke": "#2a3139", "width": 1}


class FramePlot:
    """Two quantities at the frames that are known."""

    def __init__(
        self,
        gui: viser.GuiApi,
        left: str,
        right: str,
        right_range: tuple[float, float] = (0.0, 1.0),
        height: int = 96,
    ) -> None:
        """Add the plot to what is open now.

        Args:
            gui: where it is added.
            left: name of the quantity on the left axis.
            right: name of that on the right one.
            right_range: ends of the right axis.
            height: of the plot without its legend (px).
        """
        self._shown: tuple[np.ndarray, ...] = ()
        ticks = {"stroke": "#2a3139", "width": 1, "size": 3}
        axis = {"stroke": _LABELS, "ticks": ticks, "font": "10px sans-serif", "gap": 2}
        self._plot = gui.add_uplot(
            frame_series({}, {}, 0),
            series=(
                {"label": "frame"},
                _series(left, LEFT_COLOR, "y"),
                _series(right, RIGHT_COLOR, "right"),
                {"label": "shown", "stroke": _NOW, "scale": "right", "points": _points(8)},
            ),  # type: ignore[arg-type]
            # viser's plot cannot scale an axis to a series that begins with a gap, as the mark's.
            scales={"x": {"time": False}, "y": {}, "right": {"range": right_range}},
            axes=(
                {**axis, "size": 20, "grid": _GRID},
                {**axis, "scale": "y", "size": 30, "grid": _GRID},
                {**axis, "scale": "right", "side": 1, "size": 30, "grid": {"show": False}},
            ),  # type: ignore[arg-type]
            height=height,
            padding=(6, 0, 0, 0),
            visible=False,
        )

    def show(self, left: Mapping[int, float], right: Mapping[int, float], frame: int) -> None:
        """Draw what is known, by frame; nothing where that is nothing."""
        data = frame_series(left, right, frame)
        self._plot.visible = len(data[0]) > 0
        is_same = len(self._shown) == len(data) and all(
            np.array_equal(new, old, equal_nan=True)
            for new, old in zip(data, self._shown, strict=True)
        )
        if not is_same and len(data[0]):
            self._shown = self._plot.data = data

    def hide(self) -> None:
        """Draw nothing."""
        self._plot.visible = False


def frame_series(
    left: Mapping[int, float], right: Mapping[int, float], frame: int
) -> tuple[Float[np.ndarray, " frames"], ...]:
    """Frames where both are known, both quantities, and a mark on the right one at `frame`."""
    known = [
        f for f in sorted(left.keys() & right.keys()) if np.isfinite([left[f], right[f]]).all()
    ]
    rights = np.array([right[f] for f in known], np.float64)
    return (
        np.array(known, np.float64),
        np.array([left[f] for f in known], np.float64),
        rights,
        np.where(np.array(known, np.float64) == frame, rights, np.nan),
    )


def _series(label: str, color: str, scale: str) -> dict[str, object]:
    return {"label": label, "stroke": color, "width": 1.5, "scale": scale, "points": _points(3)}


def _points(size: int) -> dict[str, object]:
    return {"show": True, "size": size}
