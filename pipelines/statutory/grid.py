"""Tables drawn as rows: the rows of all tables as one stream, read by their labels.

A statutory table may be cut into four, restarted after a page break, or run into its neighbour; the
rows stay the same. Within a row the k-th value cell belongs to the k-th head of its block: column
indexes are not trusted, because the spans of real header rows differ from those of the data rows.
Where a row has fewer or more cells than heads, the drawn grid decides, or nobody does.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from pipelines.blocks import Cell, Table
from pipelines.record import ExtraRow
from pipelines.statutory.labels import clause_of, column_of, core, group_of, is_note, row_of, unit_of
from pipelines.statutory.reading import Reading
from pipelines.statutory.templates import TableName, Version, cell_kinds, identities, tables
from pipelines.statutory.values import Value, parse_value

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

_APPLICANTS: Final = tuple(tables()["applications"].columns)
_OUTCOMES: Final = tuple(tables()["disputes"].columns)
_SPANNED: Final = Cell("", colspan=-1)
_LABEL_CELLS: Final = 6
_HEADS_THAT_MAKE_A_HEADER: Final = 2
_ROWS_THAT_MAKE_A_TABLE: Final = 3


@dataclass(slots=True)
class _Placed:
    """A data row of table 3 with its value cells, before its columns are known."""

    key: str | None
    label: str
    cells: list[Cell]
    table: Table
    row: int


@dataclass(slots=True)
class _State:
    """Where in the statutory tables the stream of rows stands."""

    context: TableName | None = None
    heads: list[str | None] = field(default_factory=list)
    head_texts: list[str] = field(default_factory=list)
    applicants: list[str | None] = field(default_factory=lambda: list(_APPLICANTS))
    blocks: list[str] = field(default_factory=list)
    t3: list[_Placed] = field(default_factory=list)
    t2_versions: set[Version] = field(default_factory=set)
    headed: set[TableName] = field(default_factory=set)
    outcome_heads: int = 0
    heads_here: int = 0
    block: str | None = None
    grids: dict[int, list[list[tuple[int, int] | None]]] = field(default_factory=dict)

    def grid(self, table: Table) -> list[list[tuple[int, int] | None]]:
        """The drawn grid of a table, expanded once."""
        if table.index not in self.grids:
            self.grids[table.index] = expand(table)
        return self.grids[table.index]


def read_grid(found: Sequence[Table]) -> Reading:
    """Read the statutory tables from drawn tables in document order."""
    reading = Reading()
    state = _State()
    for table in found:
        if not _statutory(table, state):
            continue
        for index, cells in enumerate(table.rows):
            if cells:
                _row(reading, state, table, index, cells)
    _finish_applications(reading, state)
    for name in reading.versions:
        if name not in state.headed:
            reading.reasons.append(f"{name}:heads_missing")
    if state.t2_versions:
        reading.versions["proactive"] = (
            "mixed" if len(state.t2_versions) > 1 else next(iter(state.t2_versions))
        )
    return reading


def _statutory(table: Table, state: _State) -> bool:
    """Whether a table belongs to the statutory ones, by any label of theirs, or continues one."""
    telling = 0
    for cells in table.rows:
        for cell in cells[:_LABEL_CELLS]:
            text = cell.text
            if not text or text.isascii():
                continue
            if clause_of(text) or column_of("proactive", text) or is_note(text) or row_of("disputes", text):
                return True
            if row_of("applications", text) in _TELLING:
                telling += 1
                if state.context == "applications" or telling >= _ROWS_THAT_MAKE_A_TABLE:
                    return True
        if len({column_of("applications", cell.text) for cell in cells} - {None}) > _HEADS_THAT_MAKE_A_HEADER:
            return True
    if state.context == "proactive":
        return any(row_of("proactive", cells[0].text) for cells in table.rows if cells)
    return state.context == "applications" and any(
        len(cells) == len(_OUTCOMES) * 3
        or (len(cells) >= len(_APPLICANTS) and group_of(cells[0].text))
        or (len(cells) >= len(_APPLICANTS) and _numbers(cells[-len(_APPLICANTS) :]))
        for cells in table.rows
    )


_TELLING: Final = frozenset(row.key for row in tables()["applications"].rows.values()) - {
    "other.misc",
    "results_total",
}


def _numbers(cells: Sequence[Cell]) -> bool:
    return all(_valuelike(cell.text) for cell in cells) and any(cell.text for cell in cells)


def _valuelike(text: str) -> bool:
    """Whether the text can stand in a value cell: blank, a placeholder, or it holds a digit and no known label."""
    return not text or text.isascii() or parse_value(text, "count", None).status != "text"


def _row(reading: Reading, state: _State, table: Table, index: int, cells: list[Cell]) -> None:
    key, label, rest = _label_of_applications(cells)
    if key in _TELLING:
        state.context = "applications"
        state.t3.append(_Placed(key, label, rest, table, index))
        return
    if _names_a_block_and_values(cells):
        state.context = "disputes"
        if _disputes_line(reading, state, table, index, cells):
            return
    if _head_row(state, cells):
        return
    if state.context == "applications":
        if key or (
            not _disputes_row(reading, state, table, index, cells) and any(cell.text for cell in cells)
        ):
            state.t3.append(_Placed(key, label, rest, table, index))
    elif state.context == "disputes":
        _disputes_row(reading, state, table, index, cells)
    elif _header_of_proactive(state, cells):
        state.context = "proactive"
    elif state.context == "proactive":
        _proactive_row(reading, state, table, index, cells)


def _head_row(state: _State, cells: list[Cell]) -> bool:
    """Whether the row is a head of any table (table 2's columns apart); it sets the context."""
    if clause_of(cells[0].text) and len([cell for cell in cells if cell.text]) == 1:
        state.context, state.heads, state.head_texts = "proactive", [], []
        return True
    if _header_of_disputes(state, cells):
        return True
    if _header_of_applications(state, cells):
        state.context = "applications"
        return True
    return False


# --- table 2 --------------------------------------------------------------------------------------


def _header_of_proactive(state: _State, cells: list[Cell]) -> bool:
    texts = [cell.text for cell in cells]
    start = next((i for i, text in enumerate(texts) if core(text) == "信息内容"), None)
    if start is None:
        start = (
            -1
            if any(column_of("proactive", text) for text in texts)
            and not any(row_of("proactive", text) for text in texts[:3])
            else None
        )
        if start is None:
            return False
        start = 0 if not column_of("proactive", texts[0]) and len(texts) > 1 else -1
    heads = texts[start + 1 :]
    while heads and not heads[-1]:
        heads.pop()
    state.heads = [column_of("proactive", text) for text in heads]
    state.head_texts = heads
    return True


def _proactive_row(reading: Reading, state: _State, table: Table, index: int, cells: list[Cell]) -> None:
    at, key = next(
        ((i, row) for i, cell in enumerate(cells[:3]) if (row := row_of("proactive", cell.text))), (0, None)
    )
    values = cells[at + 1 :]
    if key is None:
        if cells[0].text and any(cell.text for cell in values):
            reading.extra_rows.append(_extra("proactive", cells[0].text, values))
        return
    version, columns = _proactive_columns(key, state)
    if version is None:
        if any(cell.text for cell in values):
            reading.reasons.append("table2_head_unknown")
            reading.extra_rows.append(_extra("proactive", cells[at].text, values))
        return
    state.t2_versions.add(version)
    drawn = max(sum(cell.colspan for cell in cells) for cells in table.rows)
    placed = _fit(values, len(columns), spans=drawn == len(columns) + 1)
    names = [f"proactive.{key}.{column}" if column else None for column in columns]
    unit = next((unit for text in state.head_texts if (unit := unit_of(text))), None)
    if unit and placed and key in _MONEY:
        placed = [*placed[:-1], with_unit(placed[-1], unit)]
    _assign(reading, names, placed, values, (table.index, index + 1))


_MONEY: Final = frozenset({"fees", "procurement"})


def with_unit(cell: Cell, unit: str) -> Cell:
    """A money cell with the unit that its head prints, where the cell prints none and the form another."""
    text = cell.text.strip()
    return replace(cell, text=f"{text}{unit}") if unit != _FORM_UNIT and _BARE.fullmatch(text) else cell


_FORM_UNIT: Final = "万元"
_BARE: Final = re.compile(r"[\d,.，．０-９]+")


def _proactive_columns(key: str, state: _State) -> tuple[Version | None, list[str | None]]:
    """Format of the block and the column of each head; (None, []) when the heads do not tell."""
    row = tables()["proactive"].rows[key]
    for version, columns in row.columns.items():
        if _heads_are(state, columns, version):
            return version, list(columns)
    known = {head for head in state.heads if head}
    for version, columns in row.columns.items():
        if known and set(columns) <= known:
            return version, [head if head in columns else None for head in state.heads]
    return None, []


def _heads_are(state: _State, columns: Sequence[str], version: Version) -> bool:
    """Whether the heads of the block are these columns, a truncated wording included."""
    if len(state.heads) != len(columns) or not any(state.heads):
        return False
    labels = tables()["proactive"].columns
    for head, text, column in zip(state.heads, state.head_texts, columns, strict=True):
        if head == column:
            continue
        cut = core(text)
        if head is not None or len(cut) < 2 or not labels[column].label.startswith(cut):  # noqa: PLR2004
            return False
    return version in VERSIONS_OF[tuple(columns)]


VERSIONS_OF: Final[dict[tuple[str, ...], set[Version]]] = {}
for _r in tables()["proactive"].rows.values():
    for _v, _c in _r.columns.items():
        VERSIONS_OF.setdefault(_c, set()).add(_v)


# --- table 3 --------------------------------------------------------------------------------------


def _header_of_applications(state: _State, cells: list[Cell]) -> bool:
    """Recognise a head row of table 3 and take over a local order of columns or extra columns."""
    texts = [cell.text for cell in cells]
    keys = [column_of("applications", text) for text in texts]
    known = {key for key in keys if key}
    if len(known) < _HEADS_THAT_MAKE_A_HEADER or any(_digits(text) for text in texts):
        return any(map(is_note, texts)) and not any(_digits(text) for text in texts)
    leaves: list[str | None] = []
    for key, text in zip(keys, texts, strict=True):
        if core(text) == "法人或其他组织":
            leaves.append("organisations")
        elif key or (text and not is_note(text)):
            leaves.append(key)
    if "organisations" in leaves:
        state.heads = leaves
        return True
    if "natural_person" not in known and "natural_person" in state.heads and "organisations" in state.heads:
        at = state.heads.index("organisations")
        leaves = [*state.heads[:at], *leaves, *state.heads[at + 1 :]]
    state.headed.add("applications")
    if sorted(filter(None, leaves)) == sorted(_APPLICANTS):
        state.applicants = leaves
    state.heads = []
    return True


def _holds_digits(text: str) -> bool:
    return any(map(str.isdigit, text))


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


def _label_of_applications(cells: list[Cell]) -> tuple[str | None, str, list[Cell]]:
    """Row key, printed label and the cells after it; groups (三、… （三）…) stand before the label.

    Behind a known label only a piece of its own wording is label still; anything else is a value, readable
    or not.
    """
    key: str | None = None
    label = ""
    last = -1
    for i, cell in enumerate(cells[:_LABEL_CELLS]):
        text = cell.text
        if not text:
            continue
        if text.isascii():
            if i == 0 and text.isdigit() and len(cells) > 1 and _names_a_row(cells[1].text):
                continue
            break
        found = row_of("applications", text)
        if found is None and group_of(text) is None:
            wording = core(text)
            if key is not None:
                if len(wording) < _SHORTEST_PIECE or wording not in tables()["applications"].rows[key].label:
                    break
            elif _valuelike(text) or any(map(str.isdigit, wording)):
                break
            label, last = text, i
            continue
        if found is not None or key is None:
            key = found
        label, last = text, i
    return key, label, cells[last + 1 :]


_SHORTEST_PIECE: Final = 2


def _names_a_row(text: str) -> bool:
    return row_of("applications", text) is not None or group_of(text) is not None


def _finish_applications(reading: Reading, state: _State) -> None:
    rows = state.t3
    if not any(row.key for row in rows):
        return
    keys = {row.key for row in rows}
    version: Version = "v2" if keys & {"other.correction_overdue", "other.fee_overdue"} else "v1"
    if version == "v1" and not any(row.key == "other.all" and row.cells for row in rows):
        version = "v1" if state.t2_versions == {"v1"} else "v2"
        reading.reasons.append("table3_format_undetermined")
    reading.versions["applications"] = version
    template = [row.key for row in tables()["applications"].rows_of(version)]
    misplaced = [
        row
        for i, row in enumerate(rows)
        if row.key is not None and (row.key not in template or _is_group_total(rows, i))
    ]
    totals = [row for row in rows if row.key == "results_total" and row not in misplaced]
    named = [row for row in totals if core(row.label) == _GRAND_TOTAL]
    if len(totals) > len(named) == 1:
        misplaced += [row for row in totals if row is not named[0]]
    rows = [row for row in rows if row not in misplaced]
    for row in misplaced:
        if any(cell.text for cell in row.cells):
            reading.extra_rows.append(_extra("applications", row.label, row.cells))
    width = len(state.applicants)
    names = {key: [f"applications.{key}.{c}" if c else None for c in state.applicants] for key in template}
    columns = _value_columns(rows, width, state)
    for row in rows:
        if row.key:
            placed = _fit(row.cells, width)
            if placed is None or (
                len(row.cells) > width
                and not _padded_alike(row, rows)
                and not _adds_up(placed, state.applicants)
            ):
                placed = _from_grid(row, columns, state)
            if placed is None and not any(cell.text for cell in row.cells):
                continue
            _assign(reading, names[row.key], placed, row.cells, (row.table.index, row.row + 1))
    _place_unlabelled(reading, rows, template, names, width)


_ALIKE: Final = 3
_GRAND_TOTAL: Final = "总计"


def _is_group_total(rows: list[_Placed], at: int) -> bool:
    """Whether a total stands before further outcomes of the same table: a local subtotal of a group."""
    if rows[at].key != "results_total":
        return False
    outcomes = tables()["applications"].rows
    for row in rows[at + 1 :]:
        if row.key == "new_received":
            return False
        if row.key is not None and outcomes[row.key].group == "outcome":
            return True
    return False


def _padded_alike(row: _Placed, rows: list[_Placed]) -> bool:
    """Whether other rows of the table have as many cells: a column of padding, not a cell too many."""
    return sum(o.table is row.table and len(o.cells) == len(row.cells) for o in rows) >= _ALIKE


def _adds_up(cells: Sequence[Cell], columns: Sequence[str | None]) -> bool:
    """Whether the printed parts of a row make up its printed total."""
    values = {
        column: parse_value(cell.text, "count", None)
        for column, cell in zip(columns, cells, strict=True)
        if column
    }
    if any(value.status not in ("number", "blank") for value in values.values()):
        return False
    total = values.pop("total").value
    return total is not None and total == sum(value.value or 0 for value in values.values())


def _value_columns(rows: list[_Placed], width: int, state: _State) -> dict[int, tuple[int, ...]]:
    """Table → drawn columns of the value cells, where all well-formed rows of it agree."""
    odd = {row.table.index for row in rows if row.key and len(row.cells) != width}
    agreed: dict[int, set[tuple[int, ...]]] = {}
    for row in rows:
        if row.table.index in odd and row.key and len(row.cells) == width:
            grid = state.grid(row.table)
            start = len(row.table.rows[row.row]) - width
            wanted = [(row.row, start + k) for k in range(width)]
            agreed.setdefault(row.table.index, set()).add(
                tuple(grid[row.row].index(cell) for cell in wanted if cell in grid[row.row])
            )
    return {table: next(iter(found)) for table, found in agreed.items() if len(found) == 1}


def _from_grid(row: _Placed, columns: dict[int, tuple[int, ...]], state: _State) -> list[Cell] | None:
    """The row's cells under the value columns of its well-formed neighbours."""
    wanted = columns.get(row.table.index)
    if not wanted:
        return None
    drawn = state.grid(row.table)[row.row]
    if len(drawn) <= wanted[-1]:
        return None
    places = [drawn[column] for column in wanted]
    if any(place is None for place in places):
        return None
    start = len(row.table.rows[row.row]) - len(row.cells)
    if any(cell.text and (row.row, start + k) not in places for k, cell in enumerate(row.cells)):
        return None
    cells = []
    for place in places:
        assert place is not None  # noqa: S101
        cell = row.table.rows[place[0]][place[1]]
        if place[0] == row.row and place[1] < start:
            return None
        shared = places.count(place) > 1 or cell.rowspan > 1
        cells.append(replace(_SPANNED, text=cell.text) if shared and cell.text else cell)
    return cells


def expand(table: Table) -> list[list[tuple[int, int] | None]]:
    """The drawn grid by HTML5's algorithm: for every slot the (row, cell) that covers it, or None."""
    grid: list[list[tuple[int, int] | None]] = [[] for _ in table.rows]
    budget = 200_000
    for r, cells in enumerate(table.rows):
        column = 0
        for c, cell in enumerate(cells):
            line = grid[r]
            while column < len(line) and line[column] is not None:
                column += 1
            height = min(cell.rowspan or len(grid) - r, len(grid) - r)
            for below in range(r, r + height):
                row = grid[below]
                row.extend([None] * (column + cell.colspan - len(row)))
                for k in range(column, column + cell.colspan):
                    row[k] = row[k] or (r, c)
                budget -= cell.colspan
                if budget < 0:
                    return grid
            column += cell.colspan
    return grid


def _place_unlabelled(
    reading: Reading, rows: list[_Placed], template: list[str], names: dict[str, list[str | None]], width: int
) -> None:
    """Rows without a known label: placed by order where exactly one order fits and the sums prove it."""
    order = [row.key for row in rows]
    pending = [row for row in rows if row.key is None and len(row.cells) == width and _numbers(row.cells)]
    trial: dict[str, Value] = {}
    placed: list[tuple[_Placed, str]] = []
    for row in pending:
        at = rows.index(row)
        before = next((key for key in reversed(order[:at]) if key), None)
        after = next((key for key in order[at + 1 :] if key), None)
        low = template.index(before) + 1 if before else 0
        high = template.index(after) if after else len(template)
        missing = [key for key in template[low:high] if key not in order]
        rivals = [other for other in pending if _between(rows, order, other) == (before, after)]
        if missing and len(missing) == len(rivals) and _piece_of(row.label, missing[rivals.index(row)]):
            placed.append((row, missing[rivals.index(row)]))
    proof = Reading(values=dict(reading.values), versions=reading.versions)
    for row, key in placed:
        _assign(proof, names[key], row.cells, row.cells, (row.table.index, row.row + 1))
        trial |= {name: proof.values[name] for name in names[key] if name}
    if placed and _sums_hold(proof, trial):
        for name, value in trial.items():
            reading.values[name] = replace(value, flags=(*value.flags, "placed_by_order"))
    else:
        placed = []
    done = {id(row) for row, _ in placed}
    for row in rows:
        if row.key is None and id(row) not in done and any(cell.text for cell in row.cells):
            reading.extra_rows.append(_extra("applications", row.label, row.cells))


def _piece_of(label: str, key: str) -> bool:
    """Whether the label is missing or only a piece of the wording of that row."""
    wording = core(label)
    return not wording or wording in tables()["applications"].rows[key].label


def _between(rows: list[_Placed], order: list[str | None], row: _Placed) -> tuple[str | None, str | None]:
    at = rows.index(row)
    return next((k for k in reversed(order[:at]) if k), None), next((k for k in order[at + 1 :] if k), None)


def _sums_hold(proof: Reading, trial: dict[str, Value]) -> bool:
    """Whether every identity through the newly placed cells can be computed and holds."""
    version = proof.versions["applications"]
    if version not in ("v1", "v2"):
        return False
    for identity in identities("applications", version):
        cells = (*identity.left, *identity.right)
        if not any(name in trial for name in cells):
            continue
        numbers = {name: proof.values[name].value for name in cells if name in proof.values}
        if len(numbers) != len(cells) or None in numbers.values():
            return False
        left = sum(numbers[name] or 0 for name in identity.left)
        if left != sum(numbers[name] or 0 for name in identity.right):
            return False
    return True


# --- table 4 --------------------------------------------------------------------------------------


def _header_of_disputes(state: _State, cells: list[Cell]) -> bool:
    """Recognise head rows of table 4 and note the order of its blocks."""
    texts = [cell.text for cell in cells]
    if any(_digits(text) for text in texts):
        return False
    blocks = [row for text in texts if (row := row_of("disputes", text))]
    outcomes = [text for text in texts if column_of("disputes", text)]
    suits = any(core(text) == "行政诉讼" for text in texts)
    if not (blocks or suits or (state.context == "disputes" and outcomes) or len(outcomes) >= len(_OUTCOMES)):
        return False
    if not blocks and not suits and any(row_of("applications", text) in _TELLING for text in texts):
        return False
    if state.context != "disputes":
        state.context, state.blocks = "disputes", []
    state.blocks.extend(block for block in blocks if block not in state.blocks)
    state.outcome_heads += len(outcomes)
    state.heads_here += len(outcomes)
    if state.outcome_heads >= len(_OUTCOMES) * 3:
        state.headed.add("disputes")
    return True


def _disputes_row(reading: Reading, state: _State, table: Table, index: int, cells: list[Cell]) -> bool:
    """Read a data row of table 4: five values a block, one block a row, or one value a row."""
    if state.context == "disputes" and _disputes_line(reading, state, table, index, cells):
        return True
    if [cell.text for cell in cells] == [str(k) for k in range(1, len(cells) + 1)]:
        return True
    values = cells
    while values and values[0].text and not _valuelike(values[0].text) and not _holds_digits(values[0].text):
        values = values[1:]
    if sum(_valuelike(cell.text) for cell in values) * 2 < len(values) or not values:
        return False
    blocks, placed = _fitting_blocks(state, values)
    if placed is None:
        if state.context == "disputes" and any(cell.text for cell in values):
            reading.reasons.append("table4_positions_unknown")
            reading.extra_rows.append(_extra("disputes", "", values))
            reading.versions.setdefault("disputes", "v2")
        return False
    if state.context != "disputes" and not all(cell.text for cell in values):
        return False
    state.context, state.blocks, state.heads_here = "disputes", [], 0
    reading.versions["disputes"] = "v2"
    names: list[str | None] = [f"disputes.{block}.{outcome}" for block in blocks for outcome in _OUTCOMES]
    _assign(reading, names, placed, values, (table.index, index + 1))
    return True


def _fitting_blocks(state: _State, values: list[Cell]) -> tuple[list[str], list[Cell] | None]:
    """The blocks that the values belong to, by the heads seen; all three where the heads name fewer."""
    every = list(tables()["disputes"].rows)
    known = state.context == "disputes"
    blocks = list(state.blocks) if known and state.heads_here != len(_OUTCOMES) * 3 else []
    if not blocks and (known or len(values) == len(_OUTCOMES) * 3):
        blocks = every
    placed = _fit(values, len(blocks) * len(_OUTCOMES)) if blocks else None
    if placed is None and blocks != every:
        return every, _fit(values, len(every) * len(_OUTCOMES))
    return blocks, placed


def _names_a_block_and_values(cells: list[Cell]) -> bool:
    """Whether the row is a line of an upright table 4: the block's name, an outcome or five values."""
    return (
        len(cells) > 1
        and _digits(cells[-1].text)
        and any(row_of("disputes", cell.text) for cell in cells[:3])
    )


def _disputes_line(reading: Reading, state: _State, table: Table, index: int, cells: list[Cell]) -> bool:
    """A row that names its block: with five values behind it, or with one outcome and one value."""
    labels = [cell.text for cell in cells if cell.text and not _valuelike(cell.text)]
    state.block = next((row for text in labels if (row := row_of("disputes", text))), state.block)
    values = cells[max(i for i, cell in enumerate(cells) if cell.text in labels) + 1 :] if labels else []
    outcome = next((column for text in labels if (column := column_of("disputes", text))), None)
    columns = (outcome,) if outcome else _OUTCOMES
    if not values or state.block is None or len(values) != len(columns):
        return False
    if outcome is None and not any(row_of("disputes", text) for text in labels):
        return False
    reading.versions["disputes"] = "v2"
    _assign(
        reading,
        [f"disputes.{state.block}.{column}" for column in columns],
        values,
        values,
        (table.index, index + 1),
    )
    return True


# --- cells to values ------------------------------------------------------------------------------


def _fit(cells: list[Cell], width: int, *, spans: bool = True) -> list[Cell] | None:
    """The value cells of a row, when it is certain which they are; else None.

    Args:
        cells: what stands behind the label.
        width: number of heads.
        spans: whether a span counts heads; in table 2 (v1) the drawn columns are finer than the heads.
    """
    count = len(cells)
    if count == width:
        return cells
    if count > width:
        first = next((i for i, cell in enumerate(cells) if cell.text), count)
        last = next((i for i in range(count, 0, -1) if cells[i - 1].text), 0)
        if last - first == width or first >= last:
            return cells[first:last] if first < last else cells[:width]
        if first == 0 and last < width:
            return cells[:width]
        return cells[count - width :] if last == count and first > count - width else None
    if cells and spans and sum(cell.colspan for cell in cells) == width:
        return list(_spread(cells))
    return None


def _spread(cells: list[Cell]) -> Iterator[Cell]:
    for cell in cells:
        if cell.colspan == 1:
            yield cell
        else:
            yield from (replace(_SPANNED, text=cell.text) for _ in range(cell.colspan))


def _assign(
    reading: Reading,
    names: Sequence[str | None],
    placed: Sequence[Cell] | None,
    printed: Sequence[Cell],
    row: tuple[int, int],
) -> None:
    """Parse the placed cells into the reading; without places every cell is null and says why."""
    kinds = cell_kinds()
    if placed is None:
        _leave_open(reading, [name for name in names if name], printed, (*row, 1))
        return
    columns = tables()["proactive"].columns
    for k, (name, cell) in enumerate(zip(names, placed, strict=True), 1):
        if name is None:
            if cell.text:
                reading.extra_rows.append(
                    ExtraRow(table=table_of(names), label=_row_label(names), values=[cell.text])
                )
            continue
        if cell.colspan < 0 and cell.text:
            value = Value(None, cell.text, "merged_span")
        else:
            unit = columns["amount_wanyuan"].unit if name.endswith(".amount_wanyuan") else None
            value = parse_value(cell.text, kinds[name], unit)
        if name in reading.values:
            reading.put(name, value)
        else:
            reading.values[name] = value
        if value.value is None or value.flags:
            reading.where[name] = (*row, k)


def _leave_open(
    reading: Reading, names: Sequence[str], printed: Sequence[Cell], where: tuple[int, int, int]
) -> None:
    """Note a row whose columns are unknown; no cell of it is read yet."""
    raw = " | ".join(cell.text for cell in printed)[:200]
    for name in names:
        reading.put(name, Value(None, raw, "ambiguous", ("positions_unknown",)))
        reading.where[name] = where
    parsed = [parse_value(cell.text, "decimal", None) for cell in printed]
    if len(printed) < len(names) and all(
        value.value is not None or value.status == "blank" for value in parsed
    ):
        row = names[0].rpartition(".")[0]
        reading.open_rows[row] = (tuple(names), tuple(cell.text for cell in printed))


def table_of(names: Sequence[str | None]) -> str:
    """Table that a row of cell names belongs to."""
    return next((name.split(".")[0] for name in names if name), "")


def _row_label(names: Sequence[str | None]) -> str:
    first = next((name for name in names if name), "")
    return first.partition(".")[2].rpartition(".")[0]


def _extra(table: str, label: str, cells: Sequence[Cell]) -> ExtraRow:
    return ExtraRow(table=table, label="".join(label.split()), values=[cell.text for cell in cells])
