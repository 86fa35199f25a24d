// Usage: npm pack. Makes what the package consists of: the compiled program, and the types of what it exports.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ensureBuild } from './build.mjs';
import { makeTypes } from './types.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));

await ensureBuild(root);
await makeTypes(root, exports);
