"""Sockets, files, pollers: the only I/O of the producers."""
