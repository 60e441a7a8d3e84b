"""Claims about speed: each a command that measures and leaves a dated file in ``benchmarks/results``."""
