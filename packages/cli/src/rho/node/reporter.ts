import type { NodeEvent, RhoNode, TransferProgress } from '@commute/rho-node';
import { deployId, type Conflict, type Deploy } from '@commute/rho-store';
import { counted, grouped, hex, type Terminal } from '../../terminal.ts';
import { channelText } from '../keys.ts';
import { ChannelNames, printable } from '../text.ts';

/** A deploy in the lines of `commute rho node --json`. */
interface DeployLine {
  readonly id: string;
  /** Name of its source; null for a deploy of another node that this one does not hold. */
  readonly file: string | null;
}

/** What `commute rho node --json` prints, one object in a line for each event. */
export type RhoNodeLine =
  | { readonly event: 'listening'; readonly host: string; readonly port: number }
  /** A round is closed. */
  | {
      readonly event: 'round';
      /** Its number, which is that of its block. */
      readonly round: number;
      readonly root: string;
      /** Positions of the members whose blocks it holds. */
      readonly members: readonly number[];
      readonly accepted: readonly DeployLine[];
      /** What gave way; its node proposes it again. */
      readonly refused: readonly DeployLine[];
      readonly conflicts: readonly { readonly kind: Conflict['kind']; readonly channel: string }[];
      /** Blocks that counted as empty. */
      readonly invalid: readonly { readonly member: number; readonly reason: string; readonly detail: string }[];
      /** Lines that this node's accepted deploys wrote to `rho:io:stdout`. */
      readonly output: readonly string[];
    }
  /** A deploy of this node failed; it is tried again in later rounds. */
  | {
      readonly event: 'failed';
      readonly round: number;
      readonly deploy: DeployLine;
      readonly reason: string;
      readonly message: string;
    }
  /** The time of a deploy of this node is over. */
  | { readonly event: 'expired'; readonly round: number; readonly deploy: DeployLine }
  /** A round was closed without this node's block. */
  | { readonly event: 'missed'; readonly round: number }
  /** This node forgot the rounds before one. */
  | { readonly event: 'pruned'; readonly oldest: number }
  /** Another node keeps no round before `oldest`, and so cannot tell the one that is open here. */
  | { readonly event: 'forgotten'; readonly round: number; readonly oldest: number }
  /** This node fetched the state after a round, as others keep those before no more. */
  | { readonly event: 'transferred'; readonly round: number; readonly root: string }
  /** A member said two things. */
  | {
      readonly event: 'equivocation';
      readonly round: number;
      readonly member: number;
      readonly statements: readonly [string, string];
    }
  /** The node ends. */
  | {
      readonly event: 'end';
      readonly command: 'rho node';
      readonly round: number;
      readonly root: string;
      readonly queued: number;
    };

/** Tells people, or with `--json` programs, what a node does. */
export class NodeReporter {
  readonly #node: RhoNode;
  readonly #terminal: Terminal;
  readonly #json: boolean;
  readonly #names = new ChannelNames();
  /** Files of deploys by their identity. */
  readonly #files = new Map<string, string>();
  /** What each deploy of this node wrote when it ran last. */
  readonly #output = new Map<string, readonly string[]>();
  readonly #failed = new Set<string>();

  constructor(node: RhoNode, terminal: Terminal, json: boolean) {
    this.#node = node;
    this.#terminal = terminal;
    this.#json = json;
    for (const deploy of node.queue()) this.learn(deploy);
  }

  /** Remembers the name of a deploy. */
  learn(deploy: Deploy): void {
    this.#files.set(hex(deployId(deploy)), deploy.file);
    this.#names.learn(deploy);
  }

  #line(line: RhoNodeLine, text: string | undefined): void {
    if (this.#json) this.#terminal.out(`${JSON.stringify(line)}\n`);
    else if (text !== undefined) this.#terminal.note(text);
  }

  #deploy(id: Uint8Array): DeployLine {
    return { id: hex(id), file: this.#files.get(hex(id)) ?? null };
  }

  listening(host: string, port: number): void {
    this.#line({ event: 'listening', host, port }, `listens on ${host}:${String(port)}`);
  }

  end(): void {
    const { round, root, queued } = this.#node.status();
    const waiting = queued === 0 ? '' : `, ${counted(queued, 'program waits', 'programs wait')}`;
    const text = `ends before round ${String(round)}${waiting}\nroot ${hex(root)}`;
    this.#line({ event: 'end', command: 'rho node', round, root: hex(root), queued }, text);
  }

