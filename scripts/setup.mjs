// Usage: node scripts/setup.mjs demo | start | doctor [arguments] | test | test:cluster | test:sentinel | chaos [arguments] | bench [arguments] | durability | memory | backlog | network
// Works from a fresh clone with Node alone: installs and builds what is missing, then runs what was asked for.
// This file keeps to a syntax that an old Node understands, so that it can say that it is too old.
const needed = [20, 19];
const found = process.versions.node.split('.').map(Number);

if (found[0] < needed[0] || (found[0] === needed[0] && found[1] < needed[1])) {
  console.error(
    'Millrace needs Node ' +
      needed.join('.') +
      ' or newer; this is ' +
      process.version +
      '. Install one from https://nodejs.org.',
  );
  process.exitCode = 1;
} else {
  import('./run.mjs').then((module) => module.run(process.argv[2], process.argv.slice(3)));
}
