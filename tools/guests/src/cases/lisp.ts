import { utf8, type GuestCase } from './case.ts';

type Script = readonly [name: string, script: string, output: string];

const expressions: readonly Script[] = [
  ['nothing', '', ''],
  ['a comment', '; nothing here\n', ''],
  ['self-evaluating values', '5 -7 "a\\n\\"b\\\\" #t #f \'()', '5\n-7\n"a\\n\\"b\\\\"\n#t\n#f\n()\n'],
  ['quoted values', "'a '(1 (2 3) . x) (quote (a . (b . ())))", 'a\n(1 (2 3) . x)\n(a b)\n'],
  ['arithmetic', '(+) (*) (+ 1 2 3) (- 5) (- 9 2 3) (* 2 3 7)', '0\n1\n6\n-5\n4\n42\n'],
  [
    'division',
    '(quotient 17 5) (quotient -17 5) (remainder -17 5) (modulo -17 5) (modulo 17 -5) (modulo -15 5)',
    '3\n-3\n-2\n3\n-3\n0\n',
  ],
  [
    'integers of 64 bits',
    '(* 4294967296 2147483647) (- (* 3037000499 3037000499)) (+ 9223372036854775806 1) -9223372036854775808\n(quotient 9223372036854775807 10) (quotient -9223372036854775808 3) (remainder 9223372036854775807 1000000007) 1073741823 1073741824 -1073741824 -1073741825',
    '9223372032559808512\n-9223372030926249001\n9223372036854775807\n-9223372036854775808\n922337203685477580\n-3074457345618258602\n291172003\n1073741823\n1073741824\n-1073741824\n-1073741825\n',
  ],
  [
    'comparisons',
    '(= 1 1 1) (< 1 2 2) (<= 1 2 2) (> 3 2 1) (>= 3 3 4) (= 4294967296 4294967296)',
    '#t\n#f\n#t\n#t\n#f\n#t\n',
  ],
  [
    'lists',
    "(cons 1 2) (list 1 \"x\" 'y) (car '(1 2)) (cdr '(1 2)) (length '(a b c)) (append '(1) '() '(2 3) 4)",
    '(1 . 2)\n(1 "x" y)\n1\n(2)\n3\n(1 2 3 . 4)\n',
  ],
  [
    'library',
    "(reverse '(1 2 3)) (map (lambda (x) (* x x)) '(1 2 3)) (filter odd? '(1 2 3 4 5)) (fold-left - 10 '(1 2)) (fold-right cons '() '(1 2)) (list-ref '(a b c) 2) (member 2 '(1 2 3)) (assoc \"b\" '((\"a\" . 1) (\"b\" . 2))) (iota 4)",
    '(3 2 1)\n(1 4 9)\n(1 3 5)\n7\n(1 2)\nc\n(2 3)\n("b" . 2)\n(0 1 2 3)\n',
  ],
  [
    'predicates',
    "(null? '()) (pair? '(1)) (integer? 1) (string? \"\") (symbol? 'a) (boolean? #f) (procedure? car) (procedure? (lambda () 1)) (zero? 0) (even? 3) (not 0) (eq? 'a 'a) (eq? '(1) '(1)) (equal? '(1 (\"a\")) '(1 (\"a\")))",
    '#t\n#t\n#t\n#t\n#t\n#t\n#t\n#t\n#t\n#f\n#f\n#t\n#f\n#t\n',
  ],
  [
    'strings',
    '(string-append "ab" "" "cde") (string-length "hello") (substring "hello" 1 3) (substring "hello" 2) (string<? "ab" "b") (string=? "ab" "ab") (number->string -120) (string->number "-45") (string->number "4x") (symbol->string \'abc) (string->symbol "x y")',
    '"abcde"\n5\n"el"\n"llo"\n#t\n#t\n"-120"\n-45\n#f\n"abc"\nx y\n',
  ],
  [
    'output',
    '(display "a\\"b") (newline) (write "a\\"b") (newline) (display \'(1 "x") 2) (newline)',
    'a"b\n"a\\"b"\n(1 x)2\n',
  ],
  ['procedures print', "car (lambda (x) x) (list map 'map)", '#<builtin car>\n#<procedure>\n(#<procedure> map)\n'],
  [
    'conditions',
    "(if #f 1) (if '() 1 2) (cond (#f 1) ((= 1 1) 2 3) (else 4)) (cond (#f 1)) (cond (5)) (and) (and 1 2) (and 1 #f 2) (or) (or #f 3) (when #t 1 2) (unless #t 1)",
    '1\n3\n5\n#t\n2\n#f\n#f\n3\n2\n',
  ],
  [
    'definitions',
    '(define x 5) (define (double n) (* 2 n)) (double x) (set! x 6) x (define (pair . all) all) (pair 1 2) (define (first a . more) a) (first 1 2 3)',
    '10\n6\n(1 2)\n1\n',
  ],
  [
    'let',
    '(let ((a 1) (b 2)) (+ a b)) (let* ((a 1) (b (+ a 1))) (list a b)) (let () 5) (letrec ((even (lambda (n) (if (= n 0) #t (odd (- n 1))))) (odd (lambda (n) (if (= n 0) #f (even (- n 1)))))) (even 101))',
    '3\n(1 2)\n5\n#f\n',
  ],
  ['inner definitions', '(define (f x) (define y (* x 2)) (define (g z) (+ y z)) (g x)) (f 5) (f 6)', '15\n18\n'],
  [
    'closures keep their variables',
    '(define (counter) (let ((n 0)) (lambda () (set! n (+ n 1)) n)))\n(define a (counter)) (define b (counter))\n(a) (a) (b)',
    '1\n2\n1\n',
  ],
  ['apply', "(apply + '(1 2 3)) (apply list '()) (apply apply (list + '(4 5)))", '6\n()\n9\n'],
  ['a procedure in the place of an operator', '((lambda (x y) (- x y)) 5 3) ((if #t + -) 1 2)', '2\n3\n'],
];

