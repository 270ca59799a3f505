"""The cache: Redis, or this process's own memory while Redis does not answer.

A cache that forgets would do for pages. But sign-ins are counted in it, by locks that a cache without a memory refuses
to everybody: a site that could not count would let nobody in.
"""

import time
from typing import Any

from django.core.cache.backends.base import DEFAULT_TIMEOUT, BaseCache
from django.core.cache.backends.locmem import LocMemCache
from django_redis.cache import RedisCache
from redis.exceptions import RedisError

REST = 20.0  # seconds for which a Redis that did not answer is left alone

_rests_until = 0.0  # of all threads: Django makes a cache for each


class EnduringCache(BaseCache):
    """django_redis.cache.RedisCache, and its place taken while it fails."""

    def __init__(self, server: str, params: dict[str, Any]) -> None:
        super().__init__(params)
        self._redis = RedisCache(server, params)
        self._memory = LocMemCache("while-redis-rests", params)

    def _ask(self, act: str, *args: Any, **options: Any) -> Any:
        global _rests_until
        if time.monotonic() >= _rests_until:
            try:
                return getattr(self._redis, act)(*args, **options)
            except (RedisError, OSError):
                _rests_until = time.monotonic() + REST
        return getattr(self._memory, act)(*args, **options)

    def add(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """As Django describes it, and so are the others."""
        return bool(self._ask("add", key, value, timeout=timeout, version=version))

    def get(self, key: Any, default: Any = None, version: int | None = None) -> Any:
        """The value, or the default."""
        return self._ask("get", key, default, version=version)

    def set(self, key: Any, value: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> None:
        """Keep a value."""
        self._ask("set", key, value, timeout=timeout, version=version)

    def touch(self, key: Any, timeout: Any = DEFAULT_TIMEOUT, version: int | None = None) -> bool:
        """Keep a value for longer."""
        return bool(self._ask("touch", key, timeout=timeout, version=version))

    def delete(self, key: Any, version: int | None = None) -> bool:
        """Forget a value."""
        return bool(self._ask("delete", key, version=version))

    def has_key(self, key: Any, version: int | None = None) -> bool:
        """Whether there is a value."""
        return bool(self._ask("has_key", key, version=version))

    def incr(self, key: Any, delta: int = 1, version: int | None = None) -> int:
        """Count, in one act where Redis answers."""
        return int(self._ask("incr", key, delta, version=version))

    def clear(self) -> None:
        """Forget everything."""
        self._ask("clear")
