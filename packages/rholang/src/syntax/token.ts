/**
 * Kinds of tokens, as small integers. Ranges matter: keywords lie between the first and the last of theirs.
 *
 * @module
 */

/** Kind of a token. Not a union of literals: the parser's state changes under a test of the current token. */
export type Token = number;

export const END: Token = 0;
export const IDENTIFIER: Token = 1;
export const INTEGER: Token = 2;
export const BIG_INTEGER: Token = 3;
export const STRING: Token = 4;
export const URI: Token = 5;
export const LEFT_PARENTHESIS: Token = 6;
export const RIGHT_PARENTHESIS: Token = 7;
export const LEFT_BRACE: Token = 8;
export const RIGHT_BRACE: Token = 9;
export const LEFT_BRACKET: Token = 10;
export const RIGHT_BRACKET: Token = 11;
export const COMMA: Token = 12;
export const SEMICOLON: Token = 13;
export const COLON: Token = 14;
export const DOT: Token = 15;
export const ELLIPSIS: Token = 16;
export const BAR: Token = 17;
export const BAR_BAR: Token = 18;
export const AMPERSAND: Token = 19;
export const AMPERSAND_AMPERSAND: Token = 20;
export const BANG: Token = 21;
export const BANG_BANG: Token = 22;
export const BANG_QUERY: Token = 23;
export const QUERY_BANG: Token = 24;
export const ARROW: Token = 25;
export const LESS_EQUAL: Token = 26;
export const PEEK_ARROW: Token = 27;
export const LESS: Token = 28;
export const GREATER: Token = 29;
export const GREATER_EQUAL: Token = 30;
export const EQUAL: Token = 31;
export const EQUAL_EQUAL: Token = 32;
export const FAT_ARROW: Token = 33;
export const NOT_EQUAL: Token = 34;
export const PLUS: Token = 35;
export const PLUS_PLUS: Token = 36;
export const MINUS: Token = 37;
export const MINUS_MINUS: Token = 38;
export const STAR: Token = 39;
export const SLASH: Token = 40;
export const PERCENT: Token = 41;
export const PERCENT_PERCENT: Token = 42;
export const CONJUNCTION: Token = 43;
export const DISJUNCTION: Token = 44;
export const TILDE: Token = 45;
export const AT: Token = 46;
export const WILDCARD: Token = 47;
export const NEW: Token = 48;
export const IN: Token = 49;
export const IF: Token = 50;
export const ELSE: Token = 51;
export const LET: Token = 52;
export const MATCH: Token = 53;
export const SELECT: Token = 54;
export const CONTRACT: Token = 55;
export const FOR: Token = 56;
export const OR: Token = 57;
export const AND: Token = 58;
export const MATCHES: Token = 59;
export const NOT: Token = 60;
export const BUNDLE: Token = 61;
export const BUNDLE_WRITE: Token = 62;
export const BUNDLE_READ: Token = 63;
export const BUNDLE_NONE: Token = 64;
export const TRUE: Token = 65;
export const FALSE: Token = 66;
export const WHERE: Token = 67;
export const NIL: Token = 68;
export const TYPE: Token = 69;
export const SET: Token = 70;

/** The text of each token kind, indexed by kind, as error messages name it. */
export const TOKEN_TEXT: readonly string[] = [
  'end of file',
  'a variable',
  'an integer',
  'a big integer',
  'a string',
  'a URI',
  '`(`',
  '`)`',
  '`{`',
  '`}`',
  '`[`',
  '`]`',
  '`,`',
  '`;`',
  '`:`',
  '`.`',
  '`...`',
  '`|`',
  '`||`',
  '`&`',
  '`&&`',
  '`!`',
  '`!!`',
  '`!?`',
  '`?!`',
  '`<-`',
  '`<=`',
  '`<<-`',
  '`<`',
  '`>`',
  '`>=`',
  '`=`',
  '`==`',
  '`=>`',
  '`!=`',
  '`+`',
  '`++`',
  '`-`',
  '`--`',
  '`*`',
  '`/`',
  '`%`',
  '`%%`',
  '`/\\`',
  '`\\/`',
  '`~`',
  '`@`',
  '`_`',
  '`new`',
  '`in`',
  '`if`',
  '`else`',
  '`let`',
  '`match`',
  '`select`',
  '`contract`',
  '`for`',
  '`or`',
  '`and`',
  '`matches`',
  '`not`',
  '`bundle`',
  '`bundle+`',
  '`bundle-`',
  '`bundle0`',
  '`true`',
  '`false`',
  '`where`',
  '`Nil`',
  'a type',
  '`Set`',
];

/** Words that cannot name a variable. */
export const KEYWORDS: ReadonlyMap<string, number> = /* @__PURE__ */ new Map([
  ['new', NEW],
  ['in', IN],
  ['if', IF],
  ['else', ELSE],
  ['let', LET],
  ['match', MATCH],
  ['select', SELECT],
  ['contract', CONTRACT],
  ['for', FOR],
  ['or', OR],
  ['and', AND],
  ['matches', MATCHES],
  ['not', NOT],
  ['bundle', BUNDLE],
  ['bundle0', BUNDLE_NONE],
  ['true', TRUE],
  ['false', FALSE],
  ['where', WHERE],
  ['Nil', NIL],
  ['Bool', TYPE],
  ['Int', TYPE],
  ['BigInt', TYPE],
  ['String', TYPE],
  ['Uri', TYPE],
  ['ByteArray', TYPE],
  ['Set', SET],
]);
