"""The table of tools, on the command line and in the documents."""

from pathlib import Path

from neuhmr.formats.reading.table import TOOLS, markdown_table, table_rows


def test_the_documents_hold_the_table_of_tools() -> None:
    page = (Path(__file__).parents[3] / "docs" / "formats.md").read_text(encoding="utf-8")
    assert markdown_table() in page


def test_every_tool_has_one_row_and_folders_are_said_to_be_given() -> None:
    names = [row[0] for row in table_rows()]
    assert len(names) == len(set(names)) == len(TOOLS) + 1
    for tool in TOOLS:
        assert (tool.load_folder is not None) == ("folder" in tool.give), tool.name
