/*
 * Tells whether the input is a JSON text in UTF-8 (RFC 8259): prints "valid", or "invalid at byte N: reason" where N
 * counts from 0 and is the first byte that no JSON text has there after the bytes before it, or the length of an input
 * that ends too early. Nothing is kept but the kinds of the open brackets.
 */
#include "runtime.h"

enum { MAXIMUM_DEPTH = 100000, END = -1 };

static int byte; /* the next byte, or END */
static uint64_t position; /* of `byte` */

static void advance(void) {
    byte = read_byte();
    position++;
}

static _Noreturn void reject(const char *reason) {
    write_text("invalid at byte ");
    write_unsigned(position);
    write_text(": ");
    write_text(byte == END ? "the input ends too early" : reason);
    write_byte('\n');
    leave(EXIT_REJECTED);
}

static void skip_blanks(void) {
    while (byte == ' ' || byte == '\t' || byte == '\n' || byte == '\r') advance();
}

static int is_digit(void) {
    return byte >= '0' && byte <= '9';
}

static void read_digits(void) {
    if (!is_digit()) reject("expected a digit");
    while (is_digit()) advance();
}

static void read_json_number(void) {
    if (byte == '-') advance();
    if (byte == '0') advance();
    else read_digits();
    if (byte == '.') {
        advance();
        read_digits();
    }
    if (byte == 'e' || byte == 'E') {
        advance();
        if (byte == '+' || byte == '-') advance();
        read_digits();
    }
}

static void read_literal(const char *rest) {
    for (advance(); *rest != 0; rest++, advance()) {
        if (byte != *rest) reject("expected true, false or null");
    }
}

static void read_escape(void) {
    advance();
    switch (byte) {
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
        advance();
        return;
    case 'u':
        advance();
        for (int i = 0; i < 4; i++, advance()) {
            int hexadecimal = is_digit() || (byte >= 'a' && byte <= 'f') || (byte >= 'A' && byte <= 'F');
            if (!hexadecimal) reject("expected a hexadecimal digit");
        }
        return;
    default:
        reject("no such escape");
    }
}

/* A character of two to four bytes: no overlong form, no surrogate, nothing above U+10FFFF (RFC 3629, section 4). */
static void read_character(void) {
    int first = byte, low = 0x80, high = 0xbf, more;
    if (first >= 0xc2 && first <= 0xdf) more = 1;
    else if (first >= 0xe0 && first <= 0xef) more = 2;
    else if (first >= 0xf0 && first <= 0xf4) more = 3;
    else reject("not UTF-8");
    if (first == 0xe0) low = 0xa0;
    if (first == 0xed) high = 0x9f;
    if (first == 0xf0) low = 0x90;
    if (first == 0xf4) high = 0x8f;
    for (advance(); more > 0; more--, advance()) {
        if (byte < low || byte > high) reject("not UTF-8");
        low = 0x80;
        high = 0xbf;
    }
}

static void read_string(void) {
    advance();
    while (byte != '"') {
        if (byte == '\\') read_escape();
        else if (byte >= 0x80) read_character();
        else if (byte < 0x20) reject("a control character in a string must be escaped");
        else advance();
    }
    advance();
}

static uint32_t open_objects[(MAXIMUM_DEPTH + 31) / 32]; /* one bit per open bracket, set for an object */
static uint32_t depth;

static void open_bracket(int is_object) {
    if (depth == MAXIMUM_DEPTH) reject("nested deeper than 100000 levels");
    uint32_t bit = UINT32_C(1) << (depth & 31);
    if (is_object) open_objects[depth >> 5] |= bit;
    else open_objects[depth >> 5] &= ~bit;
    depth++;
    advance();
    skip_blanks();
}

static int in_object(void) {
    return open_objects[(depth - 1) >> 5] >> ((depth - 1) & 31) & 1;
}

static void read_name(const char *otherwise) {
    if (byte != '"') reject(otherwise);
    read_string();
    skip_blanks();
    if (byte != ':') reject("expected a colon");
    advance();
    skip_blanks();
}

/*
 * Reads a value up to the point where it is complete or an element is due in a bracket that it opens. Returns whether it
 * is complete. `may_close` says that the bracket around it was opened just now.
 */
static int start_value(int may_close) {
    switch (byte) {
    case '{':
        open_bracket(1);
        if (byte == '}') return 1;
        read_name("expected a name in quotes or }");
        return 0;
    case '[':
        open_bracket(0);
        return byte == ']';
    case '"': read_string(); return 1;
    case 't': read_literal("rue"); return 1;
    case 'f': read_literal("alse"); return 1;
    case 'n': read_literal("ull"); return 1;
    default:
        if (byte != '-' && !is_digit()) reject(may_close ? "expected a value or ]" : "expected a value");
        read_json_number();
        return 1;
    }
}

static int closes(void) {
    return byte == (in_object() ? '}' : ']');
}

int main(void) {
    byte = read_byte();
    skip_blanks();
    for (int may_close = 0;;) {
        uint32_t before = depth;
        int complete = start_value(may_close);
        if (!complete) {
            may_close = !in_object();
            continue;
        }
        if (depth == before) skip_blanks();
        while (depth > 0 && closes()) {
            depth--;
            advance();
            skip_blanks();
        }
        if (depth == 0) break;
        if (byte != ',') reject(in_object() ? "expected a comma or }" : "expected a comma or ]");
        advance();
        skip_blanks();
        may_close = 0;
        if (in_object()) read_name("expected a name in quotes");
    }
    if (byte != END) reject("expected the end of the input");
    write_text("valid\n");
    return EXIT_DONE;
}
