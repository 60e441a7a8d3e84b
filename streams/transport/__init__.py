"""The batch transport: one Faust message per partition and fetch."""
