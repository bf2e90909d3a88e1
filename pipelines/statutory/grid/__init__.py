"""Tables drawn as rows: the rows of all tables as one stream, read by their labels.

A statutory table may be cut into four, restarted after a page break, or run into its neighbour; the
rows stay the same. Within a row the k-th value cell belongs to the k-th head of its block: column
indexes are not trusted, because the spans of real header rows differ from those of the data rows.
Where a row has fewer or more cells than heads, the drawn grid decides, or nobody does.

* ``reader``: which tables are read, and which table a row belongs to;
* ``proactive``, ``applications``, ``disputes``: heads and rows of tables 2, 3 and 4;
* ``unlabelled``: rows of table 3 without a label, placed by order and sums;
* ``drawn``: what the drawn grid says of rows with a cell too few or too many;
* ``cells``: which cells of a row are its values, and how they are stored;
* ``stream``: what all of these know of the rows so far.
"""

from pipelines.statutory.grid.reader import read_grid

__all__ = ["read_grid"]
