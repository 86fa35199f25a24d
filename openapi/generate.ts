import { writeFile } from 'node:fs/promises';
import { describeApi } from './describe.ts';

/** Writes `openapi.json` beside this file. */
const target = new URL('./openapi.json', import.meta.url);
await writeFile(target, await describeApi());
