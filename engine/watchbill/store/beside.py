"""Writing a little beside a running engine: what the command line puts into the record itself, without taking it over.

SQLite lets one transaction write at a time, and both sides keep theirs short. Nothing that an engine remembers of the record is written
this way: tokens only, which it looks up each time.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from watchbill.errors import Place, UserError, WatchbillError
from watchbill.store.failing import in_words
from watchbill.store.location import file_of
from watchbill.store.migrating import NEWEST, bring_up_to_date, version_of
from watchbill.store.opening import Alone, make_file, writing_engine


@contextmanager
def beside(url: str) -> Iterator[Connection]:
    """A connection whose one transaction is committed at the end. The record is made where there is none.

    Raises UserError where the record is another version's while an engine has it, OutsideError where it cannot be used.
    """
    path = file_of(url)
    make_file(path)
    alone, engine = Alone(path), writing_engine(path)
    try:
        with engine.connect() as connection, connection.begin():
            if alone.is_held:
                bring_up_to_date(connection, str(path))
            elif version_of(connection, str(path)) != NEWEST:
                raise UserError(
                    "the engine that has this record is of another version than this command",
                    "stop it, or use the `watchbill` that it was started with",
                    rule="record-newer",
                    place=Place(str(path)),
                )
            yield connection
    except WatchbillError:
        raise
    except Exception as failure:
        said = in_words(failure, str(path))
        if said is None:
            raise
        raise said from failure
    finally:
        engine.dispose()
        alone.release()
