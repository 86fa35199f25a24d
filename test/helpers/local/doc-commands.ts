/** A fenced block of a page. */
export interface Block {
  readonly language: string;
  readonly text: string;
}

/** How the test treats a command of a page. */
export type CommandKind =
  /** Starts the service and stays: later requests go to it. */
  | 'service'
  /** Ends by itself, with exit code 0. */
  | 'run'
  /** Asks the service, which must answer with a 2xx. */
  | 'request'
  /** Asks the service, and prints until it is interrupted. */
  | 'stream'
  /** A worker beside the service: stays until the page ends. */
  | 'worker'
  /** Takes too long here, or the CI and another test run it already; what it names must exist. */
  | 'named';

const KINDS: readonly (readonly [CommandKind, RegExp])[] = [
  ['service', /^([A-Z_]+=\S+ )*(npm start|npx millrace dev)$/],
  ['stream', /^(curl -sN .*|npx millrace tail( (?!--count)\S+)*)$/],
  ['request', /(^|\| |^for .*; do )curl -s\w* .*$/],
  [
    'worker',
    /^(\S*python3? -m millrace work .*|QUEUES=\S+ (ruby -r\.\/\w+\.rb )?examples\/workers\/worker\.\w+)$/,
  ],
  [
    'run',
    /^(npm run demo|(python3|\.venv\/bin\/python) \w+\.py|node \w+\.mjs|node --test|ruby \w+\.rb|\w+=\$\(jq .*|python3 -m venv .*|\.venv\/bin\/pip install .*)$|^npx millrace (submit|get|jobs|queues|tail|dead|schedules) ?.*$/,
  ],
  [
    'named',
    /^(npm (ci|test|pack( --silent)?)|npm i \S+\.tgz|npm run (build|lint|format|typecheck|docs|openapi|chaos|bench|durability|memory|doctor|test:cluster|test:sentinel))( -- .*)?$|^mkdir \S+ && cd \S+$|^npm run --silent sbom > sbom\.json$|^npm audit --omit=dev$|^(node from-bullmq\.mjs|python3 from_celery\.py|ruby from_sidekiq\.rb) .*$|^docker compose .*$|^python3 -m pip install \.\/clients\/python$|^kubectl apply -k deploy\/kubernetes$|^\.ci\/run$/,
  ],
];

/** The kind of a command, or undefined when no test knows what to do with it. */
export const kindOf = (command: string): CommandKind | undefined =>
  KINDS.find(([, pattern]) => pattern.test(command))?.[0];

/** The fenced blocks of a page in their order. */
export const blocksOf = (page: string): Block[] =>
  [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```/gm)].map(([, language = '', text = '']) => ({
    language,
    text: text.trim(),
  }));

/** The file that a block is to be written to: its first line is a comment with the path. */
export const fileOf = ({ text }: Block): string | undefined =>
  /^\/\/ (tasks\/\S+|[\w.]+\.mjs)$/m.exec(text)?.[1] ?? /^# (\w+\.(?:py|rb))\n/.exec(text)?.[1];
