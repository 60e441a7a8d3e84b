"""Pure rules: what is remembered, a policy and the horizon -> a judgement."""

RULES = (
    "attendance.judge",  # a person's work date: state, lateness, why
    "attribution.owner",  # whose punch it is
    "cutoff.news",  # of whom an office must hear, the first time and again
    "day.plan",  # what a person is due to do on a date
    "impossible_travel.find",  # two places, too little time between
    "manipulation.flags",  # all rules of manipulation over a date
    "mock_location.find",  # the phone says that its position is made up
    "position.Positions.take",  # a person's first position of a minute
    "presence.presence",  # where a person was during a shift, as far as the phone said
    "shared_phone.find",  # one phone or photo for several people
)
