"""Pictures of distributions: how many joints are off by how much."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

from workbench.core.markup import FAINT, LINE, block, escape, legend

WIDTH, HEIGHT = 300, 86
_BINS = 24
_BOTTOM = 14


def distribution(
    series: Sequence[tuple[str, str, Float[np.ndarray, "frames joints"]]], unit: str
) -> str:
    """Draw histograms over each other.

    Args:
        series: name, color and values of each; NaN is left out.
        unit: of the values.
    """
    known = [values[np.isfinite(values)] for _, _, values in series]
    if not any(len(values) for values in known):
        return ""
    # The last bin holds all that is larger: a few bad frames must not press the rest together.
    top = max(float(np.percentile(values, 98)) for values in known if len(values)) or 1.0
    edges = np.linspace(0.0, top, _BINS + 1)
    counts = [np.histogram(values.clip(max=top), edges)[0] for values in known]
    tallest = max(int(count.max()) for count in counts) or 1
    shapes = [f'<rect width="{WIDTH}" height="{HEIGHT - _BOTTOM}" rx="3" fill="#14171b"/>']
    step = WIDTH / _BINS
    for (_, color, _), count in zip(series, counts, strict=True):
        heights = (HEIGHT - _BOTTOM - 4) * count / tallest
        points = [f"0,{HEIGHT - _BOTTOM}"]
        for place, tall in enumerate(heights):
            y = HEIGHT - _BOTTOM - tall
            points += [f"{place * step:.1f},{y:.1f}", f"{(place + 1) * step:.1f},{y:.1f}"]
        points.append(f"{WIDTH},{HEIGHT - _BOTTOM}")
        shapes.append(
            f'<polygon points="{" ".join(points)}" fill="{color}" fill-opacity=".28" '
            f'stroke="{color}" stroke-width="1.2"/>'
        )
    for share in (0.0, 0.5, 1.0):
        anchor = {0.0: "start", 0.5: "middle", 1.0: "end"}[share]
        words = f"{share * top:.0f}{' ' + unit if share == 1.0 else ''}"
        shapes.append(
            f'<text x="{share * WIDTH:.0f}" y="{HEIGHT - 3}" fill="{FAINT}" font-size="10" '
            f'text-anchor="{anchor}">{escape(words)}</text>'
        )
    shapes.append(f'<path d="M0,{HEIGHT - _BOTTOM}H{WIDTH}" stroke="{LINE}"/>')
    drawn = (
        f'<svg role="img" aria-label="Distribution" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'style="width:100%;display:block">{"".join(shapes)}</svg>'
    )
    return block(drawn) + legend([(name, color) for name, color, _ in series])
