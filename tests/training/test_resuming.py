"""A run that is stopped, at whatever moment, ends as one that is not; several processes train as one does."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.training.records import STILL, TINY, write_record
from training import finetune
from training.config import FinetuneConfig
from training.finetune import Progress

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIG = replace(TINY, row_epochs=2, epochs=2, batch_size=8)


@pytest.fixture(scope="module")
def snapshot(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_record(tmp_path_factory.mktemp("tracer") / "snapshot")


@pytest.fixture(scope="module")
def unbroken(snapshot: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finetune.finetune(snapshot=snapshot, out=tmp_path_factory.mktemp("whole"), config=CONFIG)


def made(bundle: Path) -> tuple[dict[str, bytes], Any]:
    """Every byte of the weights and of the population, and the curve."""
    report = json.loads((bundle / "report.json").read_text())
    return {path.name: path.read_bytes() for path in bundle.glob("*.safetensors")}, report["history"]


class Stopped(BaseException):
    """The process died, as far as the run can tell."""


def stopping(when: Callable[[Progress], bool]) -> Callable[[Progress], None]:
    def progress(report: Progress) -> None:
        if when(report):
            raise Stopped

    return progress


def stopped(snapshot: Path, out: Path, when: Callable[[Progress], bool]) -> None:
    with pytest.raises(Stopped):
        finetune.finetune(snapshot=snapshot, out=out, config=CONFIG, progress=stopping(when))
    assert not (out / finetune.BUNDLE).exists()


@pytest.mark.parametrize("epoch", range(4))
def test_a_run_that_was_stopped_in_or_after_an_epoch_ends_as_one_that_was_not(
    snapshot: Path, unbroken: Path, tmp_path: Path, epoch: int
) -> None:
    """Its checkpoint is of the epoch before: epoch 2 begins between the phases."""
    stopped(snapshot, tmp_path, lambda report: report.epoch == epoch and report.loss is not None)
    stopped(snapshot, tmp_path, lambda report: report.epoch == epoch and report.valid_loss is not None)
    assert (tmp_path / "checkpoint" / "state.pt").exists() == (epoch > 0)
    assert made(finetune.finetune(snapshot=snapshot, out=tmp_path, config=CONFIG)) == made(unbroken)


def test_a_run_that_was_stopped_after_its_last_checkpoint_only_writes(
    snapshot: Path, unbroken: Path, tmp_path: Path
) -> None:
    stopped(snapshot, tmp_path, lambda report: report.stage == "writing")
    reports: list[Progress] = []
    bundle = finetune.finetune(snapshot=snapshot, out=tmp_path, config=CONFIG, progress=reports.append)
    assert {report.stage for report in reports} == {"reading", "writing"}
    assert made(bundle) == made(unbroken)


@pytest.mark.parametrize("time", [1, 2, 3])
def test_a_run_that_was_stopped_in_the_middle_of_a_checkpoint_goes_on_from_the_one_before(
    snapshot: Path, unbroken: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, time: int
) -> None:
    original, left = Path.write_bytes, time

    def dying(path: Path, data: Any) -> int:
        nonlocal left
        left -= path.name == "state.new"
        if left:
            return original(path, data)
        original(path, bytes(data)[: len(data) // 2])
        raise Stopped

    with monkeypatch.context() as patch:
        patch.setattr(Path, "write_bytes", dying)
        with pytest.raises(Stopped):
            finetune.finetune(snapshot=snapshot, out=tmp_path, config=CONFIG)
    assert (tmp_path / "checkpoint" / "state.new").exists()
    assert made(finetune.finetune(snapshot=snapshot, out=tmp_path, config=CONFIG)) == made(unbroken)


# --- several processes -----------------------------------------------------------------------------------------------

TRAIN = """
import json, sys
from dataclasses import replace
from pathlib import Path
from tests.training.records import STILL
from training import finetune
from training.team import Team
said = []
config = replace(STILL, batch_size=48)
bundle = finetune.finetune(snapshot=Path(sys.argv[1]), out=Path(sys.argv[2]), config=config, progress=said.append)
team = Team.join()
assert bool(said) == team.first
Path(sys.argv[2], f"rank{team.rank}").write_text(str(team.agreed(team.rank)))
team.leave()
assert bundle.is_dir()
"""


def curve(bundle: Path) -> list[dict[str, float]]:
    found: list[dict[str, float]] = json.loads((bundle / "report.json").read_text())["history"]
    return found


@pytest.mark.slow
def test_two_processes_train_as_one_does_in_two_parts(snapshot: Path, tmp_path: Path) -> None:
    """By the environment that torchrun and accelerate launch set. One of them writes, and both leave."""
    config = replace(STILL, batch_size=48, accumulate=2)
    one = finetune.finetune(snapshot=snapshot, out=tmp_path / "one", config=config)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    shared = {"WORLD_SIZE": "2", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-c", TRAIN, str(snapshot), str(tmp_path / "two")]
    both = [
        subprocess.Popen(
            command, cwd=ROOT, env={**os.environ, **shared, "RANK": rank, "LOCAL_RANK": rank}, stderr=subprocess.PIPE
        )
        for rank in ("0", "1")
    ]
    for process in both:
        _, errors = process.communicate(timeout=300)
        assert process.returncode == 0, errors.decode()[-2000:]
    assert [(tmp_path / "two" / f"rank{rank}").read_text() for rank in (0, 1)] == ["0.0", "0.0"]
    assert sorted(path.name for path in (tmp_path / "two").iterdir()) == ["bundle", "checkpoint", "rank0", "rank1"]
    alone, together = curve(one), curve(tmp_path / "two" / "bundle")
    assert len(alone) == len(together) == 4
    for mine, ours in zip(alone, together, strict=True):
        for name in ("loss", "valid_loss"):
            assert ours[name] == pytest.approx(mine[name], abs=1e-4)


def test_parts_of_a_step_add_up_to_the_whole(snapshot: Path, tmp_path: Path) -> None:
    curves = []
    for accumulate in (1, 3):
        config: FinetuneConfig = replace(STILL, batch_size=48, accumulate=accumulate)
        curves.append(curve(finetune.finetune(snapshot=snapshot, out=tmp_path / str(accumulate), config=config)))
    for whole, parts in zip(*curves, strict=True):
        assert parts["loss"] == pytest.approx(whole["loss"], abs=1e-4)
