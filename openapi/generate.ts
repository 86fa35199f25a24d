import { writeFile } from 'node:fs/promises';
import { clientTypes } from './client-types.ts';
import { describeApi } from './describe.ts';

/** `npm run openapi`: writes the document, and the types that the client has of it. */
const text = await describeApi();
await writeFile(new URL('./openapi.json', import.meta.url), text);
await writeFile(
  new URL('../src/client/types/api.generated.ts', import.meta.url),
  clientTypes(JSON.parse(text)),
);
