"""Every kind of step by its name. A module put here is a kind: it has one object, KIND, of content/grading/kind."""

import pkgutil
from collections.abc import Mapping
from importlib import import_module
from typing import Any

from content.grading.kind import Kind
from content.package import StepKind

KINDS: Mapping[StepKind, Kind[Any]] = {
    kind.name: kind
    for kind in (import_module(f"{__name__}.{module.name}").KIND for module in pkgutil.iter_modules(__path__))
}
