"""The documentation tells what is there, and what it tells is there."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
APPS = ("content", "students", "training", "tutor")


def read(name: str) -> str:
    return (ROOT / name).read_text()


def variables_read_by_the_settings() -> set[str]:
    return set(re.findall(r"\benv(?:_bool|_int)?\(\s*\"([A-Z_]+)\"", read("tutor/settings.py")))


def modules() -> list[str]:
    """Every module of the four apps as the architecture names it: `tutor/turns.py`, or a folder `tutor/views/`."""
    found = []
    for app in APPS:
        for path in sorted((ROOT / app).iterdir()):
            if path.is_dir() and (path / "__init__.py").exists() and path.name not in ("migrations", "management"):
                found.append(f"{app}/{path.name}/")
            elif path.suffix == ".py" and path.name not in ("__init__.py", "apps.py"):
                found.append(f"{app}/{path.name}")
    return found


def commands() -> list[str]:
    return sorted(
        path.stem for app in APPS for path in (ROOT / app).glob("management/commands/*.py") if path.stem != "__init__"
    )


def test_every_setting_is_in_the_configuration_page_and_in_the_example() -> None:
    variables = variables_read_by_the_settings()
    assert len(variables) > 10
    documented = set(re.findall(r"^\| `([A-Z_]+)` \|", read("docs/configuration.md"), re.MULTILINE))
    example = set(re.findall(r"^([A-Z_]+)=", read(".env.example"), re.MULTILINE))
    assert documented == variables
    assert example == variables


def test_every_module_is_in_the_architecture_and_nothing_else() -> None:
    named = set(
        re.findall(
            r"^\| `((?:content|students|training|tutor)/[\w/]+(?:\.py|/))` \|",
            read("docs/architecture.md"),
            re.MULTILINE,
        )
    )
    assert named == set(modules())


def test_every_make_target_and_command_is_in_the_readme() -> None:
    readme = read("README.md")
    targets = re.findall(r"^([a-z]+):.*## ", read("Makefile"), re.MULTILINE)
    assert {"run", "test", "lint", "help", "install"} <= set(targets)
    missing = [f"make {target}" for target in targets if f"make {target}" not in readme]
    missing += [command for command in commands() if f"`{command}" not in readme]
    assert missing == []


def test_every_link_and_picture_in_the_docs_leads_somewhere() -> None:
    pages = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]
    code = re.compile(r"```.*?```|`[^`]*`", re.DOTALL)
    link = re.compile(r"\]\((?!https?:|#|mailto:)([^)\s#]+)")
    broken = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in pages
        for target in link.findall(code.sub("", page.read_text()))
        if not (page.parent / target).exists()
    ]
    assert broken == []


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-dev.txt"])
def test_requirements_are_pinned(name: str) -> None:
    lines = [line.split("#")[0].strip() for line in read(name).splitlines()]
    wanted = [line for line in lines if line and not line.startswith("-r ")]
    assert wanted
    assert [line for line in wanted if not re.fullmatch(r"[A-Za-z0-9_.\[\]-]+==[0-9][\w.]*(; .+)?", line)] == []


def test_the_version_stands_in_the_changelog() -> None:
    assert re.search(r"^## (\d+\.\d+\.\d+) — ", read("CHANGELOG.md"), re.MULTILINE)
