import { existsSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';
import { docsPages } from '../openapi/docs-pages.ts';
import { anchorOf } from '../openapi/markdown.ts';
import { type Schema, valueText } from '../openapi/schema-text.ts';
import { blocksOf } from './helpers/local/doc-commands.ts';
import { filesInProject, PAGES, pathInProject, readInProject as read } from './helpers/local/pages.ts';

const withoutCode = (text: string): string => text.replaceAll(/^```[\s\S]*?^```/gm, '');

/** The anchors of a page, as GitHub makes them. */
const anchorsOf = (file: string): string[] =>
  [...withoutCode(read(file)).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) => anchorOf(heading));

/** Where a page's links lead, those to other sites left out. */
const linksOf = (file: string): string[] =>
  [...withoutCode(read(file)).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target));

const FOLDERS = 'src|routes|workers|openapi|test|docs|bench|scripts|examples|deploy';
const PATH = new RegExp(`\`((?:${FOLDERS})/[\\w./-]*)\``, 'g');
const ARGUMENT = new RegExp(` ((?:${FOLDERS})/[\\w./-]*)`, 'g');
/**
 * Files and folders of the repository that a page names in code type, or as an argument of a command; a path with `<name>`
 * in it stands for many.
 */
function pathsOf(file: string): string[] {
  const page = read(file);
  const commands = blocksOf(page).filter(({ language }) => language === 'sh');
  const named = [
    ...withoutCode(page).matchAll(PATH),
    ...commands.flatMap(({ text }) => [...text.matchAll(ARGUMENT)]),
  ];
  return named.map(([, path = '']) => path);
}

/** Every schema in a part of the OpenAPI document that may be of several types. */
function schemasOf(part: unknown): Schema[] {
  if (typeof part !== 'object' || part === null) return [];
  const own = 'type' in part && Array.isArray(part.type) ? [part as Schema] : [];
  return [...own, ...Object.values(part).flatMap(schemasOf)];
}

/** Files whose comments and texts name pages. */
const CODE_WITH_PAGES = ['*.ts', '*.mjs', '*.py', '*.yml', '*.yaml', '*Dockerfile', 'src/README.md'];

describe('the pages for people', () => {
  it('that are generated are what the code says: run npm run docs', async () => {
    for (const [name, text] of Object.entries(await docsPages())) expect(read(name)).toBe(text);
  });

  it('call a value a duration only where it takes a unit', () => {
    const schemas = schemasOf(JSON.parse(read('openapi/openapi.json')));
    const durations = schemas.filter((schema) => valueText(schema).includes('duration'));
    expect(durations.length).toBeGreaterThan(10);
    expect(durations.filter(({ pattern }) => pattern?.includes('(ms|s|m|h|d)') !== true)).toEqual([]);
    expect(read('docs/reference/api.md')).toContain(
      '| `attempts` | body | integer, 1 to 100, or `unlimited` |',
    );
  });

  it.each(PAGES)('%s links to what is there', (file) => {
    for (const link of linksOf(file)) {
      const [path = '', anchor] = link.split('#');
      const target = path === '' ? file : normalize(join(dirname(file), path));
      expect(existsSync(pathInProject(target)), `${file} links to ${link}`).toBe(true);
      if (anchor !== undefined) expect(anchorsOf(target), `${file} links to ${link}`).toContain(anchor);
    }
  });

  it.each(PAGES)('%s names paths that are there', (file) => {
    const missing = pathsOf(file).filter((path) => !existsSync(pathInProject(path)));
    expect(missing).toEqual([]);
  });

  it('are there when comments of the code name them', () => {
    for (const file of CODE_WITH_PAGES.flatMap(filesInProject)) {
      for (const [page] of read(file).matchAll(/docs\/[\w/-]+\.md/g)) {
        expect(existsSync(pathInProject(page)), `${file} names ${page}`).toBe(true);
      }
    }
  });

  it('of docs are all listed in docs/README.md, and the README leads there', () => {
    const listed = linksOf('docs/README.md').map((link) => join('docs', link));
    const pages = PAGES.filter((page) => /^docs\/(?!README|decisions)/.test(page));
    expect(pages.filter((page) => !listed.includes(page))).toEqual([]);
    expect(linksOf('README.md')).toContain('docs/README.md');
  });

  it('of docs are all linked by llms.txt, which links to what is there', () => {
    const linked = linksOf('llms.txt');
    expect(linked.filter((link) => !existsSync(pathInProject(link)))).toEqual([]);
    expect(
      PAGES.filter((page) => /^docs\/(?!README|decisions)/.test(page) && !linked.includes(page)),
    ).toEqual([]);
  });

  it('README.md fits on one screen of 60 lines', () => {
    expect(read('README.md').split('\n').length).toBeLessThanOrEqual(61);
  });
});
