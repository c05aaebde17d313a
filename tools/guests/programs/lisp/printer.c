/* Prints values as they are read; strings without quotes and escapes if `quoted` is 0. Pairs cannot be changed, so there are no cycles. */
#include "lisp.h"

enum { MAXIMUM_NESTING = 1000 };

static void print_quoted(value string) {
    uint8_t bytes[64];
    write_byte('"');
    uint32_t length = string_length(string);
    for (uint32_t done = 0; done < length; done += sizeof bytes) {
        uint32_t end = done + sizeof bytes < length ? done + (uint32_t)sizeof bytes : length;
        uint32_t count = copy_string(done == 0 && end == length ? string : substring(string, done, end), bytes, sizeof bytes);
        for (uint32_t i = 0; i < count; i++) {
            uint8_t byte = bytes[i];
            if (byte == '\n' || byte == '\t') {
                write_text(byte == '\n' ? "\\n" : "\\t");
                continue;
            }
            if (byte == '"' || byte == '\\') write_byte('\\');
            write_byte(byte);
        }
    }
    write_byte('"');
}

static void print_nested(value v, int quoted, uint32_t nesting);

static void print_list(value list, int quoted, uint32_t nesting) {
    if (nesting == MAXIMUM_NESTING) {
        write_text("...");
        return;
    }
    write_byte('(');
    print_nested(first(list), quoted, nesting + 1);
    for (list = rest(list); is_pair(list); list = rest(list)) {
        write_byte(' ');
        print_nested(first(list), quoted, nesting + 1);
    }
    if (list != NIL) {
        write_text(" . ");
        print_nested(list, quoted, nesting + 1);
    }
    write_byte(')');
}

static void print_nested(value v, int quoted, uint32_t nesting) {
    if (is_integer(v)) {
        write_signed(integer_value(v));
        return;
    }
    switch (kind_of(v)) {
    case KIND_PAIR: case KIND_CODE:
        print_list(v, quoted, nesting);
        return;
    case KIND_SYMBOL:
        write_string(first(v));
        return;
    case KIND_STRING:
        if (quoted) print_quoted(v);
        else write_string(v);
        return;
    case KIND_PROCEDURE:
        write_text("#<procedure>");
        return;
    case KIND_BUILTIN:
        write_text("#<builtin ");
        write_string(first(rest(v)));
        write_byte('>');
        return;
    default:
        write_text(v == NIL ? "()" : v == TRUE ? "#t" : v == FALSE ? "#f" : is_keyword(v) ? "#<keyword>" : "#<unspecified>");
    }
}

void print(value v, int quoted) {
    print_nested(v, quoted, 0);
}
