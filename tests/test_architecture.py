"""What no import contract can see: which modules a running process really loads."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
CORE = [f"training.{name}" for name in ("benchmark", "finetune", "evaluate", "serving", "simulation")]
PLAIN = [f"content.{name}" for name in ("grading", "variants", "schema", "markup", "graph")] + ["students.knowledge"]


def loaded_after(code: str) -> set[str]:
    """The top-level packages in sys.modules of a fresh interpreter that ran the code."""
    probe = f"{code}\nimport sys; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True)
    return set(done.stdout.split("\n")[-2].split())


def test_the_web_process_loads_no_torch_even_with_every_page_imported() -> None:
    loaded = loaded_after("import tutor.wsgi; from django.urls import get_resolver; get_resolver().url_patterns")
    assert "django" in loaded
    assert loaded.isdisjoint({"torch", "transformers", "sklearn", "pandas"})


def test_the_training_core_loads_no_django_and_no_celery() -> None:
    loaded = loaded_after(
        "import training.benchmark, training.finetune, training.evaluate, training.serving, training.simulation"
    )
    assert "torch" in loaded
    assert loaded.isdisjoint({"django", "rest_framework", "celery"})


def test_the_plain_modules_load_neither_django_nor_torch() -> None:
    loaded = loaded_after(
        "import content.grading, content.variants, content.schema, content.markup, content.graph, students.knowledge"
    )
    assert loaded.isdisjoint({"django", "torch", "celery"})