  /** Shows how far the state is that is fetched. */
  progress({ round, bytes, fraction }: TransferProgress): void {
    this.#terminal.status(
      `state after round ${String(round)}: ${grouped(bytes)} bytes, ${String(Math.floor(fraction * 100))} %`,
    );
    if (fraction === 1) this.#terminal.endStatus();
  }

  /** Takes what the node tells. */
  event(event: NodeEvent): void {
    if (event.kind === 'proposed') this.#proposed(event);
    else if (event.kind === 'closed') this.#closed(event);
    else if (event.kind === 'missed') {
      const { round } = event;
      this.#line({ event: 'missed', round }, `round ${String(round)} was closed without this node's block`);
    } else if (event.kind === 'expired') {
      for (const deploy of event.deploys) {
        const line = this.#deploy(deployId(deploy));
        this.#line({ event: 'expired', round: event.round, deploy: line }, `${deploy.file}: its time is over`);
      }
    } else if (event.kind === 'pruned') {
      const { oldest } = event;
      this.#line({ event: 'pruned', oldest }, `forgot the rounds before ${String(oldest)}`);
    } else if (event.kind === 'forgotten') {
      const { round, oldest } = event;
      const text = `another node keeps rounds from ${String(oldest)} on, this one needs ${String(round)}`;
      this.#line({ event: 'forgotten', round, oldest }, text);
    } else if (event.kind === 'transferred') {
      const { round, root } = event;
      const text = `fetched the state after round ${String(round)}\nroot ${hex(root)}`;
      this.#line({ event: 'transferred', round, root: hex(root) }, text);
    } else if (event.kind === 'equivocation') {
      const { round, member, statements } = event;
      const [one, two] = statements.map(({ bytes }) => hex(bytes)) as [string, string];
      const text = `member ${String(member)} said two things in round ${String(round)}`;
      this.#line({ event: 'equivocation', round, member, statements: [one, two] }, text);
    }
  }

  #proposed({ round, deploys }: Extract<NodeEvent, { kind: 'proposed' }>): void {
    for (const { id, ok, output, reason, message } of deploys) {
      this.#output.set(
        hex(id),
        output.flatMap(({ stream, text }) => (stream === 'stdout' ? [text] : [])),
      );
      // It fails in each round; once is enough to know.
      if (ok || this.#failed.has(hex(id))) continue;
      this.#failed.add(hex(id));
      const deploy = this.#deploy(id);
      const text = `${deploy.file ?? deploy.id}: ${message}; it is tried again`;
      this.#line({ event: 'failed', round, deploy, reason: reason ?? '', message }, text);
    }
  }

  #closed({ round, root, members, accepted, refused, pairs, invalid }: Extract<NodeEvent, { kind: 'closed' }>): void {
    const output = accepted.flatMap((id) => this.#output.get(hex(id)) ?? []);
    const conflicts = pairs.flatMap((pair) =>
      pair.conflicts.map((conflict) => {
        const channel =
          conflict.kind === 'same-deploy' ? hex(conflict.deploy) : channelText(this.#names, conflict.channel);
        return { kind: conflict.kind, channel };
      }),
    );
    const [taken, gone] = [accepted, refused].map((ids) => ids.map((id) => this.#deploy(id))) as [
      DeployLine[],
      DeployLine[],
    ];
    const wrong = invalid.map(({ member, reason, detail }) => ({ member, reason, detail }));
    if (!this.#json) for (const line of output) this.#terminal.out(`${printable(line)}\n`);
    const texts = [
      `round ${String(round)}: ${counted(taken.length, 'program')} accepted, ${String(gone.length)} gave way, blocks of members ${members.join(', ') || 'nobody'}`,
      ...conflicts.map(({ kind, channel }) => `  conflict: ${kind} at ${channel}`),
      ...gone.flatMap(({ file }) => (file === null ? [] : [`  ${file} gave way, and is proposed again`])),
      ...wrong.map(
        ({ member, reason, detail }) => `  block of member ${String(member)} counts as empty: ${reason}, ${detail}`,
      ),
      `root ${hex(root)}`,
    ];
    this.#line(
      {
        event: 'round',
        round,
        root: hex(root),
        members,
        accepted: taken,
        refused: gone,
        conflicts,
        invalid: wrong,
        output,
      },
      texts.join('\n'),
    );
    for (const { id } of taken) {
      this.#files.delete(id);
      this.#output.delete(id);
    }
  }
}
