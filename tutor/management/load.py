"""Many students at once over HTTP, as browsers with htmx do it: open practice, answer, next; and the yardstick page."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from random import Random

import httpx

CSRF = "loadtestloadtestloadtestloadtest"  # the cookie and the header only have to agree
SHARE_RIGHT = 0.75
TIMEOUT = 20.0  # seconds, as the pages have it
RELOAD_EVERY = 5  # turns after which the whole page is opened again

Response = str | list[str]
Solve = Callable[[str, str, bool], Awaitable[Response]]  # turn token, step key, right? -> response


@dataclass(kw_only=True)
class Figures:
    """Milliseconds of every answered request by page, and what went wrong."""

    times: dict[str, list[float]] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def count(self) -> int:
        """Requests that came back well."""
        return sum(len(times) for times in self.times.values())

    def percentile(self, page: str, share: float) -> float:
        """Milliseconds within which that share of the page's requests came back; 0 without requests."""
        times = sorted(self.times.get(page, ()))
        return round(times[min(len(times) - 1, int(share * len(times)))], 1) if times else 0.0


class Forms(HTMLParser):
    """The hidden fields of each form on a page, by the form's address."""

    def __init__(self, page: str) -> None:
        """Reads the page at once."""
        super().__init__()
        self.fields: dict[str, dict[str, str]] = {}
        self._open: dict[str, str] | None = None
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Forms open, hidden fields are kept."""
        named = {name: value or "" for name, value in attrs}
        if tag == "form":
            self._open = self.fields.setdefault(named.get("action", ""), {})
        elif tag == "input" and named.get("type") == "hidden" and self._open is not None:
            self._open[named.get("name", "")] = named.get("value", "")

    def handle_endtag(self, tag: str) -> None:
        """A form ends."""
        if tag == "form":
            self._open = None

    def ending(self, ending: str) -> tuple[str, dict[str, str]] | None:
        """The first form whose address ends so, with its fields."""
        return next((form for form in self.fields.items() if form[0].endswith(ending)), None)


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a load test does."""

    url: str
    start: str  # address that starts the course
    sessions: tuple[str, ...]  # session cookies, one a student
    seconds: float
    think: float  # seconds between two requests of one student
    solve: Solve


async def run(plan: Plan, *, figures: Figures, progress: Callable[[], None]) -> None:
    """Let every student practise until the time is over; `progress` is called each second."""
    end = time.perf_counter() + plan.seconds
    yardsticks = max(1, len(plan.sessions) // 3)
    async with asyncio.TaskGroup() as group:
        for number, session in enumerate(plan.sessions):
            group.create_task(_Student(plan, session, Random(number), figures, end).practise())  # noqa: S311
        for number in range(yardsticks):
            student = _Student(plan, plan.sessions[number], Random(-1 - number), figures, end)  # noqa: S311
            group.create_task(student.measure())
        while time.perf_counter() < end:
            await asyncio.sleep(1)
            progress()


class _Student:
    """One browser."""

    def __init__(self, plan: Plan, session: str, rng: Random, figures: Figures, end: float) -> None:
        self.plan, self.rng, self.figures, self.end = plan, rng, figures, end
        self.http = httpx.AsyncClient(
            base_url=plan.url,
            cookies={"sessionid": session, "csrftoken": CSRF},
            headers={"X-CSRFToken": CSRF, "Referer": plan.url},
            timeout=TIMEOUT,
            follow_redirects=True,
        )

    async def practise(self) -> None:
        """Open practice, then answer and go on until the time is over or the course is."""
        async with self.http:
            await asyncio.sleep(self.rng.random() * self.plan.think)
            page = await self._ask("start", "POST", self.plan.start)
            served = 0
            while page is not None and time.perf_counter() < self.end:
                forms = Forms(page.text)
                answer, onwards = forms.ending("/answer/"), forms.ending("/next/")
                if answer:
                    page = await self._answer(*answer)
                elif onwards:
                    served += 1
                    page = await self._ask("next", "POST", onwards[0], part=True)
                    if page is not None and served % RELOAD_EVERY == 0 and "HX-Push-Url" in page.headers:
                        page = await self._ask("practice", "GET", page.headers["HX-Push-Url"])
                else:
                    return

    async def measure(self) -> None:
        """Ask for the yardstick page until the time is over."""
        async with self.http:
            await asyncio.sleep(self.rng.random() * self.plan.think)
            while time.perf_counter() < self.end:
                await self._ask("yardstick", "GET", "/yardstick/")

    async def _answer(self, address: str, fields: dict[str, str]) -> httpx.Response | None:
        token = address.rstrip("/").split("/")[-2]
        is_right = self.rng.random() < SHARE_RIGHT
        response = await self.plan.solve(token, fields["step"], is_right)
        data: dict[str, Response] = {**fields, "response": response}
        return await self._ask("answer", "POST", address, data=data, part=True)

    async def _ask(
        self, name: str, method: str, address: str, *, data: dict[str, Response] | None = None, part: bool = False
    ) -> httpx.Response | None:
        """One measured request, then a moment of thinking. None when it failed, which is written down."""
        started = time.perf_counter()
        try:
            response = await self.http.request(
                method, address, data=data, headers={"HX-Request": "true"} if part else {}
            )
        except httpx.HTTPError as problem:
            self.figures.problems.append(f"{name}: {problem!r}")
            return None
        if response.status_code != httpx.codes.OK:
            self.figures.problems.append(f"{name}: HTTP {response.status_code}")
            return None
        self.figures.times.setdefault(name, []).append(1000 * (time.perf_counter() - started))
        if time.perf_counter() < self.end:
            await asyncio.sleep(self.plan.think)
        return response
