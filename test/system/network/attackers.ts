// Run by main.ts in a process of its own: opens slow connections, sends a byte a second on each, and tells when they end.
import { setTimeout as sleep } from 'node:timers/promises';
import { SlowClient, type Slowness } from '../../helpers/api/slow-clients.ts';

const KINDS: readonly Slowness[] = ['silence', 'headers', 'body', 'chunks'];
const DRIP_MS = 1_000;
/** Connections that are opened at a time, so that the backlog of the listening socket holds them. */
const STEP = 200;

const [port, count, limitMs] = process.argv.slice(2).map(Number) as [number, number, number];

const clients: { kind: Slowness; client: SlowClient; openedAt: number; closedAt: number | undefined }[] = [];
const drip = setInterval(() => {
  for (const { client } of clients) client.drip();
}, DRIP_MS);

for (let opened = 0; opened < count; opened += 1) {
  const kind = KINDS[opened % KINDS.length] ?? 'silence';
  const one = {
    kind,
    client: new SlowClient(port, kind),
    openedAt: performance.now(),
    closedAt: undefined as number | undefined,
  };
  one.client.socket.once('close', () => {
    one.closedAt = performance.now();
  });
  clients.push(one);
  if (opened % STEP === STEP - 1)
    await Promise.all(clients.slice(-STEP).map(({ client }) => client.connected));
}
// What is connected may still wait to be accepted.
await sleep(DRIP_MS);
console.log('open');

const deadline = performance.now() + limitMs;
while (clients.some(({ closedAt }) => closedAt === undefined) && performance.now() < deadline)
  await sleep(100);
clearInterval(drip);

const lasted = KINDS.map((kind) => {
  const times = clients
    .filter((one) => one.kind === kind)
    .map(({ openedAt, closedAt }) => (closedAt ?? Number.POSITIVE_INFINITY) - openedAt);
  return `${kind} ${(Math.max(...times) / 1_000).toFixed(1)} s`;
});
const left = clients.filter(({ closedAt }) => closedAt === undefined).length;
const told = clients.filter(({ client }) => client.received.startsWith('HTTP/1.1 408')).length;
console.log(JSON.stringify({ left, told, lasted }));
process.exit(0);
