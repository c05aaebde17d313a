import type { Located, NameNode, ProcessNode, VariableNode, WildcardNode } from '../syntax/tree.ts';
import { boundTerm, freeTerm, MAXIMUM_DEPTH, nilTerm, TermDepthError, wildcardTerm } from '../term/build.ts';
import type { FreeTerm, Term, WildcardTerm } from '../term/term.ts';
import { mapVariables } from '../term/variables.ts';
import type { NormalizeErrorReason } from './normalize.ts';
import { Scope, type Pattern, type PatternVariable, type Sort } from './scope.ts';

/** One error before it has a line. */
export interface Problem {
  readonly reason: NormalizeErrorReason;
  readonly at: Located;
  readonly message: string;
  readonly hint: string | undefined;
}

/** Thrown when no more errors are wanted; never leaves this package. */
export class TooManyErrors extends Error {}

/** A pattern in normal form. */
export interface PatternList {
  readonly patterns: readonly Term[];
  readonly remainder: FreeTerm | WildcardTerm | undefined;
  readonly variables: readonly PatternVariable[];
}

/** Variables, patterns and errors: what the normalisation of names and of processes share. */
export abstract class NameNormalizer {
  readonly problems: Problem[] = [];
  /** Where the sends, receives and other processes of the result stand in the source. */
  readonly locations: Map<Term, Located> = new Map<Term, Located>();
  protected readonly scope: Scope = new Scope();
  /** The pattern that is being read, if any. */
  protected pattern: Pattern | undefined;
  #depth = 0;
  readonly #maximumErrors: number;

  constructor(maximumErrors: number) {
    this.#maximumErrors = maximumErrors;
  }

  abstract process(node: ProcessNode): Term;

