/* Reads values from text: lists with an optional dotted end, integers, strings, symbols, #t, #f, 'x, and comments. */
#include "lisp.h"

enum { MAXIMUM_NESTING = 1000, MAXIMUM_STRING = 65536 };

static uint8_t text_buffer[MAXIMUM_STRING];

static _Noreturn void reject(const struct reader *reader, uint32_t at, const char *message) {
    fail_at(reader->is_library ? 0 : at + 1, message);
}

static void skip_blanks(struct reader *reader) {
    while (reader->at < reader->length) {
        uint8_t byte = reader->text[reader->at];
        if (byte == ';') {
            while (reader->at < reader->length && reader->text[reader->at] != '\n') reader->at++;
        } else if (byte == ' ' || byte == '\n' || byte == '\t' || byte == '\r') {
            reader->at++;
        } else {
            return;
        }
    }
}

static int ends_symbol(uint8_t byte) {
    return byte <= ' ' || byte == '(' || byte == ')' || byte == '"' || byte == ';' || byte == '\'';
}

static value read_string(struct reader *reader) {
    uint32_t start = reader->at++, length = 0;
    for (;;) {
        if (reader->at == reader->length) reject(reader, start, "this string does not end");
        uint8_t byte = reader->text[reader->at++];
        if (byte == '"') return new_string(text_buffer, length);
        if (byte == '\\') {
            if (reader->at == reader->length) reject(reader, start, "this string does not end");
            byte = reader->text[reader->at++];
            if (byte == 'n') byte = '\n';
            else if (byte == 't') byte = '\t';
            else if (byte != '"' && byte != '\\') reject(reader, reader->at - 2, "no such escape");
        }
        if (length == MAXIMUM_STRING) reject(reader, start, "a string of more than 65536 bytes");
        text_buffer[length++] = byte;
    }
}

/* The integer that the bytes denote, if they are digits with an optional sign. */
static int parse_integer(const struct reader *reader, uint32_t start, int64_t *number) {
    const uint8_t *at = reader->text + start, *end = reader->text + reader->at;
    int negative = *at == '-';
    if ((negative || *at == '+') && at + 1 < end) at++;
    uint64_t magnitude = 0, limit = (uint64_t)INT64_MAX + (uint64_t)negative;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9') return 0;
        uint64_t digit = (uint64_t)(*at - '0');
        if (magnitude > INT64_MAX / 10 || magnitude * 10 > limit - digit) reject(reader, start, "an integer of more than 64 bits");
        magnitude = magnitude * 10 + digit;
    }
    *number = (int64_t)(negative ? 0 - magnitude : magnitude);
    return 1;
}

static value read_atom(struct reader *reader) {
    uint32_t start = reader->at;
    while (reader->at < reader->length && !ends_symbol(reader->text[reader->at])) reader->at++;
    const uint8_t *text = reader->text + start;
    uint32_t length = reader->at - start;
    if (length == 0) reject(reader, start, "a byte that begins nothing");
    if (length == 2 && text[0] == '#' && (text[1] == 't' || text[1] == 'f')) return boolean(text[1] == 't');
    if (text[0] == '#') reject(reader, start, "only #t and #f begin with #");
    int64_t number;
    if (parse_integer(reader, start, &number)) return integer(number);
    if (length == 1 && text[0] == '.') reject(reader, start, "a dot belongs before the last element of a list");
    return symbol(text, length);
}

static value read_nested(struct reader *reader, uint32_t nesting);

static value code_pair(const struct reader *reader, uint32_t at, value head) {
    value pair = new_cell(KIND_CODE, head, NIL);
    positions[pair >> 2] = reader->is_library ? 0 : at + 1;
    return pair;
}

static int at_lone_dot(const struct reader *reader) {
    return reader->text[reader->at] == '.' &&
           (reader->at + 1 == reader->length || ends_symbol(reader->text[reader->at + 1]));
}

/* The position of a list is that of its bracket; the position of each further pair is that of its element. */
static value read_list(struct reader *reader, uint32_t nesting) {
    uint32_t start = reader->at++;
    value list = NIL;
    value *link = &list;
    uint32_t element = start;
    for (;;) {
        skip_blanks(reader);
        if (reader->at == reader->length) reject(reader, start, "this list does not end");
        if (reader->text[reader->at] == ')') break;
        if (list != NIL && at_lone_dot(reader)) {
            reader->at++;
            *link = read_nested(reader, nesting);
            skip_blanks(reader);
            if (reader->at == reader->length) reject(reader, start, "this list does not end");
            if (reader->text[reader->at] != ')') reject(reader, reader->at, "one element belongs after a dot");
            break;
        }
        if (list != NIL) element = reader->at;
        value head = read_nested(reader, nesting);
        value pair = code_pair(reader, element, head);
        *link = pair;
        link = &cell_of(pair)->second;
    }
    reader->at++;
    return list;
}

static value read_nested(struct reader *reader, uint32_t nesting) {
    skip_blanks(reader);
    if (reader->at == reader->length) reject(reader, reader->at, "a value is missing at the end");
    if (nesting == MAXIMUM_NESTING) reject(reader, reader->at, "nested deeper than 1000 levels");
    uint32_t start = reader->at;
    switch (reader->text[start]) {
    case '(': return read_list(reader, nesting + 1);
    case ')': reject(reader, start, "a bracket that closes nothing");
    case '"': return read_string(reader);
    case '\'': {
        reader->at++;
        value quoted = read_nested(reader, nesting + 1);
        value list = code_pair(reader, start, symbol_of("quote"));
        cell_of(list)->second = code_pair(reader, start + 1, quoted);
        return list;
    }
    default: return read_atom(reader);
    }
}

int read_value(struct reader *reader, value *result) {
    skip_blanks(reader);
    if (reader->at == reader->length) return 0;
    reader->start = reader->at;
    *result = read_nested(reader, 0);
    return 1;
}
