import { cpus } from 'node:os';
import type { CheckedRun, CheckCommandReport } from './commands/check.ts';
import { describeDifference } from './commands/check.ts';
import { renderReport, type ReportChart, type ReportRow } from './report.ts';
import { duration, grouped, size } from './terminal.ts';

/** What the report says besides what was measured. */
export interface CheckReportSubject {
  /** Names as the user gave them. */
  readonly program: string;
  readonly input: string | undefined;
  readonly programBytes: number;
  readonly inputBytes: number;
}

/** The HTML report of a checked run. */
export function renderCheckReport(subject: CheckReportSubject, checked: CheckedRun): string {
  const { report } = checked;
  return renderReport({
    title: `Commute: ${subject.program}`,
    verdict: report.difference === null ? 'Both machines agree on every step.' : describeDifference(report.difference),
    agreed: report.agreed,
    sections: [
      {
        title: 'What was run',
        text: 'The program ran on the fast machine, an RV64IMAC interpreter, and left a snapshot of its whole state at regular intervals.',
        rows: runRows(subject, checked),
      },
      {
        title: 'What was checked',
        text:
          `From each snapshot on, every single step was done again: once by the fast machine, once by 2^${report.log2MicroSteps.toString()} steps of the micro machine, ` +
          'which runs an independent interpreter written in C and then cleans its own state. After each step all words that either of them touched were compared.',
        rows: checkRows(report),
        chart: rateChart(checked),
      },
      {
        title: 'What follows',
        text:
          'Each step of the micro machine can be verified from a proof of a few kilobytes against the state root, by anyone, without the machine. ' +
          'So whoever disputes this run can be answered down to one such step: commute dispute shows it.',
        rows: [
          { label: 'State root at the end', value: report.run.stateRoot },
          { label: 'Hash of the state tree', value: report.run.hash },
        ],
      },
    ],
    footer: `Node ${process.version}, ${process.platform} ${process.arch}, ${cpus()[0]?.model ?? 'unknown processor'}, ${cpus().length.toString()} processors.`,
  });
}

function runRows(
  { program, input, programBytes, inputBytes }: CheckReportSubject,
  { report, output }: CheckedRun,
): ReportRow[] {
  const { run } = report;
  const text = new TextDecoder().decode(output.subarray(0, 400)).trimEnd();
  return [
    { label: 'Program', value: `${program} (${size(programBytes)})` },
    { label: 'Input', value: input === undefined ? 'none' : `${input} (${size(inputBytes)})` },
    { label: 'Output', value: `${text}${output.length > 400 ? ' …' : ''} (${size(output.length)})` },
    { label: 'Exit code', value: run.exitCode === null ? 'none: it did not exit' : run.exitCode.toString() },
    { label: 'Instructions', value: grouped(run.instructions) },
    {
      label: 'Time',
      value: `${duration(run.seconds * 1000)}, ${grouped(Math.round(run.instructions / Math.max(run.seconds, 1e-6)))} instructions per second`,
    },
    { label: 'Snapshots', value: grouped(report.snapshots) },
  ];
}

function checkRows(report: CheckCommandReport): ReportRow[] {
  const rows: ReportRow[] = [
    { label: 'Steps on which both agree', value: grouped(report.steps) },
    {
      label: 'First difference',
      value: report.difference === null ? 'none' : describeDifference(report.difference),
    },
    { label: 'Time', value: `${duration(report.seconds * 1000)} with ${report.workers.toString()} workers` },
    {
      label: 'Rate',
      value: `${grouped(report.stepsPerSecond)} steps per second, ${grouped(report.stepsPerSecondAndWorker)} for each worker`,
    },
  ];
  if (report.microSteps !== null && report.microStepsPerStep !== null) {
    rows.push({
      label: 'Micro-steps executed',
      value: `${grouped(report.microSteps)}, ${report.microStepsPerStep.toFixed(1)} for each step`,
    });
  }
  for (const { firstStep, steps, reason } of report.redone) {
    rows.push({ label: 'Checked again', value: `${grouped(steps)} steps from ${grouped(firstStep)} on: ${reason}` });
  }
  return rows;
}

/** At most this many bars. */
const BARS = 120;

function rateChart({ samples }: CheckedRun): ReportChart {
  const every = Math.max(1, Math.ceil((samples.length - 1) / BARS));
  const chosen = samples.filter((_, i) => i % every === 0 || i === samples.length - 1);
  const values = chosen.slice(1).map((sample, i) => {
    const before = chosen[i] ?? { steps: 0, seconds: 0 };
    return {
      label: `${sample.seconds.toFixed(1)} s`,
      value: Math.max(0, sample.steps - before.steps) / Math.max(sample.seconds - before.seconds, 1e-3),
    };
  });
  return { title: 'Steps checked per second, over time', unit: 'steps per second', values };
}
