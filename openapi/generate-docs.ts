import { writeFile } from 'node:fs/promises';
import { docsPages } from './docs-pages.ts';

/** `npm run docs`: writes the pages of `docs` that are made from the code. */
for (const [name, text] of Object.entries(await docsPages())) {
  await writeFile(new URL(`../docs/${name}`, import.meta.url), text);
}
