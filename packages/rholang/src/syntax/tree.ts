/**
 * The syntax tree of Rholang 1.1, as the parser builds it and the printer reads it.
 *
 * Every node is a plain object with a `kind` and the half-open range `[start, end)` of the source it came
 * from, in UTF-16 code units. Braces and parentheses that only group leave no node behind: the printer puts
 * back the ones that precedence asks for. Parallel composition is flat: a `par` has at least two parts.
 *
 * @module
 */

/** The half-open range of source text, in UTF-16 code units, that a node was read from. */
export interface Located {
  /** Offset of the first code unit. */
  readonly start: number;
  /** Offset after the last code unit. */
  readonly end: number;
}

/** `Nil`, the process that does nothing. */
export interface NilNode extends Located {
  readonly kind: 'nil';
}

/** `P | Q | …`, at least two parts. A part that was braced may be a `par` itself. */
export interface ParNode extends Located {
  readonly kind: 'par';
  readonly parts: readonly ProcessNode[];
}

/** `x!(P, …)`, or `x!!(P, …)` when `persistent`. */
export interface SendNode extends Located {
  readonly kind: 'send';
  readonly channel: NameNode;
  readonly persistent: boolean;
  readonly data: readonly ProcessNode[];
}

/** `x!?(P, …).` or `x!?(P, …); Q`: a send that waits for the answer before `continuation`. */
export interface SynchronousSendNode extends Located {
  readonly kind: 'synchronous-send';
  readonly channel: NameNode;
  readonly data: readonly ProcessNode[];
  /** Absent for the form that ends with a full stop. */
  readonly continuation: ProcessNode | undefined;
}

/** Where one bind takes its message from. */
export type SourceNode = NameSourceNode | ReceiveSendSourceNode | SendReceiveSourceNode;

/** `x`, the channel itself. */
export interface NameSourceNode extends Located {
  readonly kind: 'name-source';
  readonly name: NameNode;
}

/** `x?!`: the message carries a return channel that is answered with an empty message. */
export interface ReceiveSendSourceNode extends Located {
  readonly kind: 'receive-send-source';
  readonly name: NameNode;
}

/** `x!?(P, …)`: sends with a fresh return channel and takes the message from that channel. */
export interface SendReceiveSourceNode extends Located {
  readonly kind: 'send-receive-source';
  readonly name: NameNode;
  readonly data: readonly ProcessNode[];
}

/** `<-` takes the message once, `<=` stays, `<<-` reads without taking. */
export type BindMode = 'linear' | 'repeated' | 'peek';

/** `x, @y ...@rest <- source`. */
export interface BindNode extends Located {
  readonly kind: 'bind';
  readonly names: readonly NameNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
  readonly mode: BindMode;
  readonly source: SourceNode;
}

/** Binds joined by `&`, that is taken together or not at all, under one optional `where` guard. */
export interface ReceiptNode extends Located {
  readonly kind: 'receipt';
  readonly binds: readonly BindNode[];
  readonly guard: ProcessNode | undefined;
}

/** `for (receipt; …) { body }`. Receipts separated by `;` are taken one after the other. */
export interface ReceiveNode extends Located {
  readonly kind: 'receive';
  readonly receipts: readonly ReceiptNode[];
  readonly body: ProcessNode;
}

/** `contract x(y, … ...@rest) = { body }`. */
export interface ContractNode extends Located {
  readonly kind: 'contract';
  readonly name: NameNode;
  readonly formals: readonly NameNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
  readonly body: ProcessNode;
}

/** One name of a `new`, with the URI it is bound to if there is one. */
export interface NameDeclarationNode extends Located {
  readonly kind: 'name-declaration';
  readonly name: string;
  readonly uri: string | undefined;
}

/** ``new x, y(`rho:…`) in body``. */
export interface NewNode extends Located {
  readonly kind: 'new';
  readonly declarations: readonly NameDeclarationNode[];
  readonly body: ProcessNode;
}

/** What a bundle lets its holder do. */
export type BundleMode = 'read-write' | 'read' | 'write' | 'none';

/** `bundle{P}`, `bundle-{P}` (read), `bundle+{P}` (write), `bundle0{P}` (none). */
export interface BundleNode extends Located {
  readonly kind: 'bundle';
  readonly mode: BundleMode;
  readonly body: ProcessNode;
}

/** `pattern where guard => body`. */
export interface CaseNode extends Located {
  readonly kind: 'case';
  readonly pattern: ProcessNode;
  readonly guard: ProcessNode | undefined;
  readonly body: ProcessNode;
}

/** `match target { case … }`. */
export interface MatchNode extends Located {
  readonly kind: 'match';
  readonly target: ProcessNode;
  readonly cases: readonly CaseNode[];
}

/** `receipt; … => body` inside a `select`. */
export interface BranchNode extends Located {
  readonly kind: 'branch';
  readonly receipts: readonly ReceiptNode[];
  readonly body: ProcessNode;
}

/** `select { branch … }`: the first branch whose messages are there wins. */
export interface SelectNode extends Located {
  readonly kind: 'select';
  readonly branches: readonly BranchNode[];
}

/** `if (condition) then else otherwise`. */
export interface IfNode extends Located {
  readonly kind: 'if';
  readonly condition: ProcessNode;
  readonly then: ProcessNode;
  readonly otherwise: ProcessNode | undefined;
}

/** `x, y ...@rest <- P, Q` inside a `let`. */
export interface LetDeclarationNode extends Located {
  readonly kind: 'let-declaration';
  readonly names: readonly NameNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
  readonly values: readonly ProcessNode[];
}

