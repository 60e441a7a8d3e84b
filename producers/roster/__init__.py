"""Roster files to reference records: parse, check by line, write what differs."""
