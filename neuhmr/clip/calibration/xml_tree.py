"""XML from strangers: bounded in size and nesting, without entities of its own."""

from dataclasses import dataclass, field
from xml.parsers import expat

from neuhmr.clip.calibration.found import UnusableCalibration

_MOST_NESTED = 30


@dataclass
class Element:
    """One element; its text is what stands between its tags, without its children's."""

    name: str
    attributes: dict[str, str]
    children: list["Element"] = field(default_factory=list)
    text: str = ""

    def find(self, path: str) -> list["Element"]:
        """List the elements along a path of names below this one."""
        level: list[Element] = [self]
        for name in path.split("/"):
            level = [child for each in level for child in each.children if child.name == name]
        return level


def parse_xml(data: bytes) -> Element:
    """Parse a document to its outermost element.

    Raises:
        UnusableCalibration: it is no XML, is nested too deeply, or defines entities.
    """
    root = Element("", {})
    line = [root]

    def start(name: str, attributes: dict[str, str]) -> None:
        if len(line) > _MOST_NESTED:
            raise UnusableCalibration(f"is XML that is nested more than {_MOST_NESTED} deep")
        element = Element(name, attributes)
        line[-1].children.append(element)
        line.append(element)

    def refuse(*_: object) -> None:
        raise UnusableCalibration("is XML that defines entities")

    def text(more: str) -> None:
        line[-1].text += more

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = start
    parser.EndElementHandler = lambda _: line.pop()
    parser.CharacterDataHandler = text
    parser.EntityDeclHandler = refuse
    try:
        parser.Parse(data, True)
    except expat.ExpatError as problem:
        raise UnusableCalibration(f"is not valid XML ({problem})") from problem
    return root.children[0]
