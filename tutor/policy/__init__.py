"""What a student practises next, and why: one concept, then one exercise of it. Plain.

Stage one scores every concept that is not mastered by

    (1 - mastery) · how fast it is learned · readiness of its prerequisites · (1 + half the worth of what it unlocks)

and takes the highest. What is begun gets finished: an unseen concept would score higher than one nearly mastered for
ever, so that as soon as two are nearly mastered, these two go on in turns until one of them is. At most every third
exercise is a review of something mastered that has faded. The gate of the prerequisites is soft, because the graph may
be wrong. Two first tries wrong in a row leave a concept for two exercises, «not this now» for three, ten tries without
mastery for ten after each. With probability EXPLORATION a concept is drawn evenly from the best of those that are ready
instead, so that policies can be compared from the log; the propensity of what was chosen is exact.

Stage two takes an exercise that was not served yet and whose predicted chance of being right is nearest to a target.
A target as the goal itself would drill what is known; inside a concept it only spares idle and hopeless exercises.

What it does not do: maximise a neural model's predicted gain, which may fall after a right answer
(Yeung & Yeung 2018, doi:10.1145/3231644.3231647).
"""

from itertools import chain, islice
from random import Random

from tutor.policy.field import Field
from tutor.policy.plan import EXPLORATION, EXPLORED, READY, make_plan
from tutor.policy.situation import Choice, Course, Held, Reason, Served, Situation, Strategy

__all__ = (
    "EXPLORATION",
    "MOST_PREDICTIONS",
    "NAME",
    "READY",
    "Choice",
    "Course",
    "Held",
    "Reason",
    "Served",
    "Situation",
    "Strategy",
    "choose",
    "propensities",
    "steps_to_predict",
)

NAME = "expected-learning/2"  # stored with every turn
MOST_PREDICTIONS = 500
FIRST_LOOK = 40  # exercises a concept is given before the next concept has its turn


def choose(situation: Situation, *, rng: Random) -> Choice | None:
    """Choose the next exercise, or None when everything worth learning here is mastered and no review is due."""
    plan = make_plan(situation)
    if plan is None:
        return None
    explored = bool(plan.pool) and rng.random() < EXPLORATION
    concept = rng.choice(plan.pool if explored else plan.best)
    exercise = rng.choice(plan.picks(concept))
    return Choice(
        exercise_id=exercise.id,
        concept_id=concept,
        strategy=plan.strategy(concept),
        reason=plan.reason(concept, explored=explored),
        propensity=plan.propensity(exercise),
        explored=explored,
        chance=plan.step_chance(exercise.step_ids[0], exercise.concept_ids[0]),
    )


def propensities(situation: Situation) -> dict[int, float]:
    """Return the probability of every exercise that may be chosen, by exercise id. They sum to 1, or there are none."""
    plan = make_plan(situation)
    if plan is None:
        return {}
    exercises = {one.id: one for concept in {*plan.best, *plan.pool} for one in plan.picks(concept)}
    return {key: plan.propensity(one) for key, one in exercises.items()}


def steps_to_predict(situation: Situation, *, limit: int = MOST_PREDICTIONS) -> list[int]:
    """Return at most `limit` ids of steps whose predictions may be needed after one more answer, likeliest first."""
    view = Field(situation)
    learnable = [concept for concept in view.nodes if view.learnable(concept)]
    nearly = view.nearly(learnable)
    ranked = sorted(learnable, key=lambda one: (not view.due(one), one not in nearly, -view.scores[one]))
    # The model's own estimate may let anything that is mastered fade, and what has faded comes before all else.
    may_fade = [concept for concept in view.nodes if concept not in ranked and concept in view.exercises]
    ranked = ranked[:EXPLORED] + may_fade + ranked[EXPLORED:]
    queues = [view.in_order(concept) for concept in ranked]
    first = chain.from_iterable(islice(queue, FIRST_LOOK) for queue in queues)
    steps: dict[int, None] = {}
    for exercise in chain(first, chain.from_iterable(queues)):
        steps.update(dict.fromkeys(exercise.step_ids))
        if len(steps) >= limit:
            break
    return list(steps)[:limit]
