"""All readers in the order in which they look at a file, and the table of what they give."""

from neuhmr.formats.reading.tool import Tool
from neuhmr.formats.reading.tools import (
    aist,
    amass,
    bvh,
    easymocap,
    emdb,
    glamr,
    gvhmr,
    hybrik,
    phalp,
    plain,
    prompthmr,
    romp,
    scorehmr,
    slahmr,
    smplifyx,
    threedpw,
    tram,
    vibe,
    wham,
)

TOOLS: tuple[Tool, ...] = (
    phalp.TOOL,
    wham.TOOL,
    gvhmr.TOOL,
    tram.TOOL,
    slahmr.TOOL,
    glamr.TOOL,
    prompthmr.TOOL,
    romp.TOOL,
    vibe.TOOL,
    hybrik.TOOL,
    scorehmr.TOOL,
    smplifyx.TOOL,
    easymocap.TOOL,
    threedpw.TOOL,
    emdb.TOOL,
    aist.TOOL,
    amass.TOOL,
    bvh.TOOL,
    plain.TOOL,
)
"""From those whose files look like nothing else's to plain arrays."""

HEADER = ("tool", "what to give", "poses", "camera", "world", "people", "gaps", "keypoints")


def table_rows() -> list[tuple[str, ...]]:
    """List what every tool's files give."""
    own = ("NeuHMR", "a motion file (npz)", "SMPL", "yes", "yes", "", "yes", "")
    return [own] + [
        (
            tool.name,
            tool.give,
            tool.poses,
            tool.camera,
            *("yes" if flag else "" for flag in (tool.world, tool.people, tool.gaps)),
            "yes" if tool.keypoints else "",
        )
        for tool in TOOLS
    ]


def markdown_table() -> str:
    """Write the table for the documentation."""
    rows = [HEADER, ("---",) * len(HEADER), *table_rows()]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


def known_tools() -> str:
    """Name all tools in one line."""
    return ", ".join(tool.name for tool in TOOLS)
