import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

/**
 * Size of everything that importing `specifier` loads, its dependencies included, bundled and minified.
 *
 * @param folder - folder from which the specifier resolves.
 * @returns bytes after gzip.
 */
export async function bundledSize(folder: string, specifier: string): Promise<number> {
  const entry = path.join(folder, 'entry.js');
  const bundle = await rolldown({
    input: 'entry',
    cwd: folder,
    platform: 'browser',
    // What cannot be resolved is missing from the size.
    onLog: (level, log) => {
      if (level === 'warn') throw new Error(log.message);
    },
    plugins: [
      {
        name: 'entry',
        resolveId: (id) => (id === 'entry' ? entry : null),
        load: (id) => (id === entry ? `export * from '${specifier}';` : null),
      },
    ],
  });
  const { output } = await bundle.generate({ minify: true, format: 'esm' });
  await bundle.close();
  const code = output.map((each) => (each.type === 'chunk' ? each.code : '')).join('\n');
  return gzipSync(code, { level: 9 }).length;
}
