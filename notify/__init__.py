"""Delivery: alerts to the channels of those who must hear, with a ledger of what was told. Nobody imports it."""
