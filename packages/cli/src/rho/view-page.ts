import { createHash } from 'node:crypto';
import { escapeHtml } from '../report.ts';
import { grouped } from '../terminal.ts';
import type { CommReport } from './comms.ts';
import type { EntryReport } from './entries.ts';
import type { KeyReport, RhoKeyHistoryReport } from './history.ts';
import { placeText, printable, readable, shortened, type PlaceReport } from './text.ts';
import type { RhoVerifyReport } from './verify-store.ts';

/** A deploy on the page. */
export interface DeployView {
  readonly id: string;
  readonly file: string;
  readonly source: string;
  readonly deployer: string | null;
  readonly tokens: number | null;
  readonly spent: number | null;
  readonly tokensFor: string | null;
  readonly output: readonly string[];
}

/** A block on the page. */
export interface BlockView {
  readonly number: number;
  readonly hash: string;
  readonly parent: string;
  readonly root: string;
  readonly logHash: string;
  readonly timestamp: number;
  readonly sender: string | null;
  readonly deploys: readonly DeployView[];
  readonly comms: readonly CommReport[];
  readonly commsLeftOut: number;
  /** Why it was not played again, so that there are no reductions; null if it was. */
  readonly notReplayed: string | null;
}

/** A key on the page. */
export interface KeyView extends KeyReport {
  readonly verified: boolean;
  readonly head: string;
  readonly shown: readonly EntryReport[];
  readonly waiting: RhoKeyHistoryReport['waiting'];
}

/** What a page shows. */
export interface View {
  readonly store: string;
  readonly root: string;
  /** Null if the store was not verified. */
  readonly verified: RhoVerifyReport | null;
  /** Newest first. */
  readonly blocks: readonly BlockView[];
  readonly keys: readonly KeyView[];
  readonly blocksLeftOut: number;
  readonly keysLeftOut: number;
  /** Most entries of a key and reductions of a block. */
  readonly limit: number;
}

/** A page, and what is on it. */
export interface RenderedView {
  readonly html: string;
  readonly blocks: number;
  readonly keys: number;
  readonly blocksLeftOut: number;
  readonly keysLeftOut: number;
}

/** Longest source and value on the page, in characters. */
const MAXIMUM_SOURCE = 65_536;
const MAXIMUM_VALUE = 400;

/** Most messages and receives that wait at one key that are shown. */
export const MAXIMUM_WAITING = 50;

const safe = (text: string): string => escapeHtml(printable(text));
const value = (text: string): string => escapeHtml(readable(shortened(text, MAXIMUM_VALUE)));
const code = (text: string): string => `<code>${text}</code>`;
const count = (number: number, one: string, more: string): string => `${grouped(number)} ${number === 1 ? one : more}`;

/** Opens what a link leads to and filters the list of keys. Without it the page still shows everything. */
const SCRIPT = `
const open = () => {
  const target = location.hash.length > 1 ? document.getElementById(location.hash.slice(1)) : null;
  for (let at = target; at !== null; at = at.parentElement) if (at instanceof HTMLDetailsElement) at.open = true;
  if (target !== null) target.scrollIntoView();
};
addEventListener('hashchange', open);
open();
const box = document.getElementById('filter');
box.closest('p').hidden = false;
box.addEventListener('input', () => {
  const wanted = box.value.toLowerCase();
  for (const key of document.querySelectorAll('#keys > details'))
    key.hidden = !key.querySelector('summary').textContent.toLowerCase().includes(wanted);
});
`;

const STYLE = `
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #5c6672; --paper: #fff; --panel: #f5f6f8; --line: #d8dce2; --link: #1d4fa3; --good: #1a7f4b; --bad: #b3261e; --mark: #fff3c4; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaee; --faint: #9aa3b0; --paper: #15181d; --panel: #1d2127; --line: #333a45; --link: #8fb4ff; --good: #5fce97; --bad: #ff8a80; --mark: #4a4213; } }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 1rem 6rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; } h2 { font-size: 1.25rem; margin: 2.5rem 0 .5rem; } h3 { font-size: 1rem; margin: 1.2rem 0 .3rem; }
a { color: var(--link); } a:focus-visible, summary:focus-visible, input:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre, .hash { font-family: ui-monospace, monospace; font-size: .88rem; } .hash, td { overflow-wrap: anywhere; }
.verdict { font-weight: 600; color: var(--good); } .bad { color: var(--bad); font-weight: 600; } .faint { color: var(--faint); }
details { border: 1px solid var(--line); border-radius: .4rem; margin: .4rem 0; padding: 0 .8rem; background: var(--panel); }
summary { cursor: pointer; padding: .45rem 0; overflow-wrap: anywhere; } details[open] > summary { border-bottom: 1px solid var(--line); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; margin: .5rem 0 1rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .7rem .25rem 0; border-bottom: 1px solid var(--line); } td { min-width: 8rem; }
thead th { color: var(--faint); font-weight: 400; white-space: nowrap; } dl { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; } dt { color: var(--faint); } dd { margin: 0; }
pre { background: var(--paper); border: 1px solid var(--line); border-radius: .3rem; padding: .5rem 0; overflow-x: auto; margin: .3rem 0 .8rem; } pre span { display: block; padding: 0 .7rem; white-space: pre; } pre span::before { content: attr(data-line); display: inline-block; width: 3rem; color: var(--faint); }
:target { background: var(--mark); } .skip { position: absolute; left: -99rem; } .skip:focus { position: static; }
.scroll { overflow-x: auto; }
`;

