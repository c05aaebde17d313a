/* The procedures that every program has. */
#include "lisp.h"

enum { ANY = 255, MAXIMUM_NESTING = 10000 };

typedef value function(const value *arguments, uint32_t count);

static int64_t number(value v) {
    if (!is_integer(v)) fail("expected an integer, got ", v);
    return integer_value(v);
}

static value string(value v) {
    if (kind_of(v) != KIND_STRING) fail("expected a string, got ", v);
    return v;
}

static value pair(value v) {
    if (!is_pair(v)) fail("expected a pair, got ", v);
    return v;
}

static _Noreturn void overflow(void) {
    fail("the result needs more than 64 bits", UNBOUND);
}

static int64_t sum(int64_t a, int64_t b) {
    uint64_t result = (uint64_t)a + (uint64_t)b;
    if ((int64_t)(((uint64_t)a ^ result) & ((uint64_t)b ^ result)) < 0) overflow();
    return (int64_t)result;
}

static int64_t difference(int64_t a, int64_t b) {
    uint64_t result = (uint64_t)a - (uint64_t)b;
    if ((int64_t)(((uint64_t)a ^ (uint64_t)b) & ((uint64_t)a ^ result)) < 0) overflow();
    return (int64_t)result;
}

static int64_t product(int64_t a, int64_t b) {
    uint64_t result = (uint64_t)a * (uint64_t)b;
    if (a == (int32_t)a && b == (int32_t)b) return (int64_t)result;
    if (a == 0 || b == 0) return 0;
    if (a == -1 || b == -1) {
        if ((a == -1 ? b : a) == INT64_MIN) overflow();
    } else if ((int64_t)result / b != a) {
        overflow();
    }
    return (int64_t)result;
}

static value add(const value *arguments, uint32_t count) {
    int64_t result = 0;
    for (uint32_t i = 0; i < count; i++) result = sum(result, number(arguments[i]));
    return integer(result);
}

static value subtract(const value *arguments, uint32_t count) {
    int64_t result = number(arguments[0]);
    if (count == 1) return integer(difference(0, result));
    for (uint32_t i = 1; i < count; i++) result = difference(result, number(arguments[i]));
    return integer(result);
}

static value multiply(const value *arguments, uint32_t count) {
    int64_t result = 1;
    for (uint32_t i = 0; i < count; i++) result = product(result, number(arguments[i]));
    return integer(result);
}

static int64_t divisor(value v) {
    int64_t result = number(v);
    if (result == 0) fail("division by zero", UNBOUND);
    return result;
}

static value quotient(const value *arguments, uint32_t count) {
    (void)count;
    int64_t a = number(arguments[0]), b = divisor(arguments[1]);
    if (b == -1) return integer(difference(0, a));
    if (a == (int32_t)a && b == (int32_t)b) return integer((int32_t)a / (int32_t)b);
    return integer(a / b);
}

static int64_t remainder_of(int64_t a, int64_t b) {
    if (b == -1) return 0;
    if (a == (int32_t)a && b == (int32_t)b) return (int32_t)a % (int32_t)b;
    return a % b;
}

static value remainder(const value *arguments, uint32_t count) {
    (void)count;
    return integer(remainder_of(number(arguments[0]), divisor(arguments[1])));
}

/* The sign of the divisor. */
static value modulo(const value *arguments, uint32_t count) {
    (void)count;
    int64_t b = divisor(arguments[1]);
    int64_t result = remainder_of(number(arguments[0]), b);
    return integer(result != 0 && (result < 0) != (b < 0) ? result + b : result);
}

static value equal_numbers(const value *arguments, uint32_t count) {
    int holds = 1;
    for (uint32_t i = 0; i + 1 < count; i++) holds &= number(arguments[i]) == number(arguments[i + 1]);
    return boolean(holds);
}

static value less(const value *arguments, uint32_t count) {
    int holds = 1;
    for (uint32_t i = 0; i + 1 < count; i++) holds &= number(arguments[i]) < number(arguments[i + 1]);
    return boolean(holds);
}

