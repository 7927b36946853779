// A table that is edited like a spreadsheet. The server keeps the values and the page keeps the focus: an edit is
// shown and sent at once, and what the server makes of it comes back into the cells that nobody is editing.
const OPEN = new WeakMap();
const MOVES = { Enter: [1, 0], ArrowDown: [1, 0], ArrowUp: [-1, 0], ArrowLeft: [0, -1], ArrowRight: [0, 1] };
const KEYBOARDS = { text: 'text', whole: 'numeric', number: 'decimal' };

export default function ({ data, parentElement, setStateValue }) {
  if (!OPEN.has(parentElement)) OPEN.set(parentElement, new Grid(parentElement));
  const grid = OPEN.get(parentElement);
  grid.send = (edits) => setStateValue('edits', edits);
  grid.show(data);
  return () => grid.closed.abort();
}

function made(tag, attributes, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.append(...children);
  return element;
}

function say(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

// The value that a text states as people write numbers, or what is wrong with it.
function read(text, column) {
  const told = text.trim();
  if (column.kind === 'text') return { value: told.slice(0, column.most) };
  if (!told) return column.optional ? { value: null } : { problem: 'A number is needed here.' };
  if (column.kind === 'choice') {
    const value = column.options.find((option) => option.toLowerCase() === told.toLowerCase());
    return value ? { value } : { problem: `One of these is needed here: ${column.options.join(', ')}.` };
  }
  const plain = told
    .replace(/\s|[%×]$/g, '')
    .replace(/^[\u2212\u2013]/, '-')
    .replace(/^\((.+)\)$/, '-$1');
  const value = Number(plain.replaceAll(',', ''));
  if (!/^[+-]?(\d{1,3}(,\d{3})+|\d+|(?=\.\d))(\.\d*)?$/.test(plain) || !Number.isFinite(value))
    return { problem: `“${told.slice(0, 40)}” is no number. Write it like 12.5 or 1,234.5.` };
  if (column.kind === 'whole' && !(Number.isInteger(value) && value >= column.least && value <= column.most))
    return { problem: `A whole number from ${column.least} to ${column.most} is needed here.` };
  return { value };
}

// As it is edited: whole. As it is shown beside others: to the digits of its column.
const whole = ({ value }) => (value === null ? '' : String(value));
function rounded({ value, column }) {
  if (value === null) return column.editable ? '' : column.placeholder;
  if (column.kind !== 'number') return String(value);
  const digits = { minimumFractionDigits: column.digits, maximumFractionDigits: column.digits };
  return value.toLocaleString('en-US', digits).replace('-', '\u2212');
}

// Its text is marked, so that the next key replaces it; a choice has none.
const mark = ({ input }) => input.select?.();

class Grid {
  serial = 0;
  pending = []; // edits without the server's answer
  rows = [];
  cells = new WeakMap(); // each cell by its input
  closed = new AbortController();

  constructor(parent) {
    this.table = made('table', {});
    this.message = made('div', { class: 'vx-grid-message', role: 'alert', popover: 'manual' });
    parent.append(made('div', { class: 'vx-grid' }, this.table, this.message));
    const moving = { capture: true, passive: true, signal: this.closed.signal };
    document.addEventListener('scroll', () => this.tell(''), moving);
    for (const kind of ['keydown', 'focusin', 'focusout', 'input', 'click', 'paste']) {
      this.table.addEventListener(kind, (event) => {
        const cell = this.cells.get(event.target);
        if (cell) this[kind](event, cell);
      });
    }
  }

  // --- what the server says ---

  show(data) {
    const focused = this.cells.get(document.activeElement);
    this.build(data);
    this.serial = Math.max(this.serial, data.heard);
    this.pending = this.pending.filter((edit) => edit.serial > data.heard);
    const waiting = new Set(this.pending.map((edit) => `${edit.row} ${edit.column}`));
    data.rows.forEach(([heading, values], row) => {
      const { head, cells } = this.rows[row];
      say(head, heading);
      for (const cell of cells) {
        if (!waiting.has(`${row} ${cell.column.name}`)) cell.value = values[cell.place];
        if (cell.input) cell.input.ariaLabel = `${heading}, ${cell.column.heading}`;
        this.paint(cell);
      }
    });
    if (focused && !focused.input.isConnected) this.go(focused.row, focused.place);
  }

  // Columns that change draw the table anew; rows come and go at its end, so that typing goes on beside them.
  build({ label, columns, corner, rows }) {
    const shape = JSON.stringify(columns);
    if (shape !== this.shape) {
      const heads = columns.map((column) => made('th', { scope: 'col', class: column.kind }, column.heading));
      this.body = made('tbody', {});
      const head = made('tr', {}, made('th', { scope: 'col' }, corner), ...heads);
      this.table.replaceChildren(made('thead', {}, head), this.body);
      this.rows = [];
      Object.assign(this, { shape, columns });
    }
    this.table.ariaLabel = label;
    while (this.rows.length < rows.length) this.addRow(this.rows.length);
    while (this.rows.length > rows.length) this.rows.pop().line.remove();
  }

  addRow(row) {
    const head = made('th', { scope: 'row' });
    const cells = this.columns.map((column, place) => this.cell(row, place, column));
    const line = made('tr', {}, head, ...cells.map(({ td }) => td));
    this.rows.push({ head, cells, line });
    this.body.append(line);
  }

  cell(row, place, column) {
    const cell = { row, place, column, value: null, changed: false, td: made('td', { class: column.kind }) };
    if (!column.editable) return cell;
    if (column.kind === 'choice') cell.input = this.choice(column);
    else cell.input = made('input', {
      inputmode: KEYBOARDS[column.kind],
      placeholder: column.placeholder,
      enterkeyhint: 'next',
      autocomplete: 'off',
      spellcheck: 'false',
      style: `min-width: calc(${Math.max(column.placeholder.length, 8)}ch + 1.2rem)`,
    });
    cell.td.append(cell.input);
    this.cells.set(cell.input, cell);
    return cell;
  }

  choice({ optional, options }) {
    const empty = optional ? [''] : [];
    return made('select', {}, ...[...empty, ...options].map((option) => made('option', { value: option }, option)));
  }

  paint(cell) {
    if (!cell.input) say(cell.td, rounded(cell));
    else if (!cell.changed) {
      const focused = cell.input === document.activeElement;
      const text = focused ? whole(cell) : rounded(cell);
      if (cell.input.value === text) return;
      cell.input.value = text;
      if (focused) mark(cell);
    }
  }

  // --- what a person does; `changed` is a cell whose text is not its value's ---

  focusin(_, cell) {
    this.fresh = cell;
    this.rest(cell);
    if (cell.problem) this.tell(cell.problem, cell);
  }

  // All of the cell is selected, and the arrows leave it: until somebody wants to move within its text.
  rest(cell) {
    this.caret = false;
    this.paint(cell);
    mark(cell);
  }

  click(_, cell) {
    if (this.fresh === cell) mark(cell);
    else this.caret = true;
    this.fresh = null;
  }

  input(_, cell) {
    cell.changed = cell.input.value !== whole(cell);
    this.accept(cell);
    if (cell.column.kind === 'choice') this.commit(cell);
  }

  focusout(_, cell) {
    this.commit(cell);
    this.tell('');
    this.paint(cell);
  }

  keydown(event, cell) {
    const { key, shiftKey: back, ctrlKey, metaKey, altKey } = event;
    if (event.isComposing || altKey) return;
    if (ctrlKey || metaKey) {
      if (cell.changed && /^[zy]$/i.test(key)) event.stopPropagation(); // the text's own undo, not the page's
    } else if (key === 'Escape' && (cell.changed || this.caret)) {
      event.stopPropagation();
      cell.changed = false;
      this.accept(cell);
      this.rest(cell);
    } else if (cell.column.kind === 'choice' && key !== 'Tab' && key !== 'Enter') {
      return; // the arrows and letters choose
    } else if (key === 'F2') {
      this.caret = true;
      cell.input.setSelectionRange(cell.input.value.length, cell.input.value.length);
    } else if (key === 'Delete' && !cell.changed && !this.caret) {
      event.preventDefault();
      cell.input.value = '';
      this.input(event, cell);
      this.commit(cell);
    } else if (key === 'Tab') {
      if (!this.commit(cell)) event.preventDefault();
    } else if (MOVES[key]) {
      const [down, right] = MOVES[key];
      if (right && (cell.changed || this.caret || back)) return;
      event.preventDefault();
      if (this.commit(cell)) this.move(cell, key === 'Enter' && back ? -1 : down, right);
    }
  }

  paste(event, cell) {
    const block = event.clipboardData.getData('text/plain').replace(/\r\n?/g, '\n').replace(/\n$/, '');
    if (!/[\t\n]/.test(block)) return;
    event.preventDefault();
    const stated = [];
    let left = 0;
    for (const [down, line] of block.split('\n').entries()) {
      for (const [right, text] of line.split('\t').entries()) {
        const target = this.rows[cell.row + down]?.cells[cell.place + right];
        if (target?.input) stated.push({ cell: target, ...read(text, target.column) });
        else left += 1;
      }
    }
    const refused = stated.find(({ problem }) => problem);
    if (refused) this.tell(`Nothing was pasted. ${refused.cell.input.ariaLabel}: ${refused.problem}`, cell);
    else this.state(stated);
    if (!refused && left) this.tell(`${left} of the pasted cells found no place and were left out.`, cell);
  }

  // False where the text cannot be read: it stays as it is, and nothing is sent.
  commit(cell) {
    if (!cell.changed) return true;
    const { value, problem } = read(cell.input.value, cell.column);
    if (problem) {
      cell.problem = problem;
      cell.input.ariaInvalid = 'true';
      this.tell(problem, cell);
      return false;
    }
    this.state([{ cell, value }]);
    return true;
  }

  state(stated) {
    const before = this.serial;
    for (const { cell, value } of stated) {
      this.accept(cell);
      if (value !== cell.value) {
        this.pending.push({ serial: ++this.serial, row: cell.row, column: cell.column.name, value });
      }
      Object.assign(cell, { value, changed: false });
      this.paint(cell);
    }
    if (this.serial !== before) this.send(this.pending);
  }

  // --- focus and refusals ---

  move({ row, place }, down, right) {
    do {
      row += down;
      place += right;
    } while (this.rows[row]?.cells[place] && !this.rows[row].cells[place].input);
    if (this.rows[row]?.cells[place]) this.go(row, place);
    else this.rest(this.cells.get(document.activeElement));
  }

  go(row, place) {
    const { cells } = this.rows[Math.min(row, this.rows.length - 1)];
    cells[Math.min(place, cells.length - 1)].input?.focus();
  }

  accept(cell) {
    cell.problem = '';
    cell.input.ariaInvalid = null;
    this.tell('');
  }

  tell(text, cell) {
    if (text === this.message.textContent) return;
    this.message.textContent = text;
    this.message.togglePopover(Boolean(text));
    if (!text) return;
    const { left, bottom } = cell.td.getBoundingClientRect();
    this.message.style.left = `${Math.max(8, Math.min(left, innerWidth - this.message.offsetWidth - 8))}px`;
    this.message.style.top = `${bottom + 2}px`;
  }
}
