"""The data generator: seeded readings of energy meters, any number of them in flat memory.

Run in `services/`: `python -m data_generator.server`.
"""

import math
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any

import grpc
from serving import answering, checking, invalid, load, name_inside, path_inside, serve, written

messages, services = load("data_generator", "data_generator.proto")

START = datetime(2025, 1, 1, tzinfo=UTC)
EVERY = timedelta(minutes=1)
"""All meters are read once a minute."""
MOST_RECORDS = 100_000_000
MOST_HOUSEHOLDS = 10_000
FAULTS = 0.01
"""The part of readings in which the meter is out of order."""
HEADER = "timestamp,household_id,power_consumption,voltage,current\n"


def generate(request: Any, context: grpc.ServicerContext) -> Any:
    count, households = request.num_records or 100, request.households or 3
    if not 1 <= count <= MOST_RECORDS:
        raise invalid(f"num_records is {count}; use 1 to {MOST_RECORDS}, or 0 for 100")
    if not 1 <= households <= MOST_HOUSEHOLDS:
        raise invalid(f"households is {households}; use 1 to {MOST_HOUSEHOLDS}, or 0 for 3")
    if request.output_format not in ("", "csv"):
        raise invalid(f"output_format is {request.output_format[:40]!r}; use 'csv'")
    name = f"{request.folder}/raw_energy.csv" if request.folder else "raw_energy.csv"
    path = path_inside(name, "folder")
    with written(path) as file:
        file.write(HEADER)
        random = Random(request.seed)  # noqa: S311 - readings, not secrets
        file.writelines(rows(count, households, random, checking(context)))
    text = f"{count} readings of {min(count, households)} households"
    return messages.GenerateDataResponse(
        success=True, message=text, records_generated=count, raw_data_path=name_inside(path)
    )


def rows(count: int, households: int, random: Random, check: Callable[[int], None]) -> Iterator[str]:
    """Lines of the file: in each minute every household once, in turn."""
    draw, names = random.random, [f"HH-{number}" for number in range(households)]
    habits = [0.6 + 0.8 * draw() for _ in names]
    for minute, made in enumerate(range(0, count, households)):
        check(minute)
        moment = START + minute * EVERY
        usual = 260 + 140 * math.sin((moment.hour * 60 + moment.minute - 540) / 1440 * math.tau)
        stamp = f"{moment:%Y-%m-%dT%H:%M:%SZ}"
        for name, habit in zip(names[: count - made], habits, strict=False):
            power = usual * habit * (0.8 + 0.4 * draw())
            voltage = 227 + 6 * draw()
            fault = draw()
            factor = (
                0.8 + 0.14 * draw()
                if fault > FAULTS
                else 0.02 + 0.07 * draw()
                if fault < FAULTS / 2
                else 0.96 + 0.04 * draw()
            )
            yield f"{stamp},{name},{power:.2f},{voltage:.1f},{power / (voltage * factor):.4f}\n"


class Servicer(services.DataGeneratorServiceServicer):
    GenerateData = answering(generate)


if __name__ == "__main__":
    serve(
        "data_generator",
        lambda server: services.add_DataGeneratorServiceServicer_to_server(Servicer(), server),
        messages.DESCRIPTOR.services_by_name["DataGeneratorService"],
    )
