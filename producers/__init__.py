"""What brings facts to Kafka: protocols, sources, the simulated city."""