  protected problem(reason: NormalizeErrorReason, at: Located, message: string, hint?: string): Term {
    this.problems.push({ reason, at: { start: at.start, end: at.end }, message, hint });
    if (this.problems.length >= this.#maximumErrors) throw new TooManyErrors('too many errors');
    return nilTerm();
  }

  /** Records that the program is nested too deeply. */
  tooDeep(at: Located): void {
    this.problems.push({
      reason: 'nesting-limit',
      at,
      message: `nesting: expected at most ${String(MAXIMUM_DEPTH)} levels after desugaring, got more`,
      hint: 'name the inner part with `contract`',
    });
  }

  /** Runs `work` one level deeper, so that recursion is bounded. */
  protected deeper<T>(work: () => T): T {
    this.#depth += 1;
    if (this.#depth > MAXIMUM_DEPTH) throw new TermDepthError();
    const result = work();
    this.#depth -= 1;
    return result;
  }

  /** Reads a name, in or out of a pattern. */
  protected name(node: NameNode): Term {
    switch (node.kind) {
      case 'name-variable':
        return this.variable(node, node.name, 'name');
      case 'name-wildcard':
        return this.wildcard(node);
      case 'quote':
        return this.process(node.process);
    }
  }

  /** Reads a use of a variable; in a pattern, a variable that is not bound inside the pattern is one of the pattern. */
  protected variable(at: Located, name: string, sort: Sort): Term {
    const level = this.scope.find(name);
    const { pattern } = this;
    if (pattern !== undefined && (level === undefined || level < pattern.base))
      return this.patternVariable(pattern, at, name, sort);
    return this.reference(at, name, sort);
  }

  /** Reads a variable that must be bound already. */
  protected reference(at: Located, name: string, sort: Sort): Term {
    const level = this.scope.find(name);
    if (level === undefined) {
      const similar = this.scope.similar(name);
      const hint =
        similar === undefined
          ? 'bind it with `new`, `for`, `contract`, `match` or `let`'
          : `did you mean \`${similar}\`?`;
      return this.problem('unbound-variable', at, `variable: \`${name}\` is not bound`, hint);
    }
    const own = this.scope.sortOf(level);
    if (own !== sort) {
      const hint = own === 'name' ? `the process is \`*${name}\`` : `the name is \`@${name}\``;
      return this.problem('wrong-sort', at, `variable: expected a ${sort}, got \`${name}\`, which is a ${own}`, hint);
    }
    return boundTerm(this.scope.indexOf(level));
  }

  private patternVariable(pattern: Pattern, at: Located, name: string, sort: Sort): Term {
    if (pattern.existential > 0) return wildcardTerm();
    if (pattern.names.has(name)) {
      const hint = `write \`=${sort === 'name' ? '*' : ''}${name}\` for the value of a variable that is bound outside`;
      return this.problem('bound-twice', at, `pattern: \`${name}\` is bound twice`, hint);
    }
    const placeholder = freeTerm(0);
    pattern.names.add(name);
    pattern.variables.push({ name, sort, placeholder, start: at.start, end: at.end });
    return placeholder;
  }

  protected wildcard(at: Located): Term {
    if (this.pattern !== undefined) return wildcardTerm();
    return this.outsidePattern(at, '`_`', 'give it a name to use it');
  }

  protected outsidePattern(at: Located, what: string, hint?: string): Term {
    return this.problem('pattern-outside-pattern', at, `pattern: ${what} stands outside a pattern`, hint);
  }

  /** Reads what stands after `...`, which is a pattern or an error. */
  protected remainder(node: VariableNode | WildcardNode | undefined): FreeTerm | WildcardTerm | undefined {
    if (node === undefined) return undefined;
    if (this.pattern === undefined) {
      this.outsidePattern(node, 'a remainder', 'join collections with `++`');
      return undefined;
    }
    const term = node.kind === 'wildcard' ? wildcardTerm() : this.variable(node, node.name, 'process');
    return term.kind === 'free' || term.kind === 'wildcard' ? term : undefined;
  }

  /** Reads something in a pattern of its own. */
  protected inPattern<T>(existential: boolean, read: (pattern: Pattern) => T): T {
    const outer = this.pattern;
    const pattern: Pattern = {
      base: this.scope.level,
      variables: [],
      names: new Set(),
      existential: existential ? 1 : 0,
    };
    this.pattern = pattern;
    const result = read(pattern);
    this.pattern = outer;
    return result;
  }

  /** Reads names as the patterns of one bind, after `leading` variables that desugaring adds. */
  protected patternList(
    names: readonly NameNode[],
    rest: VariableNode | WildcardNode | undefined,
    leading = 0,
  ): PatternList {
    return this.inPattern(false, (pattern) => {
      const patterns: Term[] = [];
      for (let index = 0; index < leading; index += 1) {
        const placeholder = freeTerm(0);
        pattern.variables.push({ name: undefined, sort: 'name', placeholder, start: 0, end: 0 });
        patterns.push(placeholder);
      }
      for (const name of names) patterns.push(this.name(name));
      return this.numbered(pattern, patterns, this.remainder(rest));
    });
  }

  /** Numbers the variables of a complete pattern in the order in which they stand after sorting. */
  protected numbered(pattern: Pattern, patterns: readonly Term[], remainder?: FreeTerm | WildcardTerm): PatternList {
    const variables: PatternVariable[] = [];
    const byPlaceholder = new Map(pattern.variables.map((one) => [one.placeholder, one] as const));
    const number = (placeholder: FreeTerm): FreeTerm => {
      const variable = byPlaceholder.get(placeholder);
      if (variable !== undefined) variables.push(variable);
      return freeTerm(variables.length - 1);
    };
    const numbered = patterns.map((one) => mapVariables(one, number));
    return { patterns: numbered, remainder: remainder?.kind === 'free' ? number(remainder) : remainder, variables };
  }

  /** Brings variables of patterns into scope, runs `body`, and takes them out again. */
  protected under<T>(variables: readonly PatternVariable[], body: () => T): T {
    const outer = this.pattern;
    for (const { name, sort } of variables) this.scope.enter(name, sort);
    const result = body();
    this.scope.leave(variables.length);
    this.pattern = outer;
    return result;
  }
}
