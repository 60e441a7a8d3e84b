CREATE TABLE IF NOT EXISTS epoch
(
    epoch String COMMENT 'Name of the epoch: the code that judged.',
    since DateTime64(3, 'UTC') DEFAULT now64(3, 'UTC') COMMENT 'When readers were switched to it, UTC; the latest row is in force.',
    reason String COMMENT 'Why, in the words of whoever switched.'
)
ENGINE = MergeTree
ORDER BY since
COMMENT 'Which epoch the views show, and which they showed before.';
