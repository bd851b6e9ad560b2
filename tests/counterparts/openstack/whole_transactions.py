"""Makes every transaction on SQLite take its write lock at the beginning.

Owns: one listener. oslo.db begins transactions that only read at first; two of them that then write refuse one another at
once with "database is locked" (a 500 that no real cloud gives), where those that ask at the beginning wait for their turn.
Never: anything else of SQLAlchemy.
Read next: serve_cinder.py and serve_keystone.py, which import this.
"""

import sqlalchemy


@sqlalchemy.event.listens_for(sqlalchemy.Engine, "before_cursor_execute", retval=True)
def _ask_at_the_beginning(_connection, _cursor, statement, parameters, _context, _many):
    return ("BEGIN IMMEDIATE" if statement == "BEGIN" else statement), parameters
