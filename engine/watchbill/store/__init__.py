"""The record: one database that holds everything which must outlive the process.

Rule 1: whoever writes, writes in a job of the one `Writer`; whoever reads, reads in `Record.read`.
Rule 2: time is an argument, an aware datetime in UTC. Only the lease goes by the database's own clock.
Rule 3: what is written is what both SQLite and PostgreSQL can do, through SQLAlchemy Core.
Rule 4: the functions here take a connection and leave the transaction to whoever owns it.
"""