static value greater(const value *arguments, uint32_t count) {
    int holds = 1;
    for (uint32_t i = 0; i + 1 < count; i++) holds &= number(arguments[i]) > number(arguments[i + 1]);
    return boolean(holds);
}

static value at_most(const value *arguments, uint32_t count) {
    int holds = 1;
    for (uint32_t i = 0; i + 1 < count; i++) holds &= number(arguments[i]) <= number(arguments[i + 1]);
    return boolean(holds);
}

static value at_least(const value *arguments, uint32_t count) {
    int holds = 1;
    for (uint32_t i = 0; i + 1 < count; i++) holds &= number(arguments[i]) >= number(arguments[i + 1]);
    return boolean(holds);
}

static value make_pair(const value *arguments, uint32_t count) {
    (void)count;
    return cons(arguments[0], arguments[1]);
}

static value first_of(const value *arguments, uint32_t count) {
    (void)count;
    return first(pair(arguments[0]));
}

static value rest_of(const value *arguments, uint32_t count) {
    (void)count;
    return rest(pair(arguments[0]));
}

static value list(const value *arguments, uint32_t count) {
    value result = NIL;
    while (count > 0) result = cons(arguments[--count], result);
    return result;
}

static value length(const value *arguments, uint32_t count) {
    (void)count;
    int64_t result = 0;
    value at = arguments[0];
    for (; is_pair(at); at = rest(at)) result++;
    if (at != NIL) fail("expected a list, got ", arguments[0]);
    return integer(result);
}

/* Copies all lists but the last. */
static value append(const value *arguments, uint32_t count) {
    value result = NIL, *link = &result;
    for (uint32_t i = 0; i < count; i++) {
        if (i + 1 == count) {
            *link = arguments[i];
            break;
        }
        value at = arguments[i];
        for (; is_pair(at); at = rest(at)) {
            value copy = cons(first(at), NIL);
            *link = copy;
            link = &cell_of(copy)->second;
        }
        if (at != NIL) fail("expected a list, got ", arguments[i]);
    }
    return result;
}

static value reverse(const value *arguments, uint32_t count) {
    (void)count;
    value result = NIL, at = arguments[0];
    for (; is_pair(at); at = rest(at)) result = cons(first(at), result);
    if (at != NIL) fail("expected a list, got ", arguments[0]);
    return result;
}

static int same(value a, value b) {
    return a == b || (is_integer(a) && is_integer(b) && integer_value(a) == integer_value(b));
}

static int equal_nested(value a, value b, uint32_t nesting) {
    if (nesting == MAXIMUM_NESTING) fail("nested too deeply for equal?", UNBOUND);
    for (; is_pair(a) && is_pair(b); a = rest(a), b = rest(b)) {
        if (!equal_nested(first(a), first(b), nesting + 1)) return 0;
    }
    if (kind_of(a) == KIND_STRING && kind_of(b) == KIND_STRING) return compare_strings(a, b) == 0;
    return same(a, b);
}

static value is_same(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(same(arguments[0], arguments[1]));
}

static value is_equal(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(equal_nested(arguments[0], arguments[1], 0));
}

static value not(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(arguments[0] == FALSE);
}

static value is_null(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(arguments[0] == NIL);
}

static value is_a_pair(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(is_pair(arguments[0]));
}

static value is_an_integer(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(is_integer(arguments[0]));
}

static value is_string(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(kind_of(arguments[0]) == KIND_STRING);
}

static value is_symbol(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(kind_of(arguments[0]) == KIND_SYMBOL);
}

static value is_boolean(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(arguments[0] == TRUE || arguments[0] == FALSE);
}

static value is_procedure(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(kind_of(arguments[0]) == KIND_PROCEDURE || kind_of(arguments[0]) == KIND_BUILTIN);
}

static value length_of_string(const value *arguments, uint32_t count) {
    (void)count;
    return integer(string_length(string(arguments[0])));
}

