"""Faust wiring: which topics a stage reads, nothing else."""
