"""Draws docs/pictures/architecture.png from the code: rooms, their size, and who imports whom.

Rows are the layers of the import contract in pyproject.toml, upper ones import lower ones. Of the
imports only those are drawn that no others imply (the transitive reduction). Single files at the
bottom, which all may import, are left out.
"""

import tomllib
from pathlib import Path

import grimp
import networkx
from PIL import Image, ImageDraw, ImageFont

ROOT = Path(__file__).resolve().parents[2]
OUT = Path(__file__).with_name("architecture.png")
BOX, GAP, MARGIN = (230, 62), (60, 40), 30
KEPT_FILES = ("neuhmr.opening", "neuhmr.pipeline", "neuhmr.placed_clip")
COLUMNS = {
    "workbench": 0.5, "cli": 1.7, "lab": 4.0, "export": 0.9, "opening": 2.8, "pipeline": 2.5,
    "refine": 2.3, "anchors": 1.3, "ghnerf": 2.9, "ghn": 1.9, "placed_clip": 3.6,
    "rendering": 2.4, "formats": 0.0, "initial": 1.0, "datasets": 3.0, "metrics": 4.0,
    "motion_prior": 1.4, "clip": 2.6, "losses": 0.8, "body": 1.5, "geometry": 2.6,
}  # fmt: skip
"""Where a room stands in its row, so that longer arrows pass beside others."""
INK, PAPER, FILL, LINE = (33, 37, 41), (255, 255, 255), (231, 245, 255), (34, 139, 230)
LAB_FILL = (255, 243, 191)


def layers() -> list[list[str]]:
    """Rooms by layer, the top one first, as the import contract names them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]
    (first, *_) = contracts["contracts"]
    rows = [[room.strip(" ()") for room in layer.split("|")] for layer in first["layers"]]
    return [kept for row in rows if (kept := [room for room in row if is_drawn(room)])]


def is_drawn(room: str) -> bool:
    return (ROOT / room.replace(".", "/")).is_dir() or room in KEPT_FILES


def room_of(module: str, rooms: list[str]) -> str | None:
    return next((room for room in rooms if module == room or module.startswith(f"{room}.")), None)


def imports(rooms: list[str]) -> networkx.DiGraph:
    """The imports between rooms that no other ones imply."""
    modules = grimp.build_graph("neuhmr", "workbench")
    graph = networkx.DiGraph()
    graph.add_nodes_from(rooms)
    for module in modules.modules:
        above = room_of(module, rooms)
        for imported in modules.find_modules_directly_imported_by(module):
            below = room_of(imported, rooms)
            if above and below and above != below:
                graph.add_edge(above, below)
    return networkx.transitive_reduction(graph)


def size_of(room: str) -> str:
    path = ROOT / room.replace(".", "/")
    files = list(path.rglob("*.py")) if path.is_dir() else [path.with_suffix(".py")]
    lines = sum(len(file.read_text().splitlines()) for file in files)
    return f"{len(files)} files, {lines:,} lines" if len(files) > 1 else f"{lines} lines"


def main() -> None:
    rows = layers()
    rooms = [room for row in rows for room in row]
    width = int(2 * MARGIN + max(COLUMNS.values()) * (BOX[0] + GAP[0]) + BOX[0])
    height = 2 * MARGIN + len(rows) * (BOX[1] + GAP[1]) - GAP[1]
    picture = Image.new("RGB", (width, height), PAPER)
    draw = ImageDraw.Draw(picture)
    title, small = ImageFont.load_default(20), ImageFont.load_default(14)
    places: dict[str, tuple[float, float]] = {}
    for number, row in enumerate(rows):
        for room in row:
            column = COLUMNS.get(room.rpartition(".")[2], 2.0)
            places[room] = (
                MARGIN + column * (BOX[0] + GAP[0]),
                MARGIN + number * (BOX[1] + GAP[1]),
            )
    for above, below in imports(rooms).edges:
        (left, top), (left_below, top_below) = places[above], places[below]
        start = (left + BOX[0] / 2, top + BOX[1])
        end = (left_below + BOX[0] / 2, top_below)
        draw.line((start, end), fill=LINE, width=2)
        draw.polygon([end, (end[0] - 6, end[1] - 11), (end[0] + 6, end[1] - 11)], fill=LINE)
    for room, (left, top) in places.items():
        fill = LAB_FILL if room == "neuhmr.lab" else FILL
        box = (left, top, left + BOX[0], top + BOX[1])
        draw.rounded_rectangle(box, 8, fill=fill, outline=INK)
        draw.text((left + BOX[0] / 2, top + 22), room, INK, title, anchor="mm")
        draw.text((left + BOX[0] / 2, top + 48), size_of(room), INK, small, anchor="mm")
    picture.save(OUT)


if __name__ == "__main__":
    main()
