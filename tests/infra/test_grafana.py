import json
import re
from pathlib import Path
from typing import Any

import pytest

from jobs.catalogue import pipelines
from shared.reports.metrics import WEBHOOK_OUTCOMES, Metrics, error_types
from shared.runs.listeners import Listeners
from shared.runs.trigger import Trigger
from shared.storage.memory import MemoryStore
from tests.jobs.ad.http.ads import finish, start
from tests.support.api import AD, NotingPlatform

BOARD = Path(__file__).parents[2] / "infra" / "grafana" / "reelwright-ads.json"
_WORDS = frozenset({"by", "le", "sum", "max", "rate", "increase", "histogram_quantile"})


@pytest.fixture(scope="module")
def board() -> dict[str, Any]:
    return dict(json.loads(BOARD.read_text()))


@pytest.fixture(scope="module")
def exposed() -> dict[str, set[str]]:
    """The labels of each metric of a server that has seen an ad."""
    metrics = Metrics({"ad": AD})
    trigger = Trigger(
        MemoryStore(), NotingPlatform(), {"ad": AD}, listeners=Listeners(on_end=[metrics.run_ended])
    )
    finish(trigger, start(trigger))
    found: dict[str, set[str]] = {}
    for line in metrics.exposition(0).decode().splitlines():
        if line[0] != "#":
            name, labels = re.fullmatch(r"(\w+)(?:\{(.*)\})? .*", line).groups()  # type: ignore[union-attr]
            found.setdefault(name, set()).update(re.findall(r"(\w+)=", labels or ""))
    return found


def queries(board: dict[str, Any]) -> list[str]:
    return [target["expr"] for panel in board["panels"] for target in panel["targets"]]


def test_every_metric_and_label_on_the_board_is_there(
    board: dict[str, Any], exposed: dict[str, set[str]]
) -> None:
    for query in queries(board):
        bare = re.sub(r'"[^"]*"|\[[^]]*\]', "", query)
        names = set(re.findall(r"[a-z]\w*_\w+|[a-z]\w+", bare)) - _WORDS
        metrics = {name for name in names if name in exposed}
        assert metrics, query
        labels = set.union(*(exposed[name] for name in metrics))
        assert names - metrics <= labels, query


def test_the_board_shows_what_is_to_be_watched(board: dict[str, Any]) -> None:
    shown = " ".join(queries(board))
    for name in ("pipeline_duration_seconds", "stage_duration_seconds", "pipeline_errors_total"):
        assert name in shown
    for name in ("provider_spend_usd_total", "webhooks_total", "jobs_in_progress"):
        assert name in shown
    assert {"0.5", "0.95"} <= set(re.findall(r"histogram_quantile\(([\d.]+)", shown))


def test_panels_have_ids_of_their_own_and_do_not_overlap(board: dict[str, Any]) -> None:
    panels = board["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    cells = [
        (x, y)
        for panel in panels
        for x in range(panel["gridPos"]["x"], panel["gridPos"]["x"] + panel["gridPos"]["w"])
        for y in range(panel["gridPos"]["y"], panel["gridPos"]["y"] + panel["gridPos"]["h"])
    ]
    assert len(set(cells)) == len(cells)
    assert max(x for x, _ in cells) < 24


def test_the_board_names_no_server_of_its_own(board: dict[str, Any]) -> None:
    sources = [panel["datasource"] for panel in board["panels"]]
    assert all(source == {"type": "prometheus", "uid": "${datasource}"} for source in sources)


def test_labels_stay_few(exposed: dict[str, set[str]]) -> None:
    assert set().union(*exposed.values()) == {
        *("pipeline", "stage", "outcome", "error_type", "component", "le")
    }
    assert len(error_types(pipelines().values())) + len(WEBHOOK_OUTCOMES) < 30
