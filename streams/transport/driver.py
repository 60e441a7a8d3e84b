"""Entry point ``batchkafka://`` of the group ``faust.transports``."""

from __future__ import annotations

from typing import ClassVar

from faust.transport.drivers import aiokafka as driver

from streams.transport.consumer import BatchConsumer


class Transport(driver.Transport):
    """Faust's aiokafka transport with the batch consumer."""

    Consumer: ClassVar[type] = BatchConsumer
