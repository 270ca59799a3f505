"""manage.py retrain: ask for a run, and with --wait see it through."""

import json
import time
from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils.translation import gettext as _

from training import machinery, runs, tasks, wording
from training.models import Objective, TrainingRun

SETTINGS = ("base", "trainable_layers", "dropout", "weight_decay", "learning_rate", "epochs", "seed")
SECONDS_BETWEEN_LOOKS = 1.0
ENDED = (TrainingRun.State.PROMOTED, TrainingRun.State.REFUSED, TrainingRun.State.FAILED)


class Command(BaseCommand):
    """Queues a run of an objective; the last line it prints is one JSON object."""

    help = "Fine-tune a model on the answers of this site, judge it on later answers, and let it serve if it is better."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("objective", choices=Objective.values)
        parser.add_argument("--wait", action="store_true", help="show the progress, and end with the run")
        parser.add_argument("--base", help="number of a version, folder of a bundle, or none (default: what serves)")
        parser.add_argument("--trainable-layers", type=int, help="last layers to train, the others stay (default: all)")
        parser.add_argument("--dropout", type=float)
        parser.add_argument("--weight-decay", type=float)
        parser.add_argument("--lr", type=float, dest="learning_rate", help="learning rate")
        parser.add_argument("--epochs", type=int, help="most passes over the data")
        parser.add_argument("--seed", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        chosen = {name: options[name] for name in SETTINGS if options[name] is not None}
        try:
            run = runs.request_retrain(options["objective"], trigger=TrainingRun.Trigger.PERSON, options=chosen)
        except ValueError as error:
            raise CommandError(str(error)) from error
        queued = tasks.queue_retrain(run_id=run.pk)
        if options["wait"]:
            if not (queued and machinery.workers_by_queue()["training"]):
                self.stderr.write(_("No training worker answers, so it runs here."))
                tasks.retrain(run_id=run.pk)
            self._watch(run)
        self.stdout.write(json.dumps(_summary(run)))
        if run.state == TrainingRun.State.FAILED:
            raise SystemExit(1)

    def _watch(self, run: TrainingRun) -> None:
        shown = ""
        while True:
            run.refresh_from_db()
            words = (
                run.get_state_display(),
                wording.stage(run.stage),
                f"{run.progress:.0%}",
                wording.message(run.message),
            )
            line = " · ".join(word for word in words if word)
            if line != shown:
                self.stderr.write(line)
                shown = line
            if run.state in ENDED:
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)


def _summary(run: TrainingRun) -> dict[str, Any]:
    version = run.version
    return {
        "run": run.pk,
        "state": run.state,
        "answers": run.answers,
        "version": version.number if version else None,
        "serving": bool(version and version.state == version.State.SERVING),
        "reasons": version.reasons if version else [],
        "message": wording.message(run.message),
    }
