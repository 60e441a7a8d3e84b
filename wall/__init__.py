"""
The built-in wall: a page on a television that shows who is missing, over the same views as everything else.

``board`` (pure: rows to what a screen shows), ``users`` (accounts, sessions), ``source`` (asks ClickHouse), ``hub``
(who looks on, and what is new to each), ``app`` (the routes), ``__main__`` (the process), ``static`` (the page).
"""
