-- Small inserts, four a second, must not be merged into the big part again and again: each row was rewritten seven times,
-- now twice. At least 16 parts to one merge only holds with a base as high, and without the rule that drops small parts
-- from a chosen range (it left two: the big one and one more). Column statistics cost a tenth of each insert; no query of
-- ours is planned by them.
ALTER TABLE punch MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE attribution_history MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE attribution MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE attendance_history MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE attendance MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE position MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE device_latest MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';

ALTER TABLE sink_offset MODIFY SETTING
    merge_selector_base = 16,
    merge_selector_enable_heuristic_to_remove_small_parts_at_right = 0,
    auto_statistics_types = '';
