import type {
  BranchNode,
  ContractNode,
  LetDeclarationNode,
  LetNode,
  Located,
  MatchNode,
  NewNode,
  ProcessNode,
  ReceiptNode,
  SelectNode,
  SynchronousSendNode,
} from '../syntax/tree.ts';
import {
  bigIntegerTerm,
  binaryTerm,
  booleanTerm,
  boundTerm,
  bundleTerm,
  connectiveTerm,
  integerTerm,
  listTerm,
  mapTerm,
  matchTerm,
  methodTerm,
  newTerm,
  nilTerm,
  parTerm,
  sendTerm,
  setTerm,
  stringTerm,
  tupleTerm,
  typeTerm,
  unaryTerm,
  uriTerm,
  wildcardTerm,
} from '../term/build.ts';
import { compareBinds } from '../term/compare.ts';
import { termKey } from '../term/encode.ts';
import type { Bind, Term } from '../term/term.ts';
import { receiveTerm } from '../term/transform.ts';
import { NameNormalizer, TooManyErrors } from './name-normalizer.ts';
import type { PatternVariable } from './scope.ts';

export { TooManyErrors };

interface ReadBind {
  readonly bind: Bind;
  readonly variables: readonly PatternVariable[];
  readonly at: Located;
}

/** The normalisation of each kind of process. */
export class ProcessNormalizer extends NameNormalizer {
  override process(node: ProcessNode): Term {
    return this.deeper(() => this.read(node));
  }

  private all(nodes: readonly ProcessNode[]): Term[] {
    return nodes.map((node) => this.process(node));
  }

  /** Remembers where a term of the result stands in the source. */
  private located<T extends Term>(term: T, at: Located): T {
    this.locations.set(term, { start: at.start, end: at.end });
    return term;
  }

  private read(node: ProcessNode): Term {
    switch (node.kind) {
      case 'nil':
        return nilTerm();
      case 'par':
        return parTerm(this.all(node.parts));
      case 'send':
        return this.located(sendTerm(this.name(node.channel), this.all(node.data), node.persistent), node);
      case 'synchronous-send':
        return this.synchronousSend(node);
      case 'receive':
        return this.receive(node.receipts, 0, () => this.process(node.body), node);
      case 'contract':
        return this.contract(node);
      case 'new':
        return this.newNames(node);
      case 'bundle':
        return bundleTerm(
          node.mode === 'read' || node.mode === 'read-write',
          node.mode === 'write' || node.mode === 'read-write',
          this.process(node.body),
        );
      case 'match':
        return this.match(node);
      case 'select':
        return this.select(node);
      case 'if':
        return matchTerm(this.process(node.condition), [
          { pattern: booleanTerm(true), variables: 0, guard: undefined, body: this.process(node.then) },
          {
            pattern: booleanTerm(false),
            variables: 0,
            guard: undefined,
            body: node.otherwise === undefined ? nilTerm() : this.process(node.otherwise),
          },
        ]);
      case 'let':
        return node.mode === 'concurrent' ? this.concurrentLet(node) : this.sequentialLet(node, 0);
      default:
        return this.expression(node);
    }
  }

  private expression(node: ProcessNode): Term {
    switch (node.kind) {
      case 'variable':
        return this.variable(node, node.name, 'process');
      case 'wildcard':
        return this.wildcard(node);
      case 'evaluation':
        return this.name(node.name);
      case 'variable-reference':
        if (this.pattern === undefined) return this.outsidePattern(node, `\`=${node.name}\``);
        return this.reference(node, node.name, node.of);
      case 'boolean':
        return booleanTerm(node.value);
      case 'integer':
        return integerTerm(node.value);
      case 'big-integer':
        return bigIntegerTerm(node.value);
      case 'string':
        return stringTerm(node.value);
      case 'uri':
        return uriTerm(node.value);
      case 'type':
        if (this.pattern === undefined) return this.outsidePattern(node, `the type \`${node.type}\``);
        return typeTerm(node.type);
      case 'list':
        return listTerm(this.all(node.elements), this.remainder(node.remainder));
      case 'tuple':
        return tupleTerm(this.all(node.elements));
      case 'set':
        return setTerm(this.all(node.elements), this.remainder(node.remainder));
      case 'map':
        return mapTerm(
          node.entries.map(({ key, value }) => [this.process(key), this.process(value)] as const),
          this.remainder(node.remainder),
        );
      case 'unary':
        return unaryTerm(node.operator, this.process(node.operand));
      case 'binary': {
        const left = this.process(node.left);
        if (node.operator !== 'matches') return binaryTerm(node.operator, left, this.process(node.right));
        return binaryTerm(
          'matches',
          left,
          this.inPattern(true, () => this.process(node.right)),
        );
      }
      case 'method':
        return methodTerm(this.process(node.target), node.method, this.all(node.arguments));
      case 'conjunction':
        if (this.pattern === undefined) return this.outsidePattern(node, '`/\\`');
        return connectiveTerm('and', [this.process(node.left), this.process(node.right)]);
      case 'disjunction': {
        if (this.pattern === undefined) return this.outsidePattern(node, '`\\/`');
        return connectiveTerm('or', this.existential([node.left, node.right]));
      }
      case 'negation':
        if (this.pattern === undefined) return this.outsidePattern(node, '`~`');
        return connectiveTerm('not', this.existential([node.operand]));
      default:
        return this.read(node);
    }
  }

