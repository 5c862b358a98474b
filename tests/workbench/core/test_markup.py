import pytest

from workbench.core import markup

EVIL = '<script>alert("x")</script><img src=x onerror=alert(1)>\'"'


@pytest.mark.parametrize(
    "drawn",
    [
        markup.paragraph(EVIL),
        markup.chip(EVIL, markup.GOOD),
        markup.next_step(EVIL, EVIL),
        markup.facts([(EVIL, EVIL)]),
        markup.table((EVIL,), [(EVIL,)], on_click=["f()"]),
        markup.legend([(EVIL, markup.GOOD)]),
    ],
)
def test_file_names_cannot_become_markup(drawn):
    assert "<script" not in drawn and "<img" not in drawn and "&lt;script" in drawn


def test_a_script_cannot_leave_its_attribute():
    drawn = markup.table(("a",), [("b",)], on_click=['f("x")" onmouseover="g()'])
    assert ' onmouseover="' not in drawn


def test_the_selected_row_is_marked():
    drawn = markup.table(("a",), [("1",), ("2",)], selected=1)
    first, second = drawn.split("<tr")[2:4]
    assert "background" not in first and "background" in second
