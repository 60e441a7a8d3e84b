"""Stream processors: folds, rules, agents, the transport they run on, and the sink."""