const failures: readonly Script[] = [
  ['an unknown variable', '1\n(+ 1\n   foo)', '1\nerror at 2:1: no such variable: foo\n'],
  ['an unknown variable at the top', '  foo', 'error at 1:3: no such variable: foo\n'],
  [
    'the position is that of the innermost form',
    '(define (f x)\n  (+ 1\n     (car x)))\n(f 5)',
    'error at 3:6: expected a pair, got 5\n',
  ],
  [
    'the position of an error in the library is that of the innermost form of the program',
    "(list 1\n (map car '(1)))",
    'error at 1:1: expected a pair, got 1\n',
  ],
  [
    'the position after a call came back',
    '(define (f) 1)\n(define (g)\n  (f)\n  (if (f) bar 2))\n(g)',
    'error at 4:3: no such variable: bar\n',
  ],
  ['what cannot be called', '((car (list 5)) 1)', 'error at 1:1: this cannot be called: 5\n'],
  ['too few arguments', '((lambda (x y) x) 1)', 'error at 1:1: too few arguments\n'],
  ['too many arguments', '(car 1 2)', 'error at 1:1: too many arguments\n'],
  ['overflow of a sum', '(+ 9223372036854775807 1)', 'error at 1:1: the result needs more than 64 bits\n'],
  ['overflow of a product', '(* 4294967296 -2147483649)', 'error at 1:1: the result needs more than 64 bits\n'],
  [
    'overflow of a quotient',
    '(quotient -9223372036854775808 -1)',
    'error at 1:1: the result needs more than 64 bits\n',
  ],
  ['an integer that is too long', '9223372036854775808', 'error at 1:1: an integer of more than 64 bits\n'],
  ['division by zero', '(modulo 1 0)', 'error at 1:1: division by zero\n'],
  ['a wrong kind', '(+ 1 "2")', 'error at 1:1: expected an integer, got "2"\n'],
  ['a keyword as a value', '(list if)', 'error at 1:1: a keyword is not a value: if\n'],
  ['an incomplete form', '(if 1)', 'error at 1:1: this form is incomplete: if\n'],
  ['a wrong binding', '(let ((a)) a)', 'error at 1:1: expected (name value), got (a)\n'],
  ['use before definition', '(letrec ((a b) (b 1)) a)', 'error at 1:10: used before its definition: b\n'],
  ['set! of nothing', '(set! nope 1)', 'error at 1:1: no such variable: nope\n'],
  ['an error that the program raises', '(error "bad thing:" \'(1 "x") 2)', 'error at 1:1: bad thing: (1 "x") 2\n'],
  ['a list that does not end', '5 (1 (2)', '5\nerror at 1:3: this list does not end\n'],
  ['a bracket too many', '(list 1))', '(1)\nerror at 1:9: a bracket that closes nothing\n'],
  ['a string that does not end', '"abc', 'error at 1:1: this string does not end\n'],
  ['an unknown escape', '"a\\x"', 'error at 1:3: no such escape\n'],
  ['an unknown #', '#x', 'error at 1:1: only #t and #f begin with #\n'],
  ['nothing after a quote', "'", 'error at 1:2: a value is missing at the end\n'],
  ['1001 brackets', '('.repeat(1001), 'error at 1:1001: nested deeper than 1000 levels\n'],
];

