"""What students and classes are called outside the database: keyed hashes, that only this site can make again."""

from django.utils.crypto import salted_hmac


def student_hash(student_id: int) -> str:
    """What a student is called in snapshots: the same for as long as SECRET_KEY is."""
    return _hash("training.export", student_id)


def class_hash(classroom_id: int) -> str:
    """What a class is called in snapshots and reports, likewise."""
    return _hash("training.export.class", classroom_id)


def _hash(salt: str, row_id: int) -> str:
    return salted_hmac(salt, str(row_id), algorithm="sha256").hexdigest()[:32]
