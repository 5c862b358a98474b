"""The picture of the Fix tab: the joint can be dragged in it.

A few inline handlers move a dot; where it is let go is sent as one whole number.
"""

import base64
import io

from PIL import Image as PilImage

from neuhmr.body.skeleton import SMPL_PARENTS
from workbench.core.fix_view import FixView
from workbench.core.markup import REFINED, block, escape
from workbench.engine.exchange import Image

FINENESS = 4
"""Positions are sent in so many steps a pixel."""
_LARGEST = 560
"""Width of the picture that is sent (px)."""


def code_of(across: int, down: int, width: int) -> int:
    """Put a position in steps into one number."""
    return down * (FINENESS * width + 1) + across


def position_of(code: int, width: int) -> tuple[float, float]:
    """Take a position (px of the video) out of a number."""
    down, across = divmod(code, FINENESS * width + 1)
    return across / FINENESS, down / FINENESS


def fix_picture(view: FixView, video_width: int, script: str) -> str:
    """Draw the picture with the skeleton over it.

    Args:
        view: what to draw.
        video_width: of the video (px).
        script: sends the number in `code`.
    """
    height, width = view.picture.shape[:2]
    shapes = [
        f'<image href="{_jpeg(view.picture)}" x="{view.left}" y="{view.top}" width="{width}" '
        f'height="{height}" preserveAspectRatio="none"/>'
    ]
    if view.now is not None:
        shapes += _skeleton(view, width)
    return block(
        f'<svg class="nh-fix" role="img" aria-label="Drag the joint" '
        f'viewBox="{view.left} {view.top} {width} {height}" '
        f'style="width:100%;display:block;border-radius:4px;cursor:crosshair;touch-action:none" '
        f"{_handlers(view, video_width, script) if view.now is not None else ''}>"
        f"{''.join(shapes)}</svg>",
        "padding-bottom:4px",
    )


def _skeleton(view: FixView, width: int) -> list[str]:
    assert view.now is not None
    points, line = view.now.pixels, width / 260.0
    shapes = []
    for joint in range(1, len(points)):
        (x1, y1), (x2, y2) = points[SMPL_PARENTS[joint]], points[joint]
        shapes.append(
            f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="#fff" '
            f'stroke-opacity=".75" stroke-width="{line:.2f}"/>'
        )
    u, v = points[view.joint]
    shapes.append(
        f'<circle class="dot" cx="{u:.1f}" cy="{v:.1f}" r="{4 * line:.2f}" fill="{REFINED}" '
        f'stroke="#fff" stroke-width="{line:.2f}"/>'
    )
    return shapes


def _handlers(view: FixView, video_width: int, script: str) -> str:
    """Write what the picture does while it is dragged in."""
    height, width = view.picture.shape[:2]
    place = (
        "const r=this.getBoundingClientRect();"
        f"const x={view.left}+Math.min(Math.max((event.clientX-r.left)/r.width,0),1)*{width};"
        f"const y={view.top}+Math.min(Math.max((event.clientY-r.top)/r.height,0),1)*{height};"
    )
    move = (
        f"{place}const d=this.querySelector('.dot');d.setAttribute('cx',x);d.setAttribute('cy',y);"
    )
    code = (
        f"const code=Math.round(y*{FINENESS})*{FINENESS * video_width + 1}"
        f"+Math.round(x*{FINENESS});"
    )
    handlers = {
        "onpointerdown": f"this.setPointerCapture(event.pointerId);this.dataset.on=1;{move}",
        "onpointermove": f"if(this.dataset.on){{{move}}}",
        "onpointerup": f"if(this.dataset.on){{delete this.dataset.on;{place}{code}{script}}}",
    }
    return " ".join(f'{name}="{escape(body)}"' for name, body in handlers.items())


def _jpeg(picture: Image) -> str:
    image = PilImage.fromarray(picture)
    image.thumbnail((_LARGEST, _LARGEST))
    buffer = io.BytesIO()
    image.save(buffer, "jpeg", quality=82)
    return "data:image/jpeg;base64," + base64.b64encode(buffer.getvalue()).decode()
