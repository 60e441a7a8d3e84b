"""A made city that comes to work through the real protocol, and the truth about it."""
