import { writeFile } from 'node:fs/promises';
import { docsPages } from './docs-pages.ts';

/** `npm run docs`: writes the pages that are made from the code, and llms.txt. */
for (const [name, text] of Object.entries(await docsPages())) {
  await writeFile(new URL(`../${name}`, import.meta.url), text);
}
