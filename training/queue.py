"""The queue for those who must not wait for it: sending and counting, quick to give up when it does not answer.

A worker waits at the queue as long as it likes; a student's answer and a monitor's question do not.
"""

from typing import Any

from celery import current_app
from kombu import Connection
from kombu.exceptions import KombuError
from kombu.pools import connections, producers
from redis.exceptions import RedisError

# What a queue that is down raises, by the layer that notices.
DOWN = (KombuError, RedisError, OSError)
PATIENCE = 0.4  # seconds for connecting, and for each answer of the queue


def send(task: str, *, queue: str | None = None, expires: float | None = None, **kwargs: Any) -> None:
    """Queue a task, by its name, with its arguments; `expires` in seconds. Raises one of DOWN within a second."""
    with producers[_link()].acquire(block=True, timeout=PATIENCE) as producer:
        current_app.send_task(task, kwargs=kwargs, queue=queue, expires=expires, producer=producer)


def length(queue: str) -> int | None:
    """Messages waiting in a queue; None when it does not answer."""
    try:
        with connections[_link()].acquire(block=True, timeout=PATIENCE) as link:
            redis: Any = link.default_channel  # what kombu calls a channel holds the client of Redis
            return int(redis.client.llen(queue))
    except DOWN:
        return None


def replies(question: str, *, seconds: float) -> dict[str, Any]:
    """What the workers that are there answer to a question of Celery's `inspect`. Raises one of DOWN."""
    with _link() as link:  # one of its own: late answers would be read by whoever has it next
        inspect = current_app.control.inspect(timeout=seconds, connection=link)
        return dict(getattr(inspect, question)() or {})


def _link() -> Connection:
    """The connection by which the pools are named; a pool's own connections are copies of it."""
    return current_app.connection_for_write(
        transport_options={"socket_timeout": PATIENCE, "socket_connect_timeout": PATIENCE, "max_retries": 0}
    )