/** Where on the page things are. */
class Places {
  readonly #deploys = new Map<string, string>();
  readonly #keys = new Map<string, string>();

  constructor(blocks: readonly BlockView[], keys: readonly KeyView[]) {
    for (const { number, deploys } of blocks)
      for (const [index, { id }] of deploys.entries()) this.#deploys.set(id, `b${String(number)}d${String(index)}`);
    for (const { channel, path } of keys) if (!channel.includes('…')) this.#keys.set(channel, keyAnchor(path));
  }

  place(place: PlaceReport | null): string {
    if (place === null) return '<span class="faint">place unknown</span>';
    const deploy = this.#deploys.get(place.deploy);
    const text = safe(placeText(place));
    return deploy === undefined ? text : `<a href="#${deploy}L${String(place.line)}">${text}</a>`;
  }

  channel(channel: string): string {
    const key = this.#keys.get(channel);
    return key === undefined ? code(value(channel)) : `<a href="#${key}">${code(value(channel))}</a>`;
  }

  deploy(id: string): string {
    const deploy = this.#deploys.get(id);
    const text = `<span class="hash">${safe(id)}</span>`;
    return deploy === undefined ? text : `<a href="#${deploy}">${text}</a>`;
  }
}

function keyAnchor(path: string): string {
  return `k${path.slice(2)}`;
}

function commRow(comm: CommReport, index: number, block: number, places: Places): string {
  const sends = comm.sends.map(
    ({ channel, values, place, removed }) =>
      `${places.channel(channel)}: ${values.map((one) => code(value(one))).join(', ')}` +
      `${removed ? '' : ' <span class="faint">(stays)</span>'}<br>${places.place(place)}`,
  );
  const receive = comm.system === null ? places.place(comm.receive) : code(safe(comm.system));
  return `<tr id="b${String(block)}c${String(index)}"><th scope="row">${String(index + 1)}</th><td>${sends.join('<br>')}</td><td>${receive}</td></tr>`;
}

function sourceText(source: string, anchor: string): string {
  const cut = source.slice(0, MAXIMUM_SOURCE);
  const lines = cut
    .split('\n')
    .map(
      (line, index) =>
        `<span id="${anchor}L${String(index + 1)}" data-line="${String(index + 1)}">${safe(line)}</span>`,
    );
  const rest =
    source.length > cut.length
      ? `<p class="faint">${grouped(source.length - cut.length)} more characters are left out.</p>`
      : '';
  return `<pre tabindex="0" aria-label="source">${lines.join('')}</pre>${rest}`;
}

function deployPart(deploy: DeployView, anchor: string, places: Places): string {
  const rows = [
    ['identity', `<span class="hash">${safe(deploy.id)}</span>`],
    ['signed by', deploy.deployer === null ? 'nobody' : `<span class="hash">${safe(deploy.deployer)}</span>`],
    [
      'tokens',
      deploy.tokens === null
        ? 'not metered'
        : `${grouped(deploy.tokens)}${deploy.spent === null ? '' : `, ${grouped(deploy.spent)} spent in this block`}`,
    ],
    ...(deploy.tokensFor === null ? [] : [['tokens for', places.deploy(deploy.tokensFor)]]),
  ];
  const output = deploy.output.map((line) => `<li>${code(value(line))}</li>`).join('');
  return `<h3 id="${anchor}">${safe(deploy.file)}</h3>
<dl>${rows.map(([name, text]) => `<dt>${name!}</dt><dd>${text!}</dd>`).join('')}</dl>
${deploy.source === '' ? '' : sourceText(deploy.source, anchor)}
${output === '' ? '' : `<p>Output:</p><ul>${output}</ul>`}`;
}