  private existential(nodes: readonly ProcessNode[]): Term[] {
    const { pattern } = this;
    if (pattern !== undefined) pattern.existential += 1;
    const terms = this.all(nodes);
    if (pattern !== undefined) pattern.existential -= 1;
    return terms;
  }

  private newNames(node: NewNode): Term {
    const fresh = node.declarations.filter(({ uri }) => uri === undefined);
    const bound = node.declarations.filter(({ uri }) => uri !== undefined);
    bound.sort((left, right) => (left.uri! < right.uri! ? -1 : left.uri! > right.uri! ? 1 : 0));
    for (const { name } of [...fresh, ...bound]) this.scope.enter(name, 'name');
    const body = this.process(node.body);
    this.scope.leave(node.declarations.length);
    return this.located(
      newTerm(
        fresh.length,
        bound.map(({ uri }) => uri!),
        body,
      ),
      node,
    );
  }

  private contract(node: ContractNode): Term {
    const channel = this.name(node.name);
    const { patterns, remainder, variables } = this.patternList(node.formals, node.remainder);
    const bind: Bind = { channel, patterns, remainder, variables: variables.length, peek: false };
    const body = this.under(variables, () => this.process(node.body));
    return this.located(receiveTerm([bind], body, true), node);
  }

  private synchronousSend(node: SynchronousSendNode): Term {
    const reply = this.scope.enter(undefined, 'name');
    const channel = this.name(node.channel);
    const data = [boundTerm(this.scope.indexOf(reply)), ...this.all(node.data)];
    const send = this.located(sendTerm(channel, data), node);
    const bind: Bind = {
      channel: boundTerm(this.scope.indexOf(reply)),
      patterns: [],
      // Any answer will do: a receive with `?!` answers with an empty message, a contract mostly with a value.
      remainder: wildcardTerm(),
      variables: 0,
      peek: false,
    };
    const body = node.continuation === undefined ? nilTerm() : this.process(node.continuation);
    const receive = this.located(receiveTerm([bind], body), node);
    this.scope.leave(1);
    return newTerm(1, [], parTerm([send, receive]));
  }

  /** Reads receipts from `index` on, each inside the one before it, around `body`. */
  private receive(receipts: readonly ReceiptNode[], index: number, body: () => Term, at: Located, lock?: number): Term {
    const receipt = receipts[index];
    if (receipt === undefined) return body();
    const replies = receipt.binds.filter(({ source }) => source.kind === 'send-receive-source').length;
    const first = this.scope.level;
    for (let count = replies; count > 0; count -= 1) this.scope.enter(undefined, 'name');
    const sends: Term[] = [];
    const binds = receipt.binds.map((node): ReadBind => {
      const { source } = node;
      let channel = this.name(source.name);
      if (source.kind === 'send-receive-source') {
        const reply = boundTerm(this.scope.indexOf(first + sends.length));
        sends.push(this.located(sendTerm(channel, [reply, ...this.all(source.data)]), source));
        channel = reply;
      }
      const leading = source.kind === 'receive-send-source' ? 1 : 0;
      const { patterns, remainder, variables } = this.patternList(node.names, node.remainder, leading);
      const bind: Bind = { channel, patterns, remainder, variables: variables.length, peek: node.mode === 'peek' };
      return { bind, variables, at: node };
    });
    if (lock !== undefined) {
      const channel = boundTerm(this.scope.indexOf(lock));
      binds.push({
        bind: { channel, patterns: [], remainder: undefined, variables: 0, peek: false },
        variables: [],
        at,
      });
    }
    this.checkBinds(binds);
    binds.sort((left, right) => compareBinds(left.bind, right.bind));
    const variables = binds.flatMap((one) => one.variables);
    const persistent = receipt.binds[0]?.mode === 'repeated';
    const receive = this.under(variables, () => {
      const guard = receipt.guard === undefined ? undefined : this.process(receipt.guard);
      const inner = this.deeper(() => this.receive(receipts, index + 1, body, at));
      const answers = variables.flatMap(({ name }, number) =>
        name === undefined ? [sendTerm(boundTerm(variables.length - 1 - number), [])] : [],
      );
      const all = answers.length === 0 ? inner : parTerm([...answers, inner]);
      return receiveTerm(
        binds.map(({ bind }) => bind),
        all,
        persistent,
        guard,
      );
    });
    this.located(receive, at);
    this.scope.leave(replies);
    return replies === 0 ? receive : newTerm(replies, [], parTerm([...sends, receive]));
  }

