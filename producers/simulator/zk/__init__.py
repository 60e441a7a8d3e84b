"""A ZK terminal that can be pulled, over TCP or UDP, true to the protocol down to its faults: see docs/zk.md."""