function blockPart(block: BlockView, places: Places): string {
  const { number, deploys, comms, commsLeftOut } = block;
  const time = new Date(Math.min(block.timestamp, 8.64e15)).toISOString();
  const files = shortened(deploys.map(({ file }) => file).join(', '), 120);
  const rows = comms.map((comm, index) => commRow(comm, index, number, places));
  const table =
    rows.length === 0
      ? `<p class="faint">${block.notReplayed === null ? 'No reductions.' : `Reductions are not known: ${safe(block.notReplayed)}`}</p>`
      : `<div class="scroll"><table><thead><tr><th>reduction</th><th>sent</th><th>received</th></tr></thead><tbody>${rows.join('\n')}</tbody></table></div>`;
  return `<details id="b${String(number)}">
<summary>Block ${grouped(number)} <span class="faint">${time}</span> ${safe(files)} <span class="faint">${count(comms.length + commsLeftOut, 'reduction', 'reductions')}</span></summary>
<dl><dt>hash</dt><dd class="hash">${block.hash}</dd><dt>block before</dt><dd class="hash">${number > 1 ? `<a href="#b${String(number - 1)}">${block.parent}</a>` : block.parent}</dd><dt>state root</dt><dd class="hash">${block.root}</dd><dt>event log</dt><dd class="hash">${block.logHash}</dd><dt>made by</dt><dd class="hash">${block.sender ?? 'nobody named'}</dd></dl>
${deploys.map((deploy, index) => deployPart(deploy, `b${String(number)}d${String(index)}`, places)).join('\n')}
<h3>Reductions</h3>
${table}
${commsLeftOut > 0 ? `<p class="faint">${grouped(commsLeftOut)} more reductions are left out.</p>` : ''}
</details>`;
}

function entryWhat(entry: EntryReport, places: Places): string {
  const { event, comm } = entry;
  if (event === null) return '<span class="faint">an event whose log was pruned</span>';
  if (event === 'message-waits')
    return `${(entry.values ?? []).map((one) => code(value(one))).join(', ')} begins to wait<br>${places.place(entry.place)}`;
  if (event === 'receive-waits') return `a receive begins to wait<br>${places.place(entry.place)}`;
  if (comm === null) return 'a reduction';
  const sends = comm.sends.map(
    (one) => `${one.values.map((text) => code(value(text))).join(', ')} ${places.place(one.place)}`,
  );
  const receive = comm.system === null ? places.place(comm.receive) : code(safe(comm.system));
  return `${entry.metering ? 'metering' : 'COMM'}: ${sends.join(' and ')}<br>received at ${receive}`;
}

function entryRow(entry: EntryReport, anchor: string, places: Places): string {
  const { sequence, block, commit, hash, previous, before, after } = entry;
  const where =
    block === null ? `commit ${grouped(commit)}` : `<a href="#b${String(block)}">block ${grouped(block)}</a>`;
  const link = sequence > 1 ? `<a href="#${anchor}e${String(sequence - 1)}">${previous.slice(0, 18)}</a>` : 'the start';
  return `<tr id="${anchor}e${String(sequence)}"><th scope="row">${String(sequence)}</th><td>${where}</td><td>${entryWhat(entry, places)}</td><td class="hash"><span title="${hash}">${hash.slice(0, 18)}</span><br><span class="faint">after ${link}</span></td><td class="hash"><span title="${before}">${before.slice(0, 18)}</span><br><span title="${after}">${after.slice(0, 18)}</span></td></tr>`;
}

function keyPart(key: KeyView, places: Places): string {
  const anchor = keyAnchor(key.path);
  const { messages, receives } = key.waiting;
  const waiting = [
    ...messages.map((one) => `<li>message ${one.map((text) => code(value(text))).join(', ')}</li>`),
    ...receives.map((one) => `<li>${code(value(one))}</li>`),
  ];
  const leftOut = key.entries - key.shown.length;
  const unseen = key.messages + key.receives - waiting.length;
  return `<details id="${anchor}">
<summary>${code(value(key.channel))} <span class="faint">${count(key.entries, 'entry', 'entries')}, ${count(key.messages, 'message', 'messages')} and ${count(key.receives, 'receive', 'receives')} wait</span>${key.verified ? '' : ' <span class="bad">damaged</span>'}</summary>
<dl><dt>path</dt><dd class="hash">${key.path}</dd><dt>head of the history</dt><dd class="hash">${key.head}</dd><dt>verified</dt><dd>${key.verified ? 'yes, against the root' : '<span class="bad">no</span>'}</dd></dl>
${leftOut > 0 ? `<p class="faint">${grouped(leftOut)} older entries are left out.</p>` : ''}
<div class="scroll"><table><thead><tr><th>entry</th><th>block</th><th>what happened</th><th>hash</th><th>state before and after</th></tr></thead><tbody>
${key.shown.map((entry) => entryRow(entry, anchor, places)).join('\n')}
</tbody></table></div>
${waiting.length === 0 ? '<p class="faint">Nothing waits here.</p>' : `<p>Waiting:</p><ul>${waiting.join('')}</ul>${unseen > 0 ? `<p class="faint">${grouped(unseen)} more are left out.</p>` : ''}`}
</details>`;
}

