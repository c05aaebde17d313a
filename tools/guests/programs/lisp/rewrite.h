/* Forms that are replaced by simpler ones, in place, when they are first evaluated. */
#ifndef COMMUTE_LISP_REWRITE_H
#define COMMUTE_LISP_REWRITE_H

#include "lisp.h"

/* The element with this index; fails if the form has fewer. */
value element(value form, int index);

/* Fails unless a parameter list consists of symbols, possibly with a dot before the last, or is one symbol. */
void check_parameters(value parameters);

/* Turns definitions at the beginning of a body into a letrec around the rest. `form` is where errors are reported. */
void prepare_body(value form, value body);

/* (parameters . body) of (define (name . parameters) . body). */
value procedure_of_definition(value form);

/* Rewrites LET, LET_STAR, LETREC, COND, WHEN and UNLESS. */
void rewrite(value form, enum keyword keyword);

#endif
