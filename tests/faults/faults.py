"""What can go wrong while people talk. Each fault lasts a few seconds and mends itself."""

import asyncio
import random
from collections.abc import Awaitable, Callable

from tests.faults.stage import Stage

Fault = Callable[[Stage, random.Random], Awaitable[None]]
SHORT, LONG = 1.0, 3.0  # seconds


async def kill_a_worker(stage: Stage, chance: random.Random) -> None:
    worker = chance.choice(stage.workers)
    worker.kill()
    await asyncio.sleep(SHORT)
    await asyncio.to_thread(worker.start)


async def kill_the_scheduler(stage: Stage, chance: random.Random) -> None:
    """The workers go on with what is due."""
    stage.scheduler.kill()
    await asyncio.sleep(SHORT)
    stage.scheduler.start()


async def deploy(stage: Stage, chance: random.Random) -> None:
    """One worker after another, each once the one before is back."""
    for worker in stage.workers:
        await asyncio.to_thread(worker.retire)
        await asyncio.to_thread(worker.start)


async def restart_redis(stage: Stage, chance: random.Random) -> None:
    await _restart(stage, "redis", LONG)


async def restart_database(stage: Stage, chance: random.Random) -> None:
    await _restart(stage, "postgres", LONG)


async def freeze_redis(stage: Stage, chance: random.Random) -> None:
    stage.services["redis"].freeze()
    await asyncio.sleep(LONG)
    stage.services["redis"].thaw()


async def drop_connections(stage: Stage, chance: random.Random) -> None:
    for _time in range(3):
        stage.proxy.drop()
        await asyncio.sleep(chance.uniform(0.2, SHORT))


async def delay_everything(stage: Stage, chance: random.Random) -> None:
    stage.proxy.delay = 0.3
    await asyncio.sleep(LONG)
    stage.proxy.delay = 0


async def lose_the_store(stage: Stage, chance: random.Random) -> None:
    """The object store, which refuses or is silent."""
    assert stage.store
    stage.store.wakes.clear()
    stage.store.mood = chance.choice(["down", "full", "silent"])
    await asyncio.sleep(LONG)
    stage.store.mood = "well"
    stage.store.wakes.set()


async def _restart(stage: Stage, name: str, pause: float) -> None:
    server = stage.services[name]
    await asyncio.to_thread(server.stop)
    await asyncio.sleep(pause)
    await asyncio.to_thread(server.start)


ANYWHERE: list[Fault] = [
    kill_a_worker,
    kill_the_scheduler,
    deploy,
    drop_connections,
    delay_everything,
]
WITH_REDIS: list[Fault] = [restart_redis, freeze_redis]
WITH_POSTGRES: list[Fault] = [restart_database]
WITH_S3: list[Fault] = [lose_the_store]


def possible(stage: Stage) -> list[Fault]:
    faults = list(ANYWHERE)
    if "redis" in stage.services:
        faults += WITH_REDIS
    if "postgres" in stage.services:
        faults += WITH_POSTGRES
    if stage.store:
        faults += WITH_S3
    return faults
