import { grouped } from './terminal.ts';

/** A labelled value of a report. */
export interface ReportRow {
  readonly label: string;
  readonly value: string;
}

/** A part of a report: rows, and perhaps a chart of one value for each chunk of the work. */
export interface ReportSection {
  readonly title: string;
  /** A sentence or two that say what was done. */
  readonly text: string;
  readonly rows: readonly ReportRow[];
  readonly chart?: ReportChart;
}

/** Bars, from left to right. */
export interface ReportChart {
  readonly title: string;
  /** Unit of the values, such as `steps per second`. */
  readonly unit: string;
  readonly values: readonly { readonly label: string; readonly value: number }[];
}

/** A whole report. */
export interface Report {
  readonly title: string;
  /** The verdict in one line. */
  readonly verdict: string;
  readonly agreed: boolean;
  readonly sections: readonly ReportSection[];
  /** Where and with what this was made. */
  readonly footer: string;
}

/** One self-contained HTML page: no script, no file beside it, readable in light and dark. */
export function renderReport(report: Report): string {
  const sections = report.sections.map(
    (section) => `<section>
<h2>${escapeHtml(section.title)}</h2>
<p>${escapeHtml(section.text)}</p>
<table><tbody>
${section.rows.map(({ label, value }) => `<tr><th scope="row">${escapeHtml(label)}</th><td>${escapeHtml(value)}</td></tr>`).join('\n')}
</tbody></table>
${section.chart === undefined ? '' : renderChart(section.chart)}
</section>`,
  );
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(report.title)}</title>
<style>
:root { color-scheme: light dark; --ink: #1b1f24; --faint: #667; --paper: #fff; --line: #d8dce2; --bar: #3566c8; --good: #1a7f4b; --bad: #b3261e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8eaee; --faint: #9aa3b0; --paper: #15181d; --line: #333a45; --bar: #7aa2f7; --good: #5fce97; --bad: #ff8a80; } }
body { margin: 0 auto; max-width: 56rem; padding: 2rem 1rem 4rem; background: var(--paper); color: var(--ink); font: 1rem/1.5 system-ui, sans-serif; }
h1 { font-size: 1.6rem; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2.2rem 0 .3rem; }
p { margin: .3rem 0 .8rem; }
.verdict { font-size: 1.15rem; font-weight: 600; color: var(--good); }
.verdict.bad { color: var(--bad); }
table { border-collapse: collapse; width: 100%; font-size: .95rem; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line); font-weight: 400; }
th { color: var(--faint); width: 16rem; }
td { font-variant-numeric: tabular-nums; overflow-wrap: anywhere; }
figure { margin: 1.2rem 0 0; } figcaption, footer { color: var(--faint); font-size: .85rem; }
svg { display: block; width: 100%; height: auto; } svg rect { fill: var(--bar); } svg text { fill: var(--faint); font-size: 11px; }
footer { margin-top: 3rem; }
</style>
</head>
<body>
<h1>${escapeHtml(report.title)}</h1>
<p class="verdict${report.agreed ? '' : ' bad'}">${escapeHtml(report.verdict)}</p>
${sections.join('\n')}
<footer>${escapeHtml(report.footer)}</footer>
</body>
</html>
`;
}

function renderChart({ title, unit, values }: ReportChart): string {
  if (values.length === 0) return '';
  const width = 860;
  const height = 160;
  const top = Math.max(...values.map(({ value }) => value), 1e-9);
  const step = width / values.length;
  const bars = values.map(({ label, value }, i) => {
    const barHeight = Math.max(1, (value / top) * height);
    const x = (i * step).toFixed(1);
    const bar = Math.max(1, step - Math.min(2, step / 4)).toFixed(1);
    return `<rect x="${x}" y="${(height - barHeight + 16).toFixed(1)}" width="${bar}" height="${barHeight.toFixed(1)}"><title>${escapeHtml(label)}: ${escapeHtml(grouped(Math.round(value)))} ${escapeHtml(unit)}</title></rect>`;
  });
  return `<figure>
<svg viewBox="0 0 ${width.toString()} ${(height + 34).toString()}" role="img" aria-label="${escapeHtml(title)}">
<text x="0" y="10">${escapeHtml(grouped(Math.round(top)))} ${escapeHtml(unit)}</text>
${bars.join('\n')}
<text x="0" y="${(height + 30).toString()}">${escapeHtml(values[0]?.label ?? '')}</text>
<text x="${width.toString()}" y="${(height + 30).toString()}" text-anchor="end">${escapeHtml(values.at(-1)?.label ?? '')}</text>
</svg>
<figcaption>${escapeHtml(title)}</figcaption>
</figure>`;
}

/** Text that stands for itself in HTML, in content and in quoted attributes. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0).toString()};`);
}
