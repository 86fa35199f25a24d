// Usage: npm run memory
// Tells what jobs cost in Redis while they are there, for several sizes of stream nodes, and what is left when
// they are gone. Exits with 1 if that is too much.
import { measureGrowth } from './growth.ts';
import { measureNodes, SETTINGS } from './nodes.ts';

if (!(await measureGrowth())) process.exitCode = 1;

console.log(
  '\n| entries, bytes of a node | B per queued job | B per retrying job | of it its error and due time |',
);
console.log('|---|---|---|---|');
for (const [entries, bytes] of SETTINGS) {
  const { queued, retrying, note } = await measureNodes(entries, bytes);
  console.log(`| ${entries}, ${bytes} | ${queued.toFixed()} | ${retrying.toFixed()} | ${note.toFixed()} |`);
}
