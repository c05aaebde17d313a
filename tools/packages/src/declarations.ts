import { globSync, readFileSync } from 'node:fs';
import path from 'node:path';
import ts from 'typescript';

/**
 * Finds the type `any` in a declaration file.
 *
 * @returns the lines it stands on, from 1.
 */
export function anyLines(text: string): number[] {
  const file = ts.createSourceFile('file.d.ts', text, ts.ScriptTarget.Latest);
  const lines: number[] = [];
  const visit = (node: ts.Node): void => {
    if (node.kind === ts.SyntaxKind.AnyKeyword)
      lines.push(file.getLineAndCharacterOfPosition(node.getStart(file)).line + 1);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return lines;
}

/** Where the built declarations of a package say `any`, one message each; also if there are no declarations at all. */
export function anyInDeclarations(folder: string): string[] {
  const files = globSync('dist/**/*.d.ts', { cwd: folder });
  if (files.length === 0) return ['dist: expected declaration files, got none'];
  return files
    .sort()
    .flatMap((file) =>
      anyLines(readFileSync(path.join(folder, file), 'utf8')).map(
        (line) => `${file}:${String(line)}: any in a published type`,
      ),
    );
}
