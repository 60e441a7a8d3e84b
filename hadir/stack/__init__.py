"""The servers of one machine, Kafka and ClickHouse, as child processes, and the supervisor that keeps them."""
