"""Synthetic people with exact truth.

A `Person` (body shape, clothes, texture) comes from one seed; `motions` moves it, `stage` is the
room it is filmed in. `training_set` makes packed pictures to train on, `generate` makes clips and
multi-view captures with wrong initial poses to refine.
"""

from neuhmr.people.generate import PeopleConfig, generate_people
from neuhmr.people.training_person import TrainingPerson, read_training_person
from neuhmr.people.training_set import TrainingSetConfig, generate_training_set

__all__ = [
    "PeopleConfig",
    "TrainingPerson",
    "TrainingSetConfig",
    "generate_people",
    "generate_training_set",
    "read_training_person",
]
