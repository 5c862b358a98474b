"""Synthetic people with exact truth.

A `Person` (body shape, clothes, texture) comes from one seed; `motions` moves it, `stage_kinds`
draws the place, `stage_renderer` takes the picture and `film` turns it into what a phone and a
segmenter give. `training_set` makes packed pictures to train on, `generate` makes clips and
multi-view captures with wrong initial poses (`wrong_poses`) to refine. `splits` keeps training,
validation and test apart; `presets` says what each set is.
"""

from neuhmr.lab.people.generate import PeopleConfig, generate_people
from neuhmr.lab.people.training_person import TrainingPerson, read_training_person
from neuhmr.lab.people.training_set import TrainingSetConfig, generate_training_set

__all__ = [
    "PeopleConfig",
    "TrainingPerson",
    "TrainingSetConfig",
    "generate_people",
    "generate_training_set",
    "read_training_person",
]
