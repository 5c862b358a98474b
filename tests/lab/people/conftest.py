"""What the tests of synthetic people share: the open body, one person, one renderer."""

from collections.abc import Iterator

import pytest

from neuhmr.body.model_files import load_body_model
from neuhmr.body.smpl_model import ShapedBody, SmplModel
from neuhmr.errors import MissingDependencyError
from neuhmr.lab.people.person import Person, make_person
from neuhmr.lab.people.stage.stage_renderer import StageRenderer
from neuhmr.lab.people.training_set import open_renderer


@pytest.fixture(scope="session")
def open_body() -> SmplModel:
    return load_body_model()


@pytest.fixture(scope="session")
def shaped(open_body: SmplModel) -> ShapedBody:
    return open_body.with_shape(open_body.v_template.new_zeros(10))


@pytest.fixture(scope="session")
def person() -> Person:
    return make_person(20_000_003, texture_size=128)


@pytest.fixture(scope="module")
def renderer() -> Iterator[StageRenderer]:
    try:
        opened = open_renderer(96, 64)
    except MissingDependencyError as error:
        pytest.skip(f"needs EGL: {error}")
    with opened:
        yield opened
