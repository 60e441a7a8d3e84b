-- The numbers of presence and of manipulation are the policy's; they were constants of the rules until then, and what a
-- policy entered before meant by saying none are the defaults here, as in its schema.
ALTER TABLE policy
    ADD COLUMN IF NOT EXISTS presence_gap_s Int32 DEFAULT 900 COMMENT 'Two signs of a phone further apart than this have a gap between them, seconds.' AFTER papers_s,
    ADD COLUMN IF NOT EXISTS presence_worst_m Int32 DEFAULT 200 COMMENT 'A position less exact than this is no sign, metres.' AFTER presence_gap_s,
    ADD COLUMN IF NOT EXISTS travel_kmh Int32 DEFAULT 150 COMMENT 'Faster than this nobody travels within the region, kilometres per hour.' AFTER presence_worst_m,
    ADD COLUMN IF NOT EXISTS travel_m Int32 DEFAULT 2000 COMMENT 'Two places nearer than this to each other are one, metres.' AFTER travel_kmh,
    ADD COLUMN IF NOT EXISTS clocks_s Int32 DEFAULT 300 COMMENT 'How far the clocks of a terminal and a phone, or of two terminals, may be apart, seconds.' AFTER travel_m,
    ADD COLUMN IF NOT EXISTS mock_minutes Int32 DEFAULT 3 COMMENT 'Minutes with a made-up position from which on it is more than a slip.' AFTER clocks_s;

ALTER TABLE presence
    ADD COLUMN IF NOT EXISTS policy_offset Int64 DEFAULT -1 COMMENT '`reference` offset of the policy whose numbers held; -1 when withdrawn.' AFTER geofence_offsets,
    COMMENT COLUMN IF EXISTS unknown_s 'Whole seconds of which nothing can be said: the phone was silent for longer than the policy allows, or said nothing clear yet.';

ALTER TABLE flag
    ADD COLUMN IF NOT EXISTS policy_offset Int64 DEFAULT -1 COMMENT '`reference` offset of the policy whose numbers held; -1 when there is no shift any more.' AFTER until_at;
