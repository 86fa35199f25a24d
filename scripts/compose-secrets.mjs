// Makes the passwords and the first key of docker-compose.yml at its first start, and keeps them. Each folder is a volume
// that only those services mount that need it. The ACL file is written at each start: a release may use other commands.
import { createHash, randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { loadConfig } from '../dist/src/config.js';
import { aclRules } from '../dist/src/redis/acl/acl-rules.js';

const root = process.argv[2] ?? '/run/millrace';
const OWNER_ONLY = 0o400;
/** Redis runs as another user. */
const ALL_OF_CONTAINER = 0o444;

/** A file is there as a whole or not at all, whenever this process is killed. */
function write(file, text, mode) {
  const unfinished = `${file}.new`;
  writeFileSync(unfinished, `${text}\n`, { mode });
  renameSync(unfinished, file);
}

function keep(file, make, mode) {
  if (!existsSync(file)) write(file, make(), mode);
  return readFileSync(file, 'utf8').trim();
}

const secret = () => randomBytes(32).toString('base64url');
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

keep(join(root, 'api', 'admin-key'), secret, OWNER_ONLY);
const url = keep(
  join(root, 'client', 'redis-url'),
  () => `redis://millrace:${secret()}@redis:6379`,
  OWNER_ONLY,
);
const operator = keep(join(root, 'redis', 'operator-password'), secret, ALL_OF_CONTAINER);
const acl = [
  // Nobody can be `default`, but Redis loads its append-only file as this user, and leaves out what the user may not do.
  'user default reset off ~* &* +@all',
  `user millrace on #${sha256(new URL(url).password)} ${aclRules(loadConfig().prefix)}`,
  `user operator on #${sha256(operator)} ~* &* +@all`,
];
write(join(root, 'redis', 'users.acl'), acl.join('\n'), ALL_OF_CONTAINER);
