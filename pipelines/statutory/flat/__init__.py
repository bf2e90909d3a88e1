"""Tables flattened into text: labels found in order, the digits between them cut into cells.

Where every cell kept a separator of its own the cells are read as they stand; where digits ran
together the solver (``solver.py``) returns what the identities of the form leave possible.

* ``reader``: which tables are sought, and what the order of the value lines decides;
* ``proactive``, ``applications``, ``disputes``: where tables 2, 3 and 4 stand, and in which format;
* ``compact``: text without white space, and labels in it;
* ``zones``: what stands behind a label: cells with borders, or text to be cut;
* ``cells``: zones to values, with the solver where cells ran together;
* ``proof``: which rows nothing proves although their text has one reading;
* ``again``: rows that are printed once more with other figures.
"""

from pipelines.statutory.flat.reader import MAX_TEXT, read_flat

__all__ = ["MAX_TEXT", "read_flat"]
