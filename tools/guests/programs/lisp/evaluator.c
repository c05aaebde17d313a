/*
 * Evaluates expressions with a stack of its own: calls in tail position take no room, and recursion ends in an error
 * message instead of a damaged machine stack.
 *
 * The stack holds frames of four words (what is left to do, the form, the environment, a tag) and, below a frame that
 * evaluates arguments, the values it has so far. An environment is a list of pairs (symbol . value).
 */
#include "lisp.h"
#include "rewrite.h"

enum { STACK_WORDS = 1 << 18, FRAME_WORDS = 4 };

enum frame { FRAME_END, FRAME_ARGUMENTS, FRAME_IF, FRAME_DEFINE, FRAME_SET, FRAME_SEQUENCE, FRAME_AND, FRAME_OR };

static value *stack;
static uint32_t top;
static uint32_t count; /* values above the last frame: a procedure and its arguments so far */
static value expression, environment, form, result;
static uint32_t top_level_position;

void mark_evaluator(void) {
    for (uint32_t i = 0; i < top; i++) mark(stack[i]);
    mark(expression);
    mark(environment);
    mark(form);
    mark(result);
}

static uint32_t position_of(value v) {
    return kind_of(v) == KIND_CODE ? positions[v >> 2] : 0;
}

/* The innermost form of the program (and not of the library) that is being evaluated. */
uint32_t current_position(void) {
    uint32_t position = position_of(form);
    for (uint32_t at = top - count; position == 0 && at >= FRAME_WORDS;) {
        uint32_t tag = stack[at - 1] >> 1;
        position = position_of(stack[at - 3]);
        at -= FRAME_WORDS + (tag >> 4);
    }
    return position != 0 ? position : top_level_position;
}

static void push(value v) {
    if (top == STACK_WORDS) {
        fail("the recursion is too deep", UNBOUND);
    }
    stack[top++] = v;
}

static void push_frame(enum frame frame, value left) {
    if (top > STACK_WORDS - FRAME_WORDS) fail("the recursion is too deep", UNBOUND);
    value *words = stack + top;
    words[0] = left;
    words[1] = form;
    words[2] = environment;
    words[3] = (count << 4 | frame) << 1 | 1;
    top += FRAME_WORDS;
    count = 0;
}

static value find_binding(value name) {
    for (value at = environment; at != NIL; at = rest(at)) {
        if (first(first(at)) == name) return first(at);
    }
    return NIL;
}

static value look_up(value name) {
    value binding = find_binding(name);
    value found = binding != NIL ? rest(binding) : rest(name);
    if ((found & 3) == 2) {
        if (found == UNBOUND) fail("no such variable: ", name);
        if (found == UNASSIGNED) fail("used before its definition: ", name);
        if (is_keyword(found)) fail("a keyword is not a value: ", name);
    }
    return found;
}

/* The value of what is neither a form nor needs a step of its own. */
static inline value atom(value v) {
    return kind_of(v) == KIND_SYMBOL ? look_up(v) : v;
}

static value new_procedure(value parameters_and_body) {
    prepare_body(form, rest(parameters_and_body));
    return new_cell(KIND_PROCEDURE, parameters_and_body, environment);
}

static void define_global(value name, value v) {
    if (kind_of(name) != KIND_SYMBOL) fail("only a symbol can be defined", UNBOUND);
    if (is_keyword(rest(name))) fail("a keyword cannot be defined: ", name);
    cell_of(name)->second = v;
}

static void assign(value name, value v) {
    value binding = find_binding(name);
    if (binding == NIL && (rest(name) == UNBOUND || is_keyword(rest(name)))) fail("no such variable: ", name);
    cell_of(binding != NIL ? binding : name)->second = v;
}

/* Puts the arguments above the procedure on the stack into an environment. */
static value bind(value procedure) {
    const value *arguments = stack + top - count + 1;
    uint32_t given = count - 1, used = 0;
    value bound = rest(procedure);
    value parameters = first(first(procedure));
    for (; is_pair(parameters); parameters = rest(parameters)) {
        if (used == given) fail("too few arguments", UNBOUND);
        bound = cons(cons(first(parameters), arguments[used++]), bound);
    }
    if (parameters == NIL) {
        if (used < given) fail("too many arguments", UNBOUND);
        return bound;
    }
    value others = NIL;
    while (given > used) others = cons(arguments[--given], others);
    return cons(cons(parameters, others), bound);
}

/* Replaces (apply f list) on the stack by f and the elements of the list. */
static void spread(void) {
    if (count != 3) fail("apply takes a procedure and a list", UNBOUND);
    value list = stack[--top];
    stack[top - 2] = stack[top - 1];
    top--;
    count = 1;
    for (; is_pair(list); list = rest(list), count++) push(first(list));
    if (list != NIL) fail("apply takes a procedure and a list", UNBOUND);
}

/* What a step of the loop below goes on with. */
enum next { EVALUATE, RETURN, SEQUENCE, ARGUMENTS };

static value left; /* of a sequence or of arguments */

