/*
 * Runs a program in a small Lisp: prints the value of each expression of the top level on a line of its own, except
 * where there is none to speak of (define, set!, display). The first error ends the run with exit code 1.
 */
#include "lisp.h"

static struct reader reader;

void begin_error(uint32_t position) {
    uint32_t line = 1, column = 1;
    for (uint32_t i = 0; i + 1 < position; i++) {
        column++;
        if (reader.text[i] == '\n') {
            line++;
            column = 1;
        }
    }
    write_text("error at ");
    write_unsigned(line);
    write_byte(':');
    write_unsigned(column);
    write_text(": ");
}

_Noreturn void end_error(void) {
    write_byte('\n');
    leave(EXIT_REJECTED);
}

_Noreturn void fail_at(uint32_t position, const char *message) {
    begin_error(position);
    write_text(message);
    end_error();
}

static void define_keywords(void) {
    static const char *const names[KEYWORD_COUNT] = {
        "quote", "if", "define", "set!", "lambda", "begin", "let", "let*", "letrec", "cond", "and", "or", "when", "unless",
    };
    for (uint32_t i = 0; i < KEYWORD_COUNT; i++) cell_of(symbol_of(names[i]))->second = FIRST_KEYWORD + 4 * i;
}

static void load_library(void) {
    struct reader library = { (const uint8_t *)library_text(), (uint32_t)strlen(library_text()), 0, 1, 0 };
    value expression;
    while (read_value(&library, &expression)) evaluate(expression, 0);
}

int main(void) {
    start_heap_of_cells();
    define_keywords();
    define_builtins();
    load_library();
    struct input input = read_all();
    reader = (struct reader){ input.bytes, (uint32_t)input.length, 0, 0, 0 };
    value expression;
    while (read_value(&reader, &expression)) {
        value result = evaluate(expression, reader.start + 1);
        if (result == UNSPECIFIED) continue;
        print(result, 1);
        write_byte('\n');
    }
    return EXIT_DONE;
}
