/* Forms that are replaced by simpler ones, in place, when they are first evaluated. */
#include "rewrite.h"

/* A pair that counts as read where `form` was read. */
static value code(value form, value head, value tail) {
    value pair = new_cell(KIND_CODE, head, tail);
    positions[pair >> 2] = kind_of(form) == KIND_CODE ? positions[form >> 2] : 0;
    return pair;
}

static value code2(value form, value one, value two) {
    return code(form, one, code(form, two, NIL));
}

static void replace(value form, value head, value tail) {
    *cell_of(form) = (struct cell){ head, tail };
}

value element(value form, int index) {
    value at = form;
    for (; index > 0 && is_pair(at); index--) at = rest(at);
    if (!is_pair(at)) fail("this form is incomplete: ", first(form));
    return first(at);
}

void check_parameters(value parameters) {
    for (; is_pair(parameters); parameters = rest(parameters)) {
        if (kind_of(first(parameters)) != KIND_SYMBOL) fail("a parameter must be a symbol: ", first(parameters));
    }
    if (parameters != NIL && kind_of(parameters) != KIND_SYMBOL) fail("a parameter must be a symbol: ", parameters);
}

static int is_definition(value form) {
    if (!is_pair(form) || kind_of(first(form)) != KIND_SYMBOL) return 0;
    value global = rest(first(form));
    return is_keyword(global) && keyword_of(global) == DEFINE;
}

value procedure_of_definition(value form) {
    value head = element(form, 1);
    check_parameters(rest(head));
    return code(form, rest(head), rest(rest(form)));
}

/* (name value) for a letrec. */
static value binding_of_definition(value form) {
    value head = element(form, 1);
    if (!is_pair(head)) return code2(form, head, element(form, 2));
    return code2(form, first(head), code(form, symbol_of("lambda"), procedure_of_definition(form)));
}

void prepare_body(value form, value body) {
    if (!is_pair(body)) fail("this procedure has no body", UNBOUND);
    if (!is_definition(first(body))) return;
    value bindings = NIL, *link = &bindings, others = body;
    for (; is_pair(others) && is_definition(first(others)); others = rest(others)) {
        value pair = code(form, binding_of_definition(first(others)), NIL);
        *link = pair;
        link = &cell_of(pair)->second;
    }
    if (!is_pair(others)) fail("this body has only definitions", UNBOUND);
    replace(body, code(body, symbol_of("letrec"), code(body, bindings, others)), NIL);
}

/* Checks ((name value) ...) and gives the names, or the values, as a list. */
static value column(value form, value bindings, int index) {
    value list = NIL, *link = &list;
    for (; is_pair(bindings); bindings = rest(bindings)) {
        value binding = first(bindings);
        int sound = is_pair(binding) && kind_of(first(binding)) == KIND_SYMBOL && is_pair(rest(binding)) &&
                    rest(rest(binding)) == NIL;
        if (!sound) fail("expected (name value), got ", binding);
        value pair = code(binding, element(binding, index), NIL);
        *link = pair;
        link = &cell_of(pair)->second;
    }
    if (bindings != NIL) fail("this form is incomplete: ", first(form));
    return list;
}

static value lambda(value form, value parameters, value body) {
    return code(form, symbol_of("lambda"), code(form, parameters, body));
}

static void rewrite_let(value form) {
    value bindings = element(form, 1), body = rest(rest(form));
    if (kind_of(bindings) != KIND_SYMBOL) {
        replace(form, lambda(form, column(form, bindings, 0), body), column(form, bindings, 1));
        return;
    }
    value name = bindings;
    bindings = element(form, 2);
    value procedure = lambda(form, column(form, bindings, 0), rest(body));
    value letrec = code(form, symbol_of("letrec"), code2(form, code(form, code2(form, name, procedure), NIL), name));
    replace(form, letrec, column(form, bindings, 1));
}

static void rewrite_let_star(value form) {
    value bindings = element(form, 1), body = rest(rest(form));
    value let = symbol_of("let");
    if (!is_pair(bindings) || rest(bindings) == NIL) {
        replace(form, let, code(form, bindings, body));
        return;
    }
    value inner = code(form, first(form), code(form, rest(bindings), body));
    replace(form, let, code2(form, code(form, first(bindings), NIL), inner));
}

static void rewrite_letrec(value form) {
    value bindings = element(form, 1), body = rest(rest(form));
    value names = column(form, bindings, 0), unassigned = NIL;
    prepare_body(form, body);
    value sets = NIL, *link = &sets;
    for (; bindings != NIL; bindings = rest(bindings)) {
        value pair = code(form, code(first(bindings), symbol_of("set!"), first(bindings)), NIL);
        *link = pair;
        link = &cell_of(pair)->second;
        unassigned = code(form, UNASSIGNED, unassigned);
    }
    *link = body;
    replace(form, lambda(form, names, sets), unassigned);
}

static void rewrite_cond(value form) {
    value begin = symbol_of("begin");
    value clauses = rest(form);
    if (!is_pair(clauses)) {
        replace(form, begin, NIL);
        return;
    }
    value clause = first(clauses);
    if (!is_pair(clause)) fail("expected (test body ...), got ", clause);
    value test = first(clause), body = rest(clause);
    value others = code(form, code(form, first(form), rest(clauses)), NIL);
    if (test == symbol_of("else")) replace(form, begin, body);
    else if (!is_pair(body)) replace(form, symbol_of("or"), code(clause, test, others));
    else replace(form, symbol_of("if"), code(clause, test, code(clause, code(clause, begin, body), others)));
}

static void rewrite_when(value form, int wanted) {
    value test = element(form, 1);
    value body = code(form, symbol_of("begin"), rest(rest(form)));
    value branches = wanted ? code(form, body, NIL) : code2(form, UNSPECIFIED, body);
    replace(form, symbol_of("if"), code(form, test, branches));
}

void rewrite(value form, enum keyword keyword) {
    switch (keyword) {
    case LET: rewrite_let(form); break;
    case LET_STAR: rewrite_let_star(form); break;
    case LETREC: rewrite_letrec(form); break;
    case COND: rewrite_cond(form); break;
    case WHEN: rewrite_when(form, 1); break;
    default: rewrite_when(form, 0);
    }
}
