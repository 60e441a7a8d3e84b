"""Pure machines, one per partition: records in, emissions out, state that can be put away and taken up again."""