/* Begins a form whose first element is a keyword. */
static enum next start_keyword(enum keyword keyword) {
    switch (keyword) {
    case QUOTE:
        result = element(form, 1);
        return RETURN;
    case IF:
        expression = element(form, 1);
        element(form, 2);
        push_frame(FRAME_IF, NIL);
        return EVALUATE;
    case DEFINE:
        if (environment != NIL) fail("define belongs to the top level or to the beginning of a body", UNBOUND);
        if (is_pair(element(form, 1))) {
            value head = element(form, 1);
            define_global(first(head), new_procedure(procedure_of_definition(form)));
            result = UNSPECIFIED;
            return RETURN;
        }
        expression = element(form, 2);
        push_frame(FRAME_DEFINE, NIL);
        return EVALUATE;
    case SET:
        if (kind_of(element(form, 1)) != KIND_SYMBOL) fail("only a symbol can be set", UNBOUND);
        expression = element(form, 2);
        push_frame(FRAME_SET, NIL);
        return EVALUATE;
    case LAMBDA:
        check_parameters(element(form, 1));
        result = new_procedure(rest(form));
        return RETURN;
    case BEGIN:
        left = rest(form);
        return SEQUENCE;
    case AND:
    case OR:
        left = rest(form);
        if (!is_pair(left)) {
            result = boolean(keyword == AND);
            return RETURN;
        }
        if (is_pair(rest(left))) push_frame(keyword == AND ? FRAME_AND : FRAME_OR, rest(left));
        expression = first(left);
        return EVALUATE;
    default:
        rewrite(form, keyword);
        expression = form;
        return EVALUATE;
    }
}

/* Calls the procedure on the stack with the arguments above it. */
static enum next call(void) {
    for (;;) {
        value procedure = stack[top - count];
        if (kind_of(procedure) == KIND_PROCEDURE) {
            environment = bind(procedure);
            left = rest(first(procedure));
            top -= count;
            count = 0;
            return SEQUENCE;
        }
        if (kind_of(procedure) != KIND_BUILTIN) fail("this cannot be called: ", procedure);
        if (first(procedure) != BUILTIN_APPLY) {
            result = call_builtin(first(procedure), stack + top - count + 1, count - 1);
            top -= count;
            count = 0;
            return RETURN;
        }
        spread();
    }
}

/* Evaluates arguments up to one that needs a frame, or calls. */
static enum next continue_arguments(void) {
    for (; is_pair(left); left = rest(left), count++) {
        value argument = first(left);
        if (is_pair(argument)) {
            push_frame(FRAME_ARGUMENTS, rest(left));
            expression = argument;
            return EVALUATE;
        }
        push(atom(argument));
    }
    if (left != NIL) fail("a dot in a call", UNBOUND);
    return call();
}

static enum next start_form(void) {
    form = expression;
    value operator = first(form);
    if (kind_of(operator) == KIND_SYMBOL && is_keyword(rest(operator))) return start_keyword(keyword_of(rest(operator)));
    left = form;
    return ARGUMENTS;
}

/* Gives the result to the frame on top. */
static enum next return_to(enum frame frame) {
    switch (frame) {
    case FRAME_ARGUMENTS:
        push(result);
        count++;
        return ARGUMENTS;
    case FRAME_IF: {
        value branches = rest(rest(form));
        if (result == FALSE) branches = rest(branches);
        if (!is_pair(branches)) {
            result = UNSPECIFIED;
            return RETURN;
        }
        expression = first(branches);
        return EVALUATE;
    }
    case FRAME_DEFINE:
        define_global(element(form, 1), result);
        result = UNSPECIFIED;
        return RETURN;
    case FRAME_SET:
        assign(element(form, 1), result);
        result = UNSPECIFIED;
        return RETURN;
    case FRAME_AND:
    case FRAME_OR:
        if ((result == FALSE) == (frame == FRAME_AND)) return RETURN;
        if (is_pair(rest(left))) push_frame(frame, rest(left));
        expression = first(left);
        return EVALUATE;
    default:
        return SEQUENCE;
    }
}

value evaluate(value program, uint32_t position) {
    if (stack == NULL) stack = allocate(STACK_WORDS * sizeof *stack);
    top_level_position = position;
    top = count = 0;
    form = result = NIL;
    environment = NIL;
    push_frame(FRAME_END, NIL);
    expression = program;
    for (enum next next = EVALUATE;;) {
        switch (next) {
        case EVALUATE:
            if (allocated >= collect_after) collect();
            if (is_pair(expression)) {
                next = start_form();
            } else {
                result = atom(expression);
                next = RETURN;
            }
            break;
        case SEQUENCE:
            if (!is_pair(left)) {
                result = UNSPECIFIED;
                next = RETURN;
                break;
            }
            form = left;
            if (is_pair(rest(left))) push_frame(FRAME_SEQUENCE, rest(left));
            expression = first(left);
            next = EVALUATE;
            break;
        case ARGUMENTS:
            next = continue_arguments();
            break;
        case RETURN: {
            top -= FRAME_WORDS;
            const value *words = stack + top;
            uint32_t tag = words[3] >> 1;
            left = words[0];
            form = words[1];
            environment = words[2];
            count = tag >> 4;
            if ((tag & 15) == FRAME_END) return result;
            next = return_to((enum frame)(tag & 15));
        }
        }
    }
}

_Noreturn void fail(const char *message, value about) {
    begin_error(current_position());
    write_text(message);
    if (about != UNBOUND) print(about, 1);
    end_error();
}
