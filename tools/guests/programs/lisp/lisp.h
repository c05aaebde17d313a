/*
 * A small Lisp: values and what the parts of the interpreter offer each other.
 *
 * A value is a 32-bit word on either machine, so that both print the same and run out of memory at the same point:
 * an odd word is an integer of 31 bits, a multiple of 4 is the index of a cell times 4, and the rest are constants.
 * A cell has two words and a kind.
 */
#ifndef COMMUTE_LISP_H
#define COMMUTE_LISP_H

#include "runtime.h"

typedef uint32_t value;

enum kind {
    KIND_FREE,
    KIND_PAIR,      /* first, rest */
    KIND_CODE,      /* a pair that was read from the program; its position is known */
    KIND_SYMBOL,    /* name, global value */
    KIND_STRING,    /* length in bytes as a raw word, chunks */
    KIND_CHUNK,     /* four bytes as a raw word, next chunk */
    KIND_INTEGER,   /* an integer of more than 31 bits as two raw words */
    KIND_PROCEDURE, /* (parameters . body), environment */
    KIND_BUILTIN,   /* index as a raw word, name */
};

#define CONSTANT(n) ((value)((n) << 2 | 2))
enum {
    NIL = 2,
    FALSE = 6,
    TRUE = 10,
    UNSPECIFIED = 14, /* what define and set! give; not printed */
    UNBOUND = 18,     /* the global value of a symbol that has none */
    UNASSIGNED = 22,  /* a variable whose definition has not been reached */
    FIRST_KEYWORD = 26,
};

/* Keywords are the global values of the symbols that name them. */
enum keyword {
    QUOTE, IF, DEFINE, SET, LAMBDA, BEGIN, LET, LET_STAR, LETREC, COND, AND, OR, WHEN, UNLESS, KEYWORD_COUNT,
};

/* The pseudo-builtin that applies a procedure to a list. */
enum { BUILTIN_APPLY = 0 };

/* heap.c */
struct cell {
    value first, second;
};
extern struct cell *cells;
extern uint8_t *kinds;
extern uint32_t *positions; /* of code cells: offset in the program plus 1, or 0 for the library */
extern uint32_t allocated;  /* cells since the last collection */
extern uint32_t collect_after;

static inline int is_cell(value v) { return (v & 3) == 0; }
static inline enum kind kind_of(value v) { return is_cell(v) ? (enum kind)kinds[v >> 2] : KIND_FREE; }
static inline struct cell *cell_of(value v) { return &cells[v >> 2]; }
static inline int is_pair(value v) { return kind_of(v) == KIND_PAIR || kind_of(v) == KIND_CODE; }
static inline value first(value pair) { return cell_of(pair)->first; }
static inline value rest(value pair) { return cell_of(pair)->second; }
static inline value boolean(int condition) { return condition ? TRUE : FALSE; }
static inline int is_keyword(value v) { return (v & 3) == 2 && v >= FIRST_KEYWORD; }
static inline enum keyword keyword_of(value v) { return (enum keyword)((v - FIRST_KEYWORD) >> 2); }

void start_heap_of_cells(void);
value new_cell(enum kind kind, value first, value second);
static inline value cons(value head, value tail) { return new_cell(KIND_PAIR, head, tail); }
void collect(void);

value integer(int64_t number);
int is_integer(value v);
int64_t integer_value(value v);

value new_string(const uint8_t *bytes, uint32_t length);
uint32_t string_length(value string);
value append_strings(const value *strings, uint32_t count);
value substring(value string, uint32_t start, uint32_t end);
int compare_strings(value left, value right);
void write_string(value string);
uint32_t copy_string(value string, uint8_t *to, uint32_t room); /* returns how many bytes it copied */
value symbol(const uint8_t *name, uint32_t length);
value symbol_of(const char *name);

/* Marks a value during a collection. Each part with values of its own marks them in a function that collect() calls. */
void mark(value v);
void mark_evaluator(void);

/* reader.c */
struct reader {
    const uint8_t *text;
    uint32_t length;
    uint32_t at;
    int is_library;
    uint32_t start; /* where the last value begins */
};
int read_value(struct reader *reader, value *result); /* 0 at the end */

/* printer.c */
void print(value v, int quoted);

/* evaluator.c: evaluates an expression of the top level; `position` is where it begins. */
value evaluate(value expression, uint32_t position);

/* builtins.c */
void define_builtins(void);
value call_builtin(uint32_t index, const value *arguments, uint32_t count);
const char *library_text(void);

/* main.c: begin_error() prints "error at LINE:COLUMN: ", the caller the rest; end_error() ends the line and the program. */
void begin_error(uint32_t position);
_Noreturn void end_error(void);
_Noreturn void fail_at(uint32_t position, const char *message);

/* evaluator.c: fails at the form that is being evaluated. `about` is printed after the message unless it is UNBOUND. */
uint32_t current_position(void);
_Noreturn void fail(const char *message, value about);

#endif
