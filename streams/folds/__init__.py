"""Pure reducers: what is remembered, independent of order and repetition."""
