"""Gradient boosting over the 34 counts: no sequence, no ids, and the best single peer."""

from sklearn.ensemble import HistGradientBoostingClassifier

from tests.benchmarks.peers import counts
from training.dataset import Snapshot, Split
from training.evaluate import Predictions


def predict(record: Snapshot, split: Split, *, seed: int) -> Predictions:
    """P(right) [test rows]; the valid part says when to stop."""
    inputs, right = counts.describe(record, split, seed=seed), record.answers.correct
    model = HistGradientBoostingClassifier(
        learning_rate=0.06, max_iter=600, max_leaf_nodes=31, min_samples_leaf=60, l2_regularization=5.0,
        early_stopping=True, n_iter_no_change=20, random_state=seed,
    )  # fmt: skip
    model.fit(inputs[split.train], right[split.train], X_val=inputs[split.valid], y_val=right[split.valid])
    p: Predictions = model.predict_proba(inputs[split.test])[:, 1]
    return p
