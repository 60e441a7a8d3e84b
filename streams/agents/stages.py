"""Which logs each stage reads: ``python -m streams.agents distribute|route|cross|judge|alert``."""

from __future__ import annotations

from hadir.settings import Settings
from streams.runner import MakeStage, StageRunner, epoch_of
from streams.stages.alert import Alert
from streams.stages.base import Stage
from streams.stages.cross import Cross
from streams.stages.distribute import Distribute
from streams.stages.judge import Judge
from streams.stages.route import RouteDevices, RoutePhones

LOGS = {
    "distribute": ("reference",),
    "route": ("device_log", "phone_log"),
    "cross": ("link",),
    "judge": ("staff_log",),
    "alert": ("cutoff",),
}


def maker(name: str, settings: Settings) -> MakeStage:
    """How to make the machine of one partition of stage ``name``."""
    partitions, epoch = settings.partitions, epoch_of(settings)

    def make(log: str, partition: int) -> Stage:
        if name == "distribute":
            return Distribute(partitions)
        if name == "judge":
            return Judge(partition, partitions, epoch)
        if name == "cross":
            return Cross(partition, partitions)
        if name == "alert":
            return Alert(partition, partitions, epoch)
        if log == "device_log":
            return RouteDevices(partition, partitions, epoch)
        return RoutePhones(partition, partitions, epoch)

    return make


def stage_runner(name: str, settings: Settings) -> StageRunner:
    """The runner of one stage, ready to execute."""
    return StageRunner(name, LOGS[name], maker(name, settings), settings)
