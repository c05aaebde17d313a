/*
 * Cells and their collection (mark and sweep), and what is made of cells: integers, strings, symbols.
 *
 * Collections happen between two steps of the evaluator only, so no function has to protect the values it holds; half of
 * what is free is left for the cells that one step makes. The arrays have their full size from the start; memory that is not
 * touched costs nothing.
 */
#include "lisp.h"

enum { MAXIMUM_CELLS = 1 << 20, FIRST_COLLECTION = 1 << 15, SYMBOL_BUCKETS = 256, MARKED = 0x80 };

struct cell *cells;
uint8_t *kinds;
uint32_t *positions;
uint32_t allocated;
uint32_t collect_after = FIRST_COLLECTION;

static uint32_t used = 1; /* cells from here on have never been used; cell 0 stays free */
static uint32_t free_list;
static value *pending;
static uint32_t pending_count;
static value symbols[SYMBOL_BUCKETS];

void start_heap_of_cells(void) {
    cells = allocate(MAXIMUM_CELLS * sizeof *cells);
    kinds = allocate(MAXIMUM_CELLS * sizeof *kinds);
    positions = allocate(MAXIMUM_CELLS * sizeof *positions);
    pending = allocate(MAXIMUM_CELLS * sizeof *pending);
    for (int i = 0; i < SYMBOL_BUCKETS; i++) symbols[i] = NIL;
}

value new_cell(enum kind kind, value first, value second) {
    uint32_t index = free_list;
    if (index != 0) {
        free_list = cells[index].first;
    } else {
        if (used == MAXIMUM_CELLS) fail("out of memory", UNBOUND);
        index = used++;
    }
    allocated++;
    cells[index] = (struct cell){ first, second };
    kinds[index] = (uint8_t)kind;
    return index << 2;
}

static void mark_later(value v) {
    if (!is_cell(v) || (kinds[v >> 2] & MARKED)) return;
    kinds[v >> 2] |= MARKED;
    pending[pending_count++] = v;
}

void mark(value v) {
    mark_later(v);
    while (pending_count > 0) {
        value next = pending[--pending_count];
        const struct cell *cell = cell_of(next);
        value links[2] = { NIL, cell->second };
        switch (kinds[next >> 2] & ~MARKED) {
        case KIND_INTEGER: continue;
        case KIND_STRING: case KIND_CHUNK: case KIND_BUILTIN: break;
        default: links[0] = cell->first;
        }
        mark_later(links[0]);
        mark_later(links[1]);
    }
}

void collect(void) {
    for (int i = 0; i < SYMBOL_BUCKETS; i++) mark(symbols[i]);
    mark_evaluator();
    uint32_t live = 0;
    free_list = 0;
    for (uint32_t index = used - 1; index > 0; index--) {
        if (kinds[index] & MARKED) {
            kinds[index] &= (uint8_t)~MARKED;
            live++;
        } else {
            kinds[index] = KIND_FREE;
            cells[index].first = free_list;
            free_list = index;
        }
    }
    allocated = 0;
    collect_after = live > FIRST_COLLECTION ? live : FIRST_COLLECTION;
    uint32_t left = MAXIMUM_CELLS - live;
    if (left < MAXIMUM_CELLS / 16) fail("out of memory", UNBOUND); /* or collections would take all the time */
    if (collect_after > left / 2) collect_after = left / 2;
}

value integer(int64_t number) {
    if (number >= -0x40000000 && number < 0x40000000) return (value)((uint32_t)number << 1 | 1);
    return new_cell(KIND_INTEGER, (value)number, (value)((uint64_t)number >> 32));
}

int is_integer(value v) {
    return (v & 1) != 0 || kind_of(v) == KIND_INTEGER;
}

int64_t integer_value(value v) {
    if (v & 1) return (int32_t)v >> 1;
    return (int64_t)((uint64_t)rest(v) << 32 | first(v));
}

