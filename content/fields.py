"""A table field for JSON whose order means something: the database's own JSON type forgets the order of keys."""

import json
from typing import Any

from django.db import models


class OrderedJSONField(models.JSONField):
    """JSON kept as text. The order of choices and of computed variables is the author's, and stays."""

    def get_internal_type(self) -> str:
        """For the database this is text."""
        return "TextField"

    def db_type(self, connection: Any) -> str:
        """The column's type."""
        return "text"

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        """As the database is given it."""
        return None if value is None else json.dumps(value, ensure_ascii=False)
