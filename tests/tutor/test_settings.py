"""The settings file in production."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def test_the_deployment_check_is_clean_with_production_settings(tmp_path: Path) -> None:
    (tmp_path / "key").write_text("a-long-secret-that-nobody-knows-0123456789-abcdefghijklmnopqrstuv\n")
    production = {"HTTPS": "1", "SECRET_KEY_FILE": str(tmp_path / "key"), "ALLOWED_HOSTS": "school.example"}
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"} | production,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "no issues" in done.stdout
