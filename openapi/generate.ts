import { writeFile } from 'node:fs/promises';
import { describeApi } from './describe.ts';

/** Where to write the document. */
const target = new URL('./openapi.json', import.meta.url);
await writeFile(target, await describeApi());
