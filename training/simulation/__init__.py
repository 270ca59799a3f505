"""Simulated students and courses: one at a time, as they practise through the site, and by the million for training.

`draw_students` gives students who answer whatever they are asked; `write_snapshot` lets some of them practise in one
small course and writes down the truth as well; `write_corpus` draws many courses and very many students at once.
"""

from training.simulation.corpus import write_corpus
from training.simulation.course import FIRST_DAY, SNAPSHOT_TIME, SimulatedCourse, draw_course, write_snapshot
from training.simulation.student import DAY, Kind, SimulatedResponse, SimulatedStudent, difficulty, draw_students

__all__ = (
    "DAY",
    "FIRST_DAY",
    "SNAPSHOT_TIME",
    "Kind",
    "SimulatedCourse",
    "SimulatedResponse",
    "SimulatedStudent",
    "difficulty",
    "draw_course",
    "draw_students",
    "write_corpus",
    "write_snapshot",
)