function verdict(verified: RhoVerifyReport | null): string {
  if (verified === null) return '<p class="faint">The store was not verified.</p>';
  if (verified.ok)
    return `<p class="verdict">Verified: every record, every history and the chain of blocks are what the root commits to.</p>`;
  const problems = verified.problems.slice(0, 100).map(({ key, commit, kind, sequence, expected }) => {
    const where = key ?? (commit === null ? kind : `commit ${grouped(commit)}`);
    return `<li>${value(where)}${sequence === null ? '' : `, entry ${grouped(sequence)}`}: expected ${value(expected)}</li>`;
  });
  return `<p class="bad">Damaged: ${count(verified.problems.length, 'problem', 'problems')}.</p><ul>${problems.join('')}</ul>`;
}

/** Takes parts as long as there is room. */
function fitting<T>(items: readonly T[], room: number, render: (item: T) => string): { parts: string[]; used: number } {
  const parts: string[] = [];
  let used = 0;
  for (const item of items) {
    const part = render(item);
    const bytes = Buffer.byteLength(part) + 1;
    if (used + bytes > room) break;
    used += bytes;
    parts.push(part);
  }
  return { parts, used };
}

/** Bytes of the page besides blocks and keys, at most. */
const FRAME_BYTES = 49_152;

/**
 * One self-contained HTML page: no file beside it, nothing is loaded, and no script runs but the one whose hash the page names.
 *
 * @param maximumBytes - of the page in UTF-8, at least 65,536. What does not fit is left out, oldest blocks and untouched keys first, and counted.
 */
export function renderView(view: View, maximumBytes: number): RenderedView {
  const places = new Places(view.blocks, view.keys);
  const room = maximumBytes - FRAME_BYTES;
  const blocks = fitting(view.blocks, Math.floor(room * 0.6), (block) => blockPart(block, places));
  const keys = fitting(view.keys, room - blocks.used, (key) => keyPart(key, places));
  const blocksLeftOut = view.blocksLeftOut + view.blocks.length - blocks.parts.length;
  const keysLeftOut = view.keysLeftOut + view.keys.length - keys.parts.length;
  const leftOut =
    blocksLeftOut + keysLeftOut === 0
      ? ''
      : `<p>Left out to keep the page small: ${count(blocksLeftOut, 'older block', 'older blocks')}, ${count(keysLeftOut, 'key', 'keys')}. <code>commute rho history</code> shows them.</p>`;
  const hash = createHash('sha256').update(SCRIPT).digest('base64');
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>History of a store</title>
<style>${STYLE}</style>
</head>
<body>
<a class="skip" href="#blocks">Skip to the blocks</a>
<header>
<h1>History of a store</h1>
${verdict(view.verified)}
<dl><dt>store</dt><dd>${value(view.store)}</dd><dt>state root</dt><dd class="hash">${view.root}</dd><dt>on this page</dt><dd>${count(blocks.parts.length, 'block', 'blocks')}, ${count(keys.parts.length, 'key', 'keys')}, at most ${grouped(view.limit)} entries of a key and reductions of a block</dd></dl>
${leftOut}
<nav aria-label="Parts of the page"><a href="#blocks">Blocks</a> · <a href="#keys">Keys</a></nav>
</header>
<main>
<section id="blocks" aria-label="Blocks">
<h2>Blocks, newest first</h2>
${blocks.parts.join('\n')}
</section>
<section id="keys" aria-label="Keys">
<h2>Keys</h2>
<p hidden><label>Show keys with <input id="filter" type="search" autocomplete="off"></label></p>
${keys.parts.join('\n')}
</section>
</main>
<script>${SCRIPT}</script>
</body>
</html>
`;
  return { html, blocks: blocks.parts.length, keys: keys.parts.length, blocksLeftOut, keysLeftOut };
}
