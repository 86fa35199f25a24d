import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The files that the page names itself. The others are loaded by these. */
const ENTRIES = { SCRIPT: 'src/main.tsx', STYLE: 'src/style/main.css', ICON: 'icon.svg' };

/** Makes `dist/dashboard` of `dashboard/`: one page, and files whose names change with their content. */
export async function buildDashboard(root) {
  // A fresh clone has no packages when this file is loaded.
  const { build } = await import('esbuild');
  const source = join(root, 'dashboard');
  const target = join(root, 'dist', 'dashboard');
  const assets = join(target, 'assets');
  const { metafile } = await build({
    absWorkingDir: source,
    entryPoints: Object.values(ENTRIES),
    outdir: assets,
    entryNames: '[name]-[hash]',
    chunkNames: '[name]-[hash]',
    assetNames: '[name]-[hash]',
    loader: { '.svg': 'copy' },
    bundle: true,
    splitting: true,
    format: 'esm',
    target: ['chrome114', 'firefox115', 'safari16.4'],
    jsx: 'automatic',
    jsxImportSource: 'preact',
    minify: true,
    legalComments: 'none',
    metafile: true,
    logLevel: 'warning',
  });
  const made = new Map(
    Object.entries(metafile.outputs).map(([path, { entryPoint }]) => [entryPoint ?? path, basename(path)]),
  );
  let page = readFileSync(join(source, 'index.html'), 'utf8');
  for (const [name, entry] of Object.entries(ENTRIES))
    page = page.replaceAll(`%${name}%`, made.get(entry) ?? '');
  mkdirSync(target, { recursive: true });
  writeFileSync(join(target, 'index.html'), page);
  removeOthers(assets, new Set(Object.keys(metafile.outputs).map((path) => basename(path))));
}

/** Files of earlier builds would be shipped, too. */
function removeOthers(folder, names) {
  for (const name of existsSync(folder) ? readdirSync(folder) : []) {
    if (!names.has(name)) rmSync(join(folder, name), { recursive: true });
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await buildDashboard(fileURLToPath(new URL('..', import.meta.url)));
}