static value join_strings(const value *arguments, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) string(arguments[i]);
    return append_strings(arguments, count);
}

static value part_of_string(const value *arguments, uint32_t count) {
    int64_t size = string_length(string(arguments[0]));
    int64_t start = number(arguments[1]), end = count == 3 ? number(arguments[2]) : size;
    if (start < 0 || end < start || end > size) fail("no such part of ", arguments[0]);
    return substring(arguments[0], (uint32_t)start, (uint32_t)end);
}

static value string_is_less(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(compare_strings(string(arguments[0]), string(arguments[1])) < 0);
}

static value string_is_equal(const value *arguments, uint32_t count) {
    (void)count;
    return boolean(compare_strings(string(arguments[0]), string(arguments[1])) == 0);
}

static value number_to_string(const value *arguments, uint32_t count) {
    (void)count;
    int64_t whole = number(arguments[0]);
    uint64_t left = whole < 0 ? 0 - (uint64_t)whole : (uint64_t)whole;
    uint8_t digits[20];
    uint32_t at = sizeof digits;
    do {
        digits[--at] = (uint8_t)('0' + left % 10);
        left /= 10;
    } while (left != 0);
    if (whole < 0) digits[--at] = '-';
    return new_string(digits + at, (uint32_t)sizeof digits - at);
}

/* #f if the string is no integer of 64 bits. */
static value string_to_number(const value *arguments, uint32_t count) {
    (void)count;
    uint8_t bytes[24];
    uint32_t size = copy_string(string(arguments[0]), bytes, sizeof bytes), at = size > 0 && bytes[0] == '-';
    if (at == size || size > 20) return FALSE;
    uint64_t magnitude = 0, limit = (uint64_t)INT64_MAX + at;
    uint32_t negative = at;
    for (; at < size; at++) {
        if (bytes[at] < '0' || bytes[at] > '9' || magnitude > INT64_MAX / 10) return FALSE;
        magnitude = magnitude * 10 + (uint64_t)(bytes[at] - '0');
        if (magnitude > limit) return FALSE;
    }
    return integer((int64_t)(negative ? 0 - magnitude : magnitude));
}

static value symbol_to_string(const value *arguments, uint32_t count) {
    (void)count;
    if (kind_of(arguments[0]) != KIND_SYMBOL) fail("expected a symbol, got ", arguments[0]);
    return first(arguments[0]);
}

static value string_to_symbol(const value *arguments, uint32_t count) {
    (void)count;
    uint8_t bytes[256];
    if (string_length(string(arguments[0])) > sizeof bytes) fail("a symbol of more than 256 bytes", UNBOUND);
    return symbol(bytes, copy_string(arguments[0], bytes, sizeof bytes));
}

static value display(const value *arguments, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) print(arguments[i], 0);
    return UNSPECIFIED;
}

static value write(const value *arguments, uint32_t count) {
    (void)count;
    print(arguments[0], 1);
    return UNSPECIFIED;
}

static value newline(const value *arguments, uint32_t count) {
    (void)arguments;
    (void)count;
    write_byte('\n');
    return UNSPECIFIED;
}

static value raise_error(const value *arguments, uint32_t count) {
    begin_error(current_position());
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0) write_byte(' ');
        print(arguments[i], i > 0);
    }
    end_error();
}

