"""Contracts: what every record and topic of hadir looks like on Kafka."""