value new_string(const uint8_t *bytes, uint32_t length) {
    value string = new_cell(KIND_STRING, length, NIL);
    value *link = &cell_of(string)->second;
    for (uint32_t i = 0; i < length; i += 4) {
        uint32_t word = 0;
        for (uint32_t j = 0; j < 4 && i + j < length; j++) word |= (uint32_t)bytes[i + j] << (8 * j);
        value chunk = new_cell(KIND_CHUNK, word, NIL);
        *link = chunk;
        link = &cell_of(chunk)->second;
    }
    return string;
}

uint32_t string_length(value string) {
    return first(string);
}

/* Reads the bytes of a string one by one. */
struct cursor {
    value chunk;
    uint32_t word, at, length;
};

static struct cursor cursor_of(value string) {
    return (struct cursor){ rest(string), 0, 0, first(string) };
}

static int next_byte(struct cursor *cursor) {
    if (cursor->at == cursor->length) return -1;
    if ((cursor->at & 3) == 0) {
        cursor->word = first(cursor->chunk);
        cursor->chunk = rest(cursor->chunk);
    }
    int byte = cursor->word & 255;
    cursor->word >>= 8;
    cursor->at++;
    return byte;
}

/* Builds a string byte by byte. */
struct builder {
    value string, *link;
    uint32_t word;
};

static void add_chunk(struct builder *builder) {
    value chunk = new_cell(KIND_CHUNK, builder->word, NIL);
    *builder->link = chunk;
    builder->link = &cell_of(chunk)->second;
    builder->word = 0;
}

static struct builder start_string(void) {
    value string = new_cell(KIND_STRING, 0, NIL);
    return (struct builder){ string, &cell_of(string)->second, 0 };
}

static void add_byte(struct builder *builder, int byte) {
    value *length = &cell_of(builder->string)->first;
    builder->word |= (uint32_t)byte << (8 * (*length & 3));
    if ((++*length & 3) == 0) add_chunk(builder);
}

static value end_string(struct builder *builder) {
    if ((string_length(builder->string) & 3) != 0) add_chunk(builder);
    return builder->string;
}

value append_strings(const value *strings, uint32_t count) {
    struct builder builder = start_string();
    for (uint32_t i = 0; i < count; i++) {
        struct cursor cursor = cursor_of(strings[i]);
        for (int byte; (byte = next_byte(&cursor)) >= 0;) add_byte(&builder, byte);
    }
    return end_string(&builder);
}

value substring(value string, uint32_t start, uint32_t end) {
    struct builder builder = start_string();
    struct cursor cursor = cursor_of(string);
    for (uint32_t i = 0; i < end; i++) {
        int byte = next_byte(&cursor);
        if (i >= start) add_byte(&builder, byte);
    }
    return end_string(&builder);
}

int compare_strings(value left, value right) {
    struct cursor a = cursor_of(left), b = cursor_of(right);
    for (;;) {
        int x = next_byte(&a), y = next_byte(&b);
        if (x != y) return x < y ? -1 : 1;
        if (x < 0) return 0;
    }
}

void write_string(value string) {
    struct cursor cursor = cursor_of(string);
    for (int byte; (byte = next_byte(&cursor)) >= 0;) write_byte((uint8_t)byte);
}

uint32_t copy_string(value string, uint8_t *to, uint32_t room) {
    struct cursor cursor = cursor_of(string);
    uint32_t length = 0;
    for (int byte; length < room && (byte = next_byte(&cursor)) >= 0;) to[length++] = (uint8_t)byte;
    return length;
}

value symbol(const uint8_t *name, uint32_t length) {
    value string = new_string(name, length);
    uint32_t hash = length;
    for (uint32_t i = 0; i < length; i++) hash = (hash << 5 | hash >> 27) ^ name[i];
    value *bucket = &symbols[(hash ^ hash >> 8 ^ hash >> 16) & (SYMBOL_BUCKETS - 1)];
    for (value link = *bucket; link != NIL; link = rest(link)) {
        if (compare_strings(first(first(link)), string) == 0) return first(link);
    }
    value found = new_cell(KIND_SYMBOL, string, UNBOUND);
    *bucket = cons(found, *bucket);
    return found;
}

value symbol_of(const char *name) {
    return symbol((const uint8_t *)name, (uint32_t)strlen(name));
}
