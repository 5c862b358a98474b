"""A page that plays the body in any browser: one file, nothing fetched, WebGL and a little script.

The mesh goes in once, quantized to 16 bits, with four bones per vertex; every frame adds only a
quaternion per joint and the pelvis' place.
"""

import base64
import html
import json
from importlib.resources import files
from pathlib import Path

import numpy as np
from jaxtyping import Float

from neuhmr.clip.atomic import atomic_path
from neuhmr.errors import OutputError
from neuhmr.formats.writing.animation import Animation, Remarks
from neuhmr.formats.writing.continuity import wxyz_over_time
from neuhmr.formats.writing.four_weights import FourWeights, four_weights

_MOST_VERTICES = 65536
"""That indices of 16 bits can name."""
_NEAR_FLOOR = 0.25
"""Ankles and feet of someone on the floor are this high at most (m)."""
_SIGNED, _UNSIGNED, _BYTE = 32767, 65535, 255


def write(path: Path, animation: Animation) -> Remarks:
    """Write the page; its title is the file's name.

    Raises:
        OutputError: the file cannot be written, or the body has too many vertices.
    """
    if len(animation.v_shaped) > _MOST_VERTICES:
        raise OutputError(
            f"The body has {len(animation.v_shaped)} vertices, at most {_MOST_VERTICES} were "
            "expected for a replay; write glb."
        )
    skinning = four_weights(animation)
    page = _template("page.html")
    for word, text in {
        "TITLE": html.escape(path.stem),
        "SCRIPT": _template("replay.js"),
        # Inside a script only "</" and "<!--" end it early; JSON may write < in another way.
        "CONTENT": json.dumps(_content(animation, skinning), separators=(",", ":")).replace(
            "<", "\\u003c"
        ),
    }.items():
        page = page.replace(f"{{{{{word}}}}}", text)
    with atomic_path(path) as partial:
        partial.write_text(page, encoding="utf-8")
    return skinning.remarks


def _content(animation: Animation, skinning: FourWeights) -> dict[str, object]:
    """Gather what the script reads: numbers as they are, arrays packed."""
    low, high = animation.v_shaped.min(axis=0), animation.v_shaped.max(axis=0)
    steps = (animation.v_shaped - low) / (high - low) * _UNSIGNED
    wxyz = wxyz_over_time(animation.local_rotmats)
    return {
        "fps": animation.motion.fps,
        "frames": animation.motion.frame_index.tolist(),
        "parents": list(animation.parents),
        "rest": animation.joints_rest.round(6).tolist(),
        "low": low.tolist(),
        "size": (high - low).tolist(),
        "vertices": _packed(np.rint(steps).astype("<u2")),
        "faces": _packed(np.asarray(animation.body.faces).astype("<u2")),
        "bones": _packed(skinning.joints.astype("u1")),
        "weights": _packed(_bytes_summing_to_one(skinning.weights)),
        "rotations": _packed(np.rint(wxyz * _SIGNED).astype("<i2")),
        "pelvis": _packed(animation.joints[:, 0].astype("<f4")),
        "floor": _lowest(animation),
    }


def _packed(array: np.ndarray) -> str:
    return base64.b64encode(np.ascontiguousarray(array).tobytes()).decode("ascii")


def _bytes_summing_to_one(weights: Float[np.ndarray, "vertices 4"]) -> np.ndarray:
    """Round to 255ths; what rounding adds or takes goes to the first and largest weight."""
    rounded = np.rint(weights * _BYTE)
    rounded[:, 0] += _BYTE - rounded.sum(axis=1)
    return rounded.astype("u1")


def _template(name: str) -> str:
    return (files("neuhmr.formats.writing") / "replay" / name).read_text(encoding="utf-8")


def _lowest(animation: Animation) -> float:
    """Place the drawn floor (m): at 0 where the world's is known to be there, else at the feet."""
    lowest = float(animation.joints[..., 1].min())
    return 0.0 if abs(lowest) < _NEAR_FLOOR else lowest
