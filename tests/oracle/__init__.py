"""A second, naive reading of the spine's rules, and worlds on which the pipeline is held against it."""
