import pytest

from tests.formats.writing.people import Person, make_person


@pytest.fixture(scope="package")
def person() -> Person:
    return make_person()