  private checkBinds(binds: readonly ReadBind[]): void {
    const seen = new Set<string>();
    const channels = new Set<string>();
    binds.forEach(({ bind, variables, at }) => {
      for (const variable of variables) {
        if (variable.name === undefined) continue;
        if (seen.has(variable.name)) this.problem('bound-twice', variable, `join: \`${variable.name}\` is bound twice`);
        seen.add(variable.name);
      }
      if (bind.channel.kind === 'wildcard' || bind.channel.kind === 'free') return;
      const key = termKey(bind.channel);
      if (channels.has(key)) {
        this.problem(
          'same-channel',
          at,
          'join: the same channel stands twice',
          'take the two messages one after the other with `;`',
        );
      }
      channels.add(key);
    });
  }

  private match(node: MatchNode): Term {
    const target = this.process(node.target);
    const cases = node.cases.map((one) => {
      const { patterns, variables } = this.inPattern(false, (context) =>
        this.numbered(context, [this.process(one.pattern)]),
      );
      return this.under(variables, () => ({
        pattern: patterns[0]!,
        variables: variables.length,
        guard: one.guard === undefined ? undefined : this.process(one.guard),
        body: this.process(one.body),
      }));
    });
    return this.located(matchTerm(target, cases), node);
  }

  /** `select` is a choice by a private message that every branch takes together with its own messages. */
  private select(node: SelectNode): Term {
    const lock = this.scope.enter(undefined, 'name');
    const branches = node.branches.map((branch: BranchNode) =>
      this.receive(branch.receipts, 0, () => this.process(branch.body), branch, lock),
    );
    const term = newTerm(1, [], parTerm([sendTerm(boundTerm(this.scope.indexOf(lock)), []), ...branches]));
    this.scope.leave(1);
    return this.located(term, node);
  }

  private letPattern(declaration: LetDeclarationNode): { pattern: Term; variables: readonly PatternVariable[] } {
    const { patterns, remainder, variables } = this.patternList(declaration.names, declaration.remainder);
    return { pattern: listTerm(patterns, remainder), variables };
  }

  private sequentialLet(node: LetNode, index: number): Term {
    const declaration = node.declarations[index];
    if (declaration === undefined) return this.process(node.body);
    const target = listTerm(this.all(declaration.values));
    const { pattern, variables } = this.letPattern(declaration);
    const body = this.under(variables, () => this.deeper(() => this.sequentialLet(node, index + 1)));
    return this.located(matchTerm(target, [{ pattern, variables: variables.length, guard: undefined, body }]), node);
  }

  private concurrentLet(node: LetNode): Term {
    const target = listTerm(node.declarations.map((declaration) => listTerm(this.all(declaration.values))));
    const { patterns, variables } = this.inPattern(false, (context) => {
      const all = node.declarations.map((declaration) => {
        const elements = declaration.names.map((name) => this.name(name));
        return listTerm(elements, this.remainder(declaration.remainder));
      });
      return this.numbered(context, all);
    });
    const pattern = listTerm(patterns);
    const body = this.under(variables, () => this.process(node.body));
    return this.located(matchTerm(target, [{ pattern, variables: variables.length, guard: undefined, body }]), node);
  }
}
