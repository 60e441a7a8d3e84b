"""Pure rules: what is remembered, a policy and the horizon -> a judgement."""

RULES = (
    "attendance.judge",  # a person's work date: state, lateness, why
    "attribution.owner",  # whose punch it is
    "cutoff.news",  # of whom an office must hear, the first time and again
    "day.plan",  # what a person is due to do on a date
    "position.Positions.take",  # a person's first position of a minute
    "presence.presence",  # where a person was during a shift, as far as the phone said
)
