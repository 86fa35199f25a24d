import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { AppError } from '../../errors.ts';

/** What a browser of the page may load: nothing of another host, no inline script, no inline style. */
export const DASHBOARD_POLICY = [
  "default-src 'self'",
  "base-uri 'self'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
};

/** A file of the dashboard, as it is sent. */
export interface Asset {
  readonly type: string;
  readonly body: Buffer;
  readonly gzipped: Buffer;
}

/** Beside `src` in a clone, beside `dist/src` when built. */
const FOLDERS = ['../../../dist/dashboard/', '../../../dashboard/'].map(
  (path) => new URL(path, import.meta.url),
);

/** The files that `npm run build` makes of `dashboard/`. They are few and small, so they stay in memory. */
export class DashboardFiles {
  readonly #page: readonly [before: string, after: string];
  readonly #assets: ReadonlyMap<string, Asset>;

  /** @param folder with `index.html` and `assets/`. */
  constructor(folder: URL) {
    const [before = '', after = ''] = readFileSync(new URL('index.html', folder), 'utf8').split(
      '<base href="./">',
    );
    this.#page = [before, after];
    const assets = new URL('assets/', folder);
    this.#assets = new Map(readdirSync(assets).map((name) => [name, readAsset(new URL(name, assets))]));
  }

  /** @param depth how many folders below `ui/` its address is: its links are relative, as a proxy may add a prefix. */
  page(depth: number): string {
    const [before, after] = this.#page;
    return `${before}<base href="./${'../'.repeat(depth)}">${after}`;
  }

  /** @throws {AppError} route-not-found. */
  asset(name: string): Asset {
    const asset = this.#assets.get(name);
    if (asset !== undefined) return asset;
    throw new AppError(
      'route-not-found',
      'The dashboard has no such file. Reload the page: there may be a newer release.',
    );
  }
}

function readAsset(file: URL): Asset {
  const body = readFileSync(file);
  return {
    type: TYPES[extname(fileURLToPath(file))] ?? 'application/octet-stream',
    body,
    gzipped: gzipSync(body, { level: 9 }),
  };
}

let files: DashboardFiles | undefined;

/** The dashboard of this release, read at the first request. @throws {AppError} route-not-found where it is not built. */
export function dashboardFiles(): DashboardFiles {
  if (files !== undefined) return files;
  const folder = FOLDERS.find((one) => existsSync(new URL('index.html', one)));
  if (folder === undefined)
    throw new AppError('route-not-found', 'The dashboard is not built. Run: npm run build');
  files = new DashboardFiles(folder);
  return files;
}