/** `let d; d in body` (one after the other) or `let d & d in body` (at once). */
export interface LetNode extends Located {
  readonly kind: 'let';
  readonly mode: 'sequential' | 'concurrent';
  readonly declarations: readonly LetDeclarationNode[];
  readonly body: ProcessNode;
}

/** A process variable. */
export interface VariableNode extends Located {
  readonly kind: 'variable';
  readonly name: string;
}

/** `_` in process position. */
export interface WildcardNode extends Located {
  readonly kind: 'wildcard';
}

/** `*x`, the process quoted by a name. */
export interface EvaluationNode extends Located {
  readonly kind: 'evaluation';
  readonly name: NameNode;
}

/** `=x` or `=*x` in a pattern: the value that `x` already has. */
export interface VariableReferenceNode extends Located {
  readonly kind: 'variable-reference';
  readonly of: 'process' | 'name';
  readonly name: string;
}

/** `true` or `false`. */
export interface BooleanNode extends Located {
  readonly kind: 'boolean';
  readonly value: boolean;
}

/** A 64-bit signed integer. */
export interface IntegerNode extends Located {
  readonly kind: 'integer';
  readonly value: bigint;
}

/** `123n`, or `BigInt(123)`: an integer of any size. */
export interface BigIntegerNode extends Located {
  readonly kind: 'big-integer';
  readonly value: bigint;
}

/** A string literal, escapes resolved. */
export interface StringNode extends Located {
  readonly kind: 'string';
  readonly value: string;
}

/** `` `rho:io:stdout` ``. */
export interface UriNode extends Located {
  readonly kind: 'uri';
  readonly value: string;
}

/** The type patterns. */
export type SimpleType = 'Bool' | 'Int' | 'BigInt' | 'String' | 'Uri' | 'ByteArray';

/** A type pattern such as `Int`. */
export interface TypeNode extends Located {
  readonly kind: 'type';
  readonly type: SimpleType;
}

/** `[P, … ...rest]`. */
export interface ListNode extends Located {
  readonly kind: 'list';
  readonly elements: readonly ProcessNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
}

/** `(P,)` or `(P, Q, …)`. */
export interface TupleNode extends Located {
  readonly kind: 'tuple';
  readonly elements: readonly ProcessNode[];
}

/** `Set(P, … ...rest)`. */
export interface SetNode extends Located {
  readonly kind: 'set';
  readonly elements: readonly ProcessNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
}

/** One `key: value` of a map. */
export interface MapEntryNode extends Located {
  readonly kind: 'map-entry';
  readonly key: ProcessNode;
  readonly value: ProcessNode;
}

/** `{key: value, … ...rest}`. */
export interface MapNode extends Located {
  readonly kind: 'map';
  readonly entries: readonly MapEntryNode[];
  readonly remainder: VariableNode | WildcardNode | undefined;
}

/** The prefix operators of expressions. */
export type UnaryOperator = 'not' | '-';

/** `not P` or `-P`. */
export interface UnaryNode extends Located {
  readonly kind: 'unary';
  readonly operator: UnaryOperator;
  readonly operand: ProcessNode;
}

/** The infix operators of expressions. `&&` and `||` skip their right side when the left decides. */
export type BinaryOperator =
  | 'or'
  | '||'
  | 'and'
  | '&&'
  | 'matches'
  | '=='
  | '!='
  | '<'
  | '<='
  | '>'
  | '>='
  | '+'
  | '-'
  | '++'
  | '--'
  | '*'
  | '/'
  | '%'
  | '%%';

/** `P op Q`. */
export interface BinaryNode extends Located {
  readonly kind: 'binary';
  readonly operator: BinaryOperator;
  readonly left: ProcessNode;
  readonly right: ProcessNode;
}

/** `P.method(Q, …)`. */
export interface MethodNode extends Located {
  readonly kind: 'method';
  readonly target: ProcessNode;
  readonly method: string;
  readonly arguments: readonly ProcessNode[];
}

/** `P /\ Q` in a pattern: both. */
export interface ConjunctionNode extends Located {
  readonly kind: 'conjunction';
  readonly left: ProcessNode;
  readonly right: ProcessNode;
}

/** `P \/ Q` in a pattern: either. */
export interface DisjunctionNode extends Located {
  readonly kind: 'disjunction';
  readonly left: ProcessNode;
  readonly right: ProcessNode;
}

/** `~P` in a pattern: anything but `P`. */
export interface NegationNode extends Located {
  readonly kind: 'negation';
  readonly operand: ProcessNode;
}

/** A name variable. */
export interface NameVariableNode extends Located {
  readonly kind: 'name-variable';
  readonly name: string;
}

/** `_` in name position. */
export interface NameWildcardNode extends Located {
  readonly kind: 'name-wildcard';
}

/** `@P`. */
export interface QuoteNode extends Located {
  readonly kind: 'quote';
  readonly process: ProcessNode;
}

/** A node in name position. */
export type NameNode = NameVariableNode | NameWildcardNode | QuoteNode;

/** A node in process position. */
export type ProcessNode =
  | NilNode
  | ParNode
  | SendNode
  | SynchronousSendNode
  | ReceiveNode
  | ContractNode
  | NewNode
  | BundleNode
  | MatchNode
  | SelectNode
  | IfNode
  | LetNode
  | VariableNode
  | WildcardNode
  | EvaluationNode
  | VariableReferenceNode
  | BooleanNode
  | IntegerNode
  | BigIntegerNode
  | StringNode
  | UriNode
  | TypeNode
  | ListNode
  | TupleNode
  | SetNode
  | MapNode
  | UnaryNode
  | BinaryNode
  | MethodNode
  | ConjunctionNode
  | DisjunctionNode
  | NegationNode;