const queens = `
(define (safe? row distance placed)
  (cond ((null? placed) #t)
        ((= (car placed) row) #f)
        ((= (abs (- (car placed) row)) distance) #f)
        (else (safe? row (+ distance 1) (cdr placed)))))
(define (count-queens size)
  (define (place placed row column)
    (cond ((= column size) 1)
          ((= row size) 0)
          (else (+ (if (safe? row 1 placed) (place (cons row placed) 0 (+ column 1)) 0)
                   (place placed (+ row 1) column)))))
  (place '() 0 0))
(count-queens 4)
(count-queens 6)
`;

const interpreter = `
; A Lisp of symbols, lambda and calls in itself.
(define (look-up name environment)
  (cond ((null? environment) (error "unbound" name))
        ((eq? name (caar environment)) (cdr (car environment)))
        (else (look-up name (cdr environment)))))
(define (evaluate form environment)
  (cond ((symbol? form) (look-up form environment))
        ((not (pair? form)) form)
        ((eq? (car form) 'lambda)
         (lambda (x) (evaluate (car (cddr form)) (cons (cons (car (cadr form)) x) environment))))
        ((eq? (car form) 'zero?)
         (if (zero? (evaluate (cadr form) environment))
             (evaluate (car (cddr form)) environment)
             (evaluate (cadr (cddr form)) environment)))
        (else ((evaluate (car form) environment) (evaluate (cadr form) environment)))))
(define globals
  (list (cons 'pred (lambda (n) (- n 1)))
        (cons 'times (lambda (a) (lambda (b) (* a b))))))
(define factorial
  '((lambda (f) (f f)) (lambda (f) (lambda (n) (zero? n 1 ((times n) ((f f) (pred n))))))))
((evaluate factorial globals) 20)
`;

const collection = `
(define (build n) (let loop ((i 0) (made '())) (if (= i n) made (loop (+ i 1) (cons (list i (number->string i)) made)))))
(define kept (build 1000))
(define (churn times) (if (= times 0) 'done (begin (build 500) (churn (- times 1)))))
(churn 20)
(length kept)
(car kept)
(fold-left (lambda (sum entry) (+ sum (car entry))) 0 kept)
`;

const heavy: readonly Script[] = [
  ['unbounded recursion', '(define (f n) (+ 1 (f n)))\n(f 0)', 'error at 1:20: the recursion is too deep\n'],

  ['queens', queens, '2\n4\n'],
  ['an interpreter in the interpreter', interpreter, '2432902008176640000\n'],
  ['garbage is collected', collection, 'done\n1000\n(999 "999")\n499500\n'],
  ['fibonacci', '(define (fib n) (if (< n 2) n (+ (fib (- n 1)) (fib (- n 2)))))\n(fib 17)', '1597\n'],
  [
    'calls in tail position need no room',
    '(define (loop n) (cond ((= n 0) "end") (#t (and #t (or #f (let ((m (- n 1))) (loop m)))))))\n(loop 9000)',
    '"end"\n',
  ],
  ['recursion of 20000 levels', '(define (count n) (if (= n 0) 0 (+ 1 (count (- n 1)))))\n(count 20000)', '20000\n'],
  [
    'a program that keeps everything runs out of memory',
    "(let loop ((list '(1 2 3))) (loop (append list list)))",
    'error at 1:35: out of memory\n',
  ],
];

/** Cases of the Lisp interpreter. */
export function lispCases(): GuestCase[] {
  const toCase = ([name, script, output]: Script, exitCode: number, weight: GuestCase['weight']): GuestCase => ({
    program: 'lisp',
    name,
    input: utf8(script),
    output: utf8(output),
    exitCode,
    weight,
  });
  return [
    ...expressions.map((script) => toCase(script, 0, 'light')),
    ...failures.map((script) => toCase(script, 1, 'light')),
    ...heavy.map((script) => toCase(script, script[2].startsWith('error') ? 1 : 0, 'heavy')),
  ];
}