static const struct builtin {
    const char *name;
    function *call;
    uint8_t minimum, maximum; /* number of arguments */
} builtins[] = {
    [BUILTIN_APPLY] = { "apply", NULL, 2, 2 },
    { "+", add, 0, ANY },
    { "-", subtract, 1, ANY },
    { "*", multiply, 0, ANY },
    { "quotient", quotient, 2, 2 },
    { "remainder", remainder, 2, 2 },
    { "modulo", modulo, 2, 2 },
    { "=", equal_numbers, 1, ANY },
    { "<", less, 1, ANY },
    { ">", greater, 1, ANY },
    { "<=", at_most, 1, ANY },
    { ">=", at_least, 1, ANY },
    { "cons", make_pair, 2, 2 },
    { "car", first_of, 1, 1 },
    { "cdr", rest_of, 1, 1 },
    { "list", list, 0, ANY },
    { "length", length, 1, 1 },
    { "append", append, 0, ANY },
    { "reverse", reverse, 1, 1 },
    { "eq?", is_same, 2, 2 },
    { "equal?", is_equal, 2, 2 },
    { "not", not, 1, 1 },
    { "null?", is_null, 1, 1 },
    { "pair?", is_a_pair, 1, 1 },
    { "integer?", is_an_integer, 1, 1 },
    { "string?", is_string, 1, 1 },
    { "symbol?", is_symbol, 1, 1 },
    { "boolean?", is_boolean, 1, 1 },
    { "procedure?", is_procedure, 1, 1 },
    { "string-length", length_of_string, 1, 1 },
    { "string-append", join_strings, 0, ANY },
    { "substring", part_of_string, 2, 3 },
    { "string<?", string_is_less, 2, 2 },
    { "string=?", string_is_equal, 2, 2 },
    { "number->string", number_to_string, 1, 1 },
    { "string->number", string_to_number, 1, 1 },
    { "symbol->string", symbol_to_string, 1, 1 },
    { "string->symbol", string_to_symbol, 1, 1 },
    { "display", display, 0, ANY },
    { "write", write, 1, 1 },
    { "newline", newline, 0, 0 },
    { "error", raise_error, 1, ANY },
};

void define_builtins(void) {
    for (uint32_t i = 0; i < sizeof builtins / sizeof *builtins; i++) {
        value name = symbol_of(builtins[i].name);
        cell_of(name)->second = new_cell(KIND_BUILTIN, i, cons(first(name), NIL));
    }
}

value call_builtin(uint32_t index, const value *arguments, uint32_t count) {
    const struct builtin *builtin = &builtins[index];
    if (count < builtin->minimum) fail("too few arguments", UNBOUND);
    if (count > builtin->maximum && builtin->maximum != ANY) fail("too many arguments", UNBOUND);
    return builtin->call(arguments, count);
}

const char *library_text(void) {
    return "(define (map f list) (let loop ((left list) (done '()))"
           "  (if (null? left) (reverse done) (loop (cdr left) (cons (f (car left)) done)))))"
           "(define (filter keep? list) (let loop ((left list) (done '()))"
           "  (cond ((null? left) (reverse done))"
           "        ((keep? (car left)) (loop (cdr left) (cons (car left) done)))"
           "        (else (loop (cdr left) done)))))"
           "(define (for-each f list) (unless (null? list) (f (car list)) (for-each f (cdr list))))"
           "(define (fold-left f start list)"
           "  (if (null? list) start (fold-left f (f start (car list)) (cdr list))))"
           "(define (fold-right f start list) (fold-left (lambda (a b) (f b a)) start (reverse list)))"
           "(define (list-tail list n) (if (= n 0) list (list-tail (cdr list) (- n 1))))"
           "(define (list-ref list n) (car (list-tail list n)))"
           "(define (member x list)"
           "  (cond ((null? list) #f) ((equal? x (car list)) list) (else (member x (cdr list)))))"
           "(define (assoc x list)"
           "  (cond ((null? list) #f) ((equal? x (car (car list))) (car list)) (else (assoc x (cdr list)))))"
           "(define (iota n) (let loop ((n n) (done '())) (if (= n 0) done (loop (- n 1) (cons (- n 1) done)))))"
           "(define (zero? n) (= n 0))"
           "(define (even? n) (= (remainder n 2) 0))"
           "(define (odd? n) (not (even? n)))"
           "(define (abs n) (if (< n 0) (- n) n))"
           "(define (max a b) (if (< a b) b a))"
           "(define (min a b) (if (< b a) b a))"
           "(define (cadr list) (car (cdr list)))"
           "(define (cddr list) (cdr (cdr list)))"
           "(define (caar list) (car (car list)))";
}
